import { ORG_NAME } from '../../apis/v1alpha1/names.ts';
import { ORGS } from '../../apis/v1alpha1/resources.ts';
import { keyOf, type ObjectKey, type ObjectMeta } from '../../kube/objects.ts';
import type { ControllerHandle, Manager } from '../../runtime/manager.ts';
import type { ClearanceSource } from '../clearance.ts';
import { idsAtStake, idsOfOrg, idsOfWorkspace, idsRestored, orgsOf } from '../identities.ts';
import { keysOfRequest, namespaceOf, ownKey } from '../keys.ts';
import type { Stores } from '../stores.ts';
import { gatherOrg, type OrgSources } from './gather.ts';
import { planOrg } from './plan.ts';

interface Named {
  readonly metadata: ObjectMeta;
}

const INTERVAL_MS = 1_000;
const WORKERS = 4;

/** Org counters change with every agent: however many of them change, at most one pass, and so one write, a second. */
export function declareOrgController(
  manager: Manager,
  options: { readonly stores: Stores; readonly sources: OrgSources & { readonly clearance: ClearanceSource } },
): ControllerHandle {
  const { stores, sources } = options;
  const controller = manager.controller({
    controller: {
      name: 'org',
      gather: async (key) => gatherOrg(key, sources),
      plan: (snapshot, { now, ...failure }) => planOrg({ ...snapshot, ...failure }, now),
      basis: ({ org }) => [{ resource: ORGS, key: keyOf(org), observed: org }],
    },
    concurrency: WORKERS,
    minIntervalMs: INTERVAL_MS,
  });
  controller.watch(stores.orgs, (before, after) => [
    ...ownKey(before, after),
    ...orgsOf(idsAtStake(before, after, idsOfOrg), stores),
  ]);
  controller.watch(stores.workspaces, (before, after) => [
    ...orgOf(before, after),
    ...orgsOf(idsAtStake(before, after, idsOfWorkspace), stores),
  ]);
  controller.watch(stores.approvalRequests, (before, after) => [
    ...keysOfRequest('Org', before, after),
    ...orgsOf(idsAtStake(before, after, idsRestored), stores),
  ]);
  // All of them: each says whether the guard is closed.
  sources.clearance.onChange(() => {
    for (const org of stores.orgs.list()) controller.enqueue(keyOf(org));
  });
  controller.watch(stores.networkPolicies, orgOf);
  controller.watch(stores.serviceAccounts, orgOf);
  return controller;
}

function orgOf(before: Named | undefined, after: Named | undefined): readonly ObjectKey[] {
  return [{ namespace: namespaceOf(before, after), name: ORG_NAME }];
}
