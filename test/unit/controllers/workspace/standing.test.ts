import { describe, expect, it } from 'vitest';
import { PLATFORM_AGENT_NAME } from '../../../../src/apis/v1alpha1/names.ts';
import type { Org, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import type { WorkspaceNode } from '../../../../src/controllers/hierarchy-node.ts';
import { assess } from '../../../../src/controllers/workspace/checks.ts';
import { specHash } from '../../../../src/controllers/workspace/desired.ts';
import { planWorkspace } from '../../../../src/controllers/workspace/plan.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { platformAgentID } from '../../../../src/rules/identity.ts';
import { ISOLATED, meta, ORG_UID, org, uidOf, workspace } from '../../../builders/objects.ts';
import { condition, LATER, podOf, running, snapshot, statusOf, templated, volumeOf } from './fixture.ts';

const UID = uidOf('researcher');
const node = (name: string, changes: Partial<WorkspaceNode> = {}): [string, WorkspaceNode] => [
  name,
  { name, isPlatform: name === PLATFORM_AGENT_NAME, isSuspended: false, isGoing: false, ...changes },
];
const below = (parent: string, more: Partial<Workspace['spec']> = {}): Workspace => ({
  ...templated(),
  spec: { ...templated().spec, parentRef: { name: parent }, ...more },
});
const goingOrg = (at: string): Org => org({ metadata: { ...meta('org', ORG_UID), deletionTimestamp: at } });
const contest = (rival: { readonly createdAt: string }, claimedBy?: string): WorkspaceSnapshot['contest'] => ({
  id: UID,
  contenders: [
    { uid: UID, kind: 'Workspace', name: 'acme/researcher', createdAt: '2026-03-01T09:00:00Z' },
    { uid: 'rival', kind: 'Workspace', name: 'beta/rival', ...rival },
  ],
  ...(claimedBy === undefined ? {} : { claimedBy }),
});
const elder = contest({ createdAt: '2026-03-01T08:00:00Z' });
const younger = contest({ createdAt: '2026-03-01T10:00:00Z' });

/** What Ready says of a Workspace without a Pod, and whether one is made. */
function outcome(changes: Partial<WorkspaceSnapshot>) {
  const plan = planWorkspace(snapshot(changes), LATER);
  const { reason, message } = condition(plan, 'Ready') ?? {};
  return { reason, message, pods: plan.writes?.filter(({ resource }) => resource.kind === 'Pod').length ?? 0 };
}

describe('a Workspace that may not start', () => {
  it.each([
    [
      'in an Org that is not isolated yet',
      { org: org({ status: { conditions: [{ ...ISOLATED, status: 'False', message: 'not yet' }] } }) },
      'OrgNotReady',
      'The Org is not ready for agents: not yet',
    ],
    [
      "in an Org whose id is somebody else's",
      {
        org: org({
          status: {
            conditions: [
              ISOLATED,
              { ...ISOLATED, type: 'Ready', status: 'False', reason: 'IDTaken', message: 'whose' },
            ],
          },
        }),
      },
      'OrgNotReady',
      'The Org is not ready for agents: whose',
    ],
    [
      'when its Org was going before it came',
      { org: goingOrg('2026-03-01T09:00:00Z') },
      'OrgDeleting',
      'The Org is being deleted and takes no new Workspaces; use another Org',
    ],
    [
      'below a parent that is going',
      { workspace: below('lead'), ancestors: new Map([node('lead', { isGoing: true })]) },
      'ParentDeleting',
      'Workspace "lead" above it is being deleted and waits for this one; give this one another spec.parentRef, or delete it too',
    ],
    [
      'with the id of an elder one',
      { contest: elder },
      'IDTaken',
      `The id of this Workspace belongs to Workspace beta/rival; delete this Workspace and create it again with another spec.id, which can be given at creation only`,
    ],
  ])('waits %s and says so', (_sentence, changes, reason, message) => {
    expect(outcome(changes)).toEqual({ reason, message, pods: 0 });
  });

  it.each([
    ['as the elder of two with one id', { contest: younger }],
    ['as the holder by the ledger, although younger', { contest: { ...elder, claimedBy: UID } }],
    ['when its Org began to go only later', { org: goingOrg('2026-03-01T09:59:00Z') }],
    [
      'below a platform agent that is being made anew',
      { ancestors: new Map([node(PLATFORM_AGENT_NAME, { isGoing: true })]) },
    ],
    [
      'below a grandparent that is going',
      {
        workspace: below('lead'),
        ancestors: new Map([node('lead', { parentName: 'top' }), node('top', { isGoing: true })]),
      },
    ],
  ])('does not wait %s', (_sentence, changes) => {
    expect(outcome(changes).pods).toBe(1);
  });

  it.each([
    ['OrgNotReady', { org: org({ status: {} }) }],
    ['OrgDeleting', { org: goingOrg('2026-03-01T09:00:00Z') }],
    ['ParentDeleting', { workspace: below('lead'), ancestors: new Map([node('lead', { isGoing: true })]) }],
  ])('runs on when it runs already: %s', (_reason, changes) => {
    const plan = planWorkspace({ ...running(), ...changes }, LATER);
    expect(plan).toMatchObject({ outcome: { kind: 'settled' }, writes: [] });
    expect(plan.deletes ?? []).toEqual([]);
    expect(condition(plan, 'Ready')).toMatchObject({ status: 'True' });
  });

  it('says of an agent that runs that its parent waits for it', () => {
    const ancestors = new Map([node('lead', { isGoing: true })]);
    const plan = planWorkspace({ ...running(), workspace: below('lead'), ancestors }, LATER);
    expect(condition(plan, 'Placed')).toMatchObject({ status: 'True', reason: 'ParentDeleting' });
  });

  it('is stuck, keeps the Pod it has and makes no other, when its id turns out to be taken', () => {
    const base = snapshot();
    const plan = planWorkspace({ ...base, pod: podOf(base), volume: volumeOf(), contest: elder }, LATER);
    expect([plan.deletes ?? [], plan.writes ?? [], plan.claims]).toEqual([[], [], []]);
    expect(condition(plan, 'Stalled')).toMatchObject({ status: 'True', reason: 'IDTaken' });
    expect(plan.outcome.kind).toBe('stalled');
  });

  it('tells the platform agent to look to its Org', () => {
    const rootID = platformAgentID(ORG_UID);
    const root = workspace(PLATFORM_AGENT_NAME, { spec: { kind: 'platform', id: rootID } });
    const [own, rival] = elder.contenders;
    if (own === undefined || rival === undefined) throw new Error('The contest has no contenders');
    const contested = { id: rootID, contenders: [{ ...own, uid: ORG_UID }, rival] };
    expect(outcome({ workspace: root, contest: contested }).message).toBe(
      `The id of this Workspace belongs to Workspace beta/rival; delete the Org and create it again with another spec.orgID, which can be given at creation only`,
    );
    expect(outcome({ workspace: root, contest: { id: rootID, contenders: [{ ...own, uid: ORG_UID }] } }).pods).toBe(1);
  });
});

describe('the claim of a Workspace', () => {
  it.each([
    [
      'is asked for when nobody holds the id',
      younger,
      [{ kind: 'claim', id: UID, holderUID: UID, holderKind: 'Workspace', holder: 'acme/researcher' }],
    ],
    ['names the dead holder that it succeeds', { ...younger, claimedBy: 'gone' }, [{ deadHolderUID: 'gone' }]],
    ['is not asked for again', { ...younger, claimedBy: UID }, []],
    ['is not asked for by the younger one', elder, []],
  ])('%s', (_sentence, claimed, claims) => {
    const plan = planWorkspace({ ...running(), contest: claimed }, LATER);
    expect(plan.claims).toHaveLength(claims.length);
    expect(plan.claims).toMatchObject(claims);
  });
});

describe('a Workspace that is given another parent', () => {
  it('moves in status and keeps its Pod', () => {
    const before = running({}, { workspace: below('a'), ancestors: new Map([node('a')]) });
    const after = {
      ...before,
      workspace: below('c'),
      ancestors: new Map([node('c', { parentName: 'b' }), node('b')]),
    };
    const plan = planWorkspace(after, LATER);
    expect([plan.writes, plan.deletes ?? []]).toEqual([[], []]);
    expect(statusOf(plan)).toMatchObject({ parent: 'c', depth: 3, root: PLATFORM_AGENT_NAME });
  });

  it('has a Pod that does not depend on the place', () => {
    const hashes = ['a', 'b'].map((parent) => {
      const { intent } = assess(snapshot({ workspace: below(parent), ancestors: new Map([node(parent)]) }));
      return intent === undefined ? undefined : specHash(intent);
    });
    expect(hashes[0]).toBeDefined();
    expect(hashes[0]).toBe(hashes[1]);
  });
});

describe('a Workspace below a suspended one', () => {
  const suspended = new Map([node('lead', { parentName: 'top' }), node('top', { isSuspended: true })]);

  it.each([
    ['with nothing said about itself', {}],
    ['although it says itself that it is not', { suspend: false }],
  ])('is suspended as well, %s', (_sentence, more) => {
    const base = running({}, { workspace: below('lead', more), ancestors: new Map([node('lead')]) });
    const plan = planWorkspace({ ...base, ancestors: suspended }, LATER);
    expect(plan.deletes?.map(({ resource }) => resource.kind)).toEqual(['Pod']);
    expect(statusOf(plan)?.phase).toBe('Paused');
    const ended = planWorkspace({ ...base, pod: undefined, ancestors: suspended }, LATER);
    expect(condition(ended, 'Ready')).toMatchObject({
      reason: 'AncestorSuspended',
      message: 'Suspended together with Workspace "top" above it; resume that one first: set its spec.suspend to false',
    });
    expect(ended.writes ?? []).toEqual([]);
  });

  it('names its own suspension first', () => {
    const plan = planWorkspace(snapshot({ workspace: below('lead', { suspend: true }), ancestors: suspended }), LATER);
    expect(condition(plan, 'Ready')).toMatchObject({ reason: 'Suspended' });
  });

  it('is suspended with the whole Org when the platform agent is', () => {
    const ancestors = new Map([node(PLATFORM_AGENT_NAME, { isSuspended: true })]);
    expect(outcome({ ancestors })).toMatchObject({ reason: 'AncestorSuspended', pods: 0 });
  });

  it('starts when that one is resumed', () => {
    const ancestors = new Map([node('lead', { parentName: 'top' }), node('top')]);
    expect(outcome({ workspace: below('lead'), ancestors }).pods).toBe(1);
  });

  it('ends its agent also where its place is broken further up', () => {
    const ancestors = new Map([node('lead', { isSuspended: true, parentName: 'gone' })]);
    const base = running({}, { workspace: below('lead'), ancestors: new Map([node('lead')]) });
    expect(planWorkspace({ ...base, ancestors }, LATER).deletes).toHaveLength(1);
  });
});
