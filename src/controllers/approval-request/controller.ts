import type { KubeClient } from '../../kube/client.ts';
import { keyOf, type ObjectKey, type ObjectMeta } from '../../kube/objects.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Manager } from '../../runtime/manager.ts';
import type { ClearanceSource } from '../clearance.ts';
import type { Leaver } from '../leave.ts';
import type { Stores } from '../stores.ts';
import { type ApprovalSources, gatherApproval } from './gather.ts';
import { LiveSource } from './live-source.ts';
import { planApproval } from './plan.ts';
import { keyOfSubject } from './subject.ts';
import {
  isLeaving,
  isUnfinished,
  keyOfRequest,
  ofTarget,
  wokenByOrg,
  wokenByVolume,
  wokenByWorkspace,
} from './wake.ts';

/** Passes wait for the ledger and for live reads; they must not wait for each other. */
const WORKERS = 16;

interface Named {
  readonly metadata: ObjectMeta;
}

export interface ApprovalControllerOptions {
  readonly stores: Stores;
  readonly client: KubeClient;
  readonly ledger: ApprovalSources['ledger'];
  readonly clearance: ClearanceSource;
  readonly clock: Clock;
}

/** Its keys are the objects whose deletion is asked for, as `Kind/name` in their namespace. */
export function declareApprovalController(manager: Manager, options: ApprovalControllerOptions): void {
  const { stores, client, ledger, clearance, clock } = options;
  const live = new LiveSource(client);
  const sources: ApprovalSources = { ...stores, client, ledger, clearance, live, now: () => clock.now() };
  const controller = manager.controller({
    controller: {
      name: 'approval-request',
      gather: (key, signal) => gatherApproval(key, sources, signal),
      plan: (snapshot, { now, ...failure }) => planApproval({ ...snapshot, ...failure }, now),
    },
    concurrency: WORKERS,
  });
  controller.watch(stores.approvalRequests, (before, after) =>
    [before, after].flatMap((request) => (request === undefined ? [] : [keyOfRequest(request)])),
  );
  controller.watch(stores.orgs, (before, after) => [
    ...ofTarget('Org', { before, after }, stores),
    ...wokenByOrg(before, after, stores),
  ]);
  controller.watch(stores.workspaces, (before, after) => [
    ...ofTarget('Workspace', { before, after }, stores),
    ...wokenByWorkspace(before, after, stores),
  ]);
  controller.watch(stores.templateAssets, (before, after) => ofTarget('TemplateAsset', { before, after }, stores));
  controller.watch(stores.volumes, (before, after) => wokenByVolume(before, after, stores));
  clearance.onChange(() => {
    for (const key of waiting(stores)) controller.enqueue(key);
  });
}

/** Everything that may have waited for the ledger or for the guard. */
function waiting({ approvalRequests, orgs, workspaces, templateAssets }: Stores): readonly ObjectKey[] {
  return [
    ...[...approvalRequests.list()].filter(isUnfinished).map(keyOfRequest),
    ...leaving('Org', orgs.list()),
    ...leaving('Workspace', workspaces.list()),
    ...leaving('TemplateAsset', templateAssets.list()),
  ];
}

function leaving(kind: Leaver['kind'], objects: Iterable<Named>): readonly ObjectKey[] {
  return [...objects].filter(isLeaving).map((object) => keyOfSubject({ kind, ...keyOf(object) }));
}
