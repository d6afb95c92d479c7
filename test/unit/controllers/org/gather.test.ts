import { describe, expect, it } from 'vitest';
import type { ApprovalRequest, Org, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { gatherOrg, type OrgSources } from '../../../../src/controllers/org/gather.ts';
import { BY_NAMESPACE } from '../../../../src/controllers/stores.ts';
import { approvalRequest, CLEAR, consumedRequest, HASH, requestStore } from '../../../builders/approval-request.ts';
import { fakeStore } from '../../../builders/fake-store.ts';
import { meta, NAMESPACE, ORG_UID, org, uidOf, workspace } from '../../../builders/objects.ts';

function gather(
  object: Org,
  requests: readonly ApprovalRequest[] = [],
  changes: Partial<OrgSources> & { readonly root?: Workspace } = {},
) {
  const { root, ...others } = changes;
  return gatherOrg(
    { namespace: NAMESPACE, name: 'org' },
    {
      orgs: fakeStore([object]),
      workspaces: fakeStore(root === undefined ? [] : [root]),
      networkPolicies: fakeStore([]),
      serviceAccounts: fakeStore([]),
      approvalRequests: requestStore(...requests),
      clearance: { current: () => CLEAR },
      holderOf: () => undefined,
      settings: { assetServerURL: 'http://assets:8443', assetServerPort: 8443 },
      ...others,
    },
  );
}

const going = org({ metadata: { ...meta('org', ORG_UID), deletionTimestamp: '2026-03-01T09:59:00Z' } });
const known = org({ status: { orgID: uidOf('id') } });
const root = workspace('platform-agent', { spec: { kind: 'platform' } });
const denied = (target: Org | Workspace, state: 'Releasing' | 'Restored' = 'Releasing') =>
  approvalRequest(target, { phase: 'Denied', restoration: { state } });

describe('gatherOrg()', () => {
  it.each([
    ['none while nobody deletes it', org(), [], undefined],
    ['held while nobody approved it', going, [approvalRequest(going)], 'held'],
    ['granted once somebody did', going, [consumedRequest(going)], 'granted'],
  ] as const)('knows the leave of its deletion: %s', (_sentence, object, requests, kind) => {
    expect(gather(object, requests)?.leave?.kind).toBe(kind);
  });

  it('says of one with too many Workspaces that nobody can be asked', () => {
    const crowd = (size: number) =>
      fakeStore(
        Array.from({ length: size }, (_, index) => workspace(`w${index}`)),
        { [BY_NAMESPACE]: ({ metadata }) => metadata.namespace },
      );
    const leaveWith = (size: number) => gather(going, [], { workspaces: crowd(size) })?.leave;
    expect(leaveWith(2_001)).toMatchObject({ kind: 'held', reason: 'RequestTooLarge' });
    expect(leaveWith(2_000)).toMatchObject({ kind: 'held', reason: 'RequestingApproval' });
  });

  it('knows the open ways round the approvals, and the grant that nobody has used yet', () => {
    const clearance = { current: () => ({ ...CLEAR, openRoutes: ['a route'] }) };
    expect(gather(org(), [], { clearance })?.openRoutes).toEqual(['a route']);
    expect(gather(org(), [approvalRequest(org(), { phase: 'Approved' })])?.deletionGrant).toEqual({
      request: 'apr-org',
      hash: HASH,
    });
  });

  it.each<[string, boolean, Org, readonly ApprovalRequest[], Workspace | undefined]>([
    ['itself, while it is let go', true, going, [denied(going)], undefined],
    ['itself, before it is who it was', true, org(), [denied(org())], undefined],
    ['not itself, once it is', false, known, [denied(org())], undefined],
    ['not itself, when that is over', false, org(), [denied(org(), 'Restored')], undefined],
    ['its platform agent, while that is gone', true, known, [denied(root)], undefined],
    ['its platform agent, before that is who it was', true, known, [denied(root)], root],
    [
      'not its platform agent, once it is',
      false,
      known,
      [denied(root)],
      { ...root, status: { incarnation: uidOf('x') } },
    ],
  ])('waits for what comes back after a denial: %s', (_sentence, isAlone, object, requests, agent) => {
    const snapshot = gather(object, requests, agent === undefined ? {} : { root: agent });
    expect(snapshot === undefined).toBe(isAlone);
  });
});
