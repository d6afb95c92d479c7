import { describe, expect, it } from 'vitest';
import type { ApprovalRequest, Org, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import {
  BY_ID,
  claimEffects,
  gatherContest,
  type IdentitySources,
  idsAtStake,
  idsOfOrg,
  idsOfWorkspace,
  orgsOf,
  workspacesOf,
} from '../../../src/controllers/identities.ts';
import type { StoreView } from '../../../src/controllers/store-view.ts';
import type { ObjectMeta } from '../../../src/kube/objects.ts';
import { standingOf } from '../../../src/rules/claims.ts';
import { platformAgentID } from '../../../src/rules/identity.ts';
import { approvalRequest, requestStore } from '../../builders/approval-request.ts';
import { meta, org, uidOf, workspace } from '../../builders/objects.ts';

const ORG_ID = '6ba7b811-9dad-41d1-80b4-00c04fd430c8';
const ROOT_ID = platformAgentID(ORG_ID);
const OWN_ID = '5f0f8b9c-52b1-4c40-9a5b-8d1d6a0f4e11';

interface Placed {
  readonly namespace: string;
  /** Hour of its creation. */
  readonly at: string;
}

const metaOf = (name: string, { namespace, at }: Placed): ObjectMeta => ({
  ...meta(name, uidOf(`${namespace}/${name}`)),
  namespace,
  creationTimestamp: `2026-03-01T${at}:00:00Z`,
});
const orgIn = (placed: Placed, orgID?: string): Org =>
  org({ metadata: metaOf('org', placed), spec: orgID === undefined ? {} : { orgID } });
const agentIn = (placed: Placed, spec: Partial<Workspace['spec']> = {}): Workspace =>
  workspace('writer', { metadata: metaOf('writer', placed), spec: { kind: 'workspace', ...spec } });
const rootIn = (placed: Placed): Workspace =>
  workspace('platform-agent', { metadata: metaOf('platform-agent', placed), spec: { kind: 'platform', id: ROOT_ID } });

/** As the stores are indexed: an object may stand under several ids. */
function indexed<T extends Org | Workspace>(
  objects: readonly T[],
  idsOf: (object: T) => readonly string[],
): StoreView<T> {
  return {
    get: () => undefined,
    byIndex: (index, id) => (index === BY_ID ? objects.filter((object) => idsOf(object).includes(id)) : []),
  };
}

function world(objects: {
  readonly orgs?: readonly Org[];
  readonly workspaces?: readonly Workspace[];
  readonly requests?: readonly ApprovalRequest[];
}): IdentitySources {
  return {
    orgs: indexed(objects.orgs ?? [], idsOfOrg),
    workspaces: indexed(objects.workspaces ?? [], idsOfWorkspace),
    approvalRequests: requestStore(...(objects.requests ?? [])),
    holderOf: () => undefined,
  };
}

/** Who keeps an id, for people. */
function keeper(id: string, sources: IdentitySources): string | undefined {
  const contest = gatherContest(id, sources);
  return contest.contenders.find(({ uid }) => standingOf(contest, uid).kind !== 'taken')?.name;
}

const early = { namespace: 'acme', at: '08' };
const late = { namespace: 'beta', at: '09' };

describe('an id', () => {
  it.each([
    [
      'of two Workspaces of different Orgs is the elder one',
      OWN_ID,
      { workspaces: [agentIn(late, { id: OWN_ID }), agentIn(early, { id: OWN_ID })] },
      'acme/writer',
    ],
    [
      'that is the uid of a Workspace is taken by it',
      uidOf('acme/writer'),
      { workspaces: [agentIn(early), agentIn(late, { id: uidOf('acme/writer') })] },
      'acme/writer',
    ],
    ['of two Orgs is the elder one', ORG_ID, { orgs: [orgIn(late, ORG_ID), orgIn(early, ORG_ID)] }, 'acme/org'],
    [
      'that is the uid of an Org is taken by it',
      uidOf('acme/org'),
      { orgs: [orgIn(early), orgIn(late, uidOf('acme/org'))] },
      'acme/org',
    ],
    [
      'of the platform agents of two such Orgs is that of the elder Org',
      ROOT_ID,
      { orgs: [orgIn(late, ORG_ID), orgIn(early, ORG_ID)] },
      'acme/platform-agent',
    ],
    [
      'of a platform agent that does not exist yet is taken already',
      ROOT_ID,
      { orgs: [orgIn(early, ORG_ID)], workspaces: [agentIn(late, { id: ROOT_ID })] },
      'acme/platform-agent',
    ],
    [
      'of a platform agent is as old as its Org, however often it was made anew',
      ROOT_ID,
      { orgs: [orgIn(early, ORG_ID)], workspaces: [rootIn({ ...early, at: '12' }), agentIn(late, { id: ROOT_ID })] },
      'acme/platform-agent',
    ],
    [
      "that a Workspace had before the Org came is not its platform agent's",
      ROOT_ID,
      { orgs: [orgIn(late, ORG_ID)], workspaces: [agentIn(early, { id: ROOT_ID })] },
      'acme/writer',
    ],
    [
      'of an Org and of a Workspace is one of a kind',
      ORG_ID,
      { orgs: [orgIn(early, ORG_ID)], workspaces: [agentIn(late, { id: ORG_ID })] },
      'acme/org',
    ],
  ])('%s', (_sentence, id, objects, name) => {
    expect(keeper(id, world(objects))).toBe(name);
  });

  it("is the holder's by the ledger, as long as that lives", () => {
    const workspaces = [agentIn(early, { id: OWN_ID }), agentIn(late, { id: OWN_ID })];
    const sources = { ...world({ workspaces }), holderOf: () => uidOf('beta/writer') };
    expect(keeper(OWN_ID, sources)).toBe('beta/writer');
    expect(keeper(OWN_ID, { ...sources, holderOf: () => 'gone' })).toBe('acme/writer');
  });

  describe('of one that comes back after a denial', () => {
    const restored = (state: 'Releasing' | 'Restored') =>
      approvalRequest(agentIn(early), { phase: 'Denied', restoration: { state, id: OWN_ID } });
    const rival = agentIn(late, { id: OWN_ID });
    const back = agentIn({ ...early, at: '12' }, { id: OWN_ID });

    it('stays its own while it is gone, and its claim by the ledger with it', () => {
      const sources = {
        ...world({ workspaces: [rival], requests: [restored('Releasing')] }),
        holderOf: () => undefined,
      };
      expect(keeper(OWN_ID, sources)).toBe('acme/writer');
      const claimed = { ...sources, holderOf: () => uidOf('acme/writer') };
      expect(claimEffects(gatherContest(OWN_ID, claimed), uidOf('beta/writer'))).toEqual([]);
    });

    it.each(['Releasing', 'Restored'] as const)('is its own once it is back, young as it is: %s', (state) => {
      const returned = { ...back, metadata: { ...back.metadata, uid: 'new' } };
      const sources = {
        ...world({ workspaces: [rival, returned], requests: [restored(state)] }),
        holderOf: () => uidOf('acme/writer'),
      };
      expect(keeper(OWN_ID, sources)).toBe('acme/writer');
      expect(claimEffects(gatherContest(OWN_ID, sources), 'new')).toMatchObject([
        { holderUID: 'new', holder: 'acme/writer', deadHolderUID: uidOf('acme/writer') },
      ]);
    });

    it('is not his who never held it, though the holder came back as well', () => {
      const thief = approvalRequest(agentIn(late), { phase: 'Denied', restoration: { state: 'Restored', id: OWN_ID } });
      const returned = { ...back, metadata: { ...back.metadata, uid: 'zzz' } };
      const sources = {
        ...world({ workspaces: [rival, returned], requests: [restored('Restored'), thief] }),
        holderOf: () => uidOf('acme/writer'),
      };
      expect(keeper(OWN_ID, sources)).toBe('acme/writer');
      expect(claimEffects(gatherContest(OWN_ID, sources), rival.metadata.uid ?? '')).toEqual([]);
    });

    it('is anybody’s when it did not come back', () => {
      expect(keeper(OWN_ID, world({ workspaces: [rival], requests: [restored('Restored')] }))).toBe('beta/writer');
    });

    it('is kept for an Org, and for its platform agent', () => {
      const request = approvalRequest(orgIn(early), {
        phase: 'Denied',
        restoration: { state: 'Releasing', id: ORG_ID },
      });
      const sources = world({ orgs: [orgIn(late, ORG_ID)], requests: [request] });
      expect([keeper(ORG_ID, sources), keeper(ROOT_ID, sources)]).toEqual(['acme/org', 'acme/platform-agent']);
    });
  });

  it('comes back with the status of an object that was made anew', () => {
    const came = { ...agentIn(early), status: {} };
    const whole = { ...came, status: { id: OWN_ID } };
    expect(idsOfWorkspace(whole)).toEqual([OWN_ID]);
    expect(idsAtStake(came, whole, idsOfWorkspace)).toEqual([uidOf('acme/writer'), OWN_ID]);
    expect(idsOfOrg({ ...orgIn(early), status: { orgID: ORG_ID } })).toEqual([ORG_ID, ROOT_ID]);
    expect(idsOfOrg({ ...orgIn(early, OWN_ID), status: { orgID: ORG_ID } })[0]).toBe(OWN_ID);
  });

  it('is claimed for the elder alone', () => {
    const workspaces = [agentIn(early, { id: OWN_ID }), agentIn(late, { id: OWN_ID })];
    const contest = gatherContest(OWN_ID, world({ workspaces }));
    expect(claimEffects(contest, uidOf('acme/writer'))).toEqual([
      { kind: 'claim', id: OWN_ID, holderUID: uidOf('acme/writer'), holderKind: 'Workspace', holder: 'acme/writer' },
    ]);
    expect(claimEffects(contest, uidOf('beta/writer'))).toEqual([]);
  });
});

describe('whoever comes or goes', () => {
  const sources = world({
    orgs: [orgIn(early, ORG_ID), orgIn(late, ORG_ID)],
    workspaces: [agentIn(late, { id: ROOT_ID })],
  });

  it('wakes all that want the same ids', () => {
    const ids = idsAtStake(undefined, orgIn(early, ORG_ID), idsOfOrg);
    expect(new Set(orgsOf(ids, sources).map(({ namespace }) => namespace))).toEqual(new Set(['acme', 'beta']));
    expect(new Set(workspacesOf(ids, sources).map(({ namespace, name }) => `${namespace}/${name}`))).toEqual(
      new Set(['acme/platform-agent', 'beta/platform-agent', 'beta/writer']),
    );
  });

  it('wakes nobody when it only changes', () => {
    const before = agentIn(late, { id: ROOT_ID });
    expect(idsAtStake(before, { ...before, status: { depth: 1 } }, idsOfWorkspace)).toEqual([]);
  });
});
