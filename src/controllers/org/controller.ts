import { ORG_NAME } from '../../apis/v1alpha1/names.ts';
import type { Manager } from '../../runtime/manager.ts';
import { namespaceOf, ownKey } from '../keys.ts';
import type { Stores } from '../stores.ts';
import { gatherOrg } from './gather.ts';
import { planOrg } from './plan.ts';

const INTERVAL_MS = 1_000;
const WORKERS = 4;

/** Org counters change with every agent: at most one pass, and so one write, a second. */
export function declareOrgController(manager: Manager, stores: Stores): void {
  const controller = manager.controller({
    controller: {
      name: 'org',
      gather: async (key) => gatherOrg(key, stores),
      plan: (snapshot, { now, ...failure }) => planOrg({ ...snapshot, ...failure }, now),
    },
    concurrency: WORKERS,
    minIntervalMs: INTERVAL_MS,
  });
  controller.watch(stores.orgs, ownKey);
  controller.watch(stores.workspaces, (before, after) => [{ namespace: namespaceOf(before, after), name: ORG_NAME }]);
}
