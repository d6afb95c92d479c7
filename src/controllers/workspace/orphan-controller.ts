import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { keyString, type ObjectKey } from '../../kube/objects.ts';
import { childName } from '../../rules/identity.ts';
import type { Manager } from '../../runtime/manager.ts';
import { ownKey } from '../keys.ts';
import type { Stores } from '../stores.ts';
import { identify } from './identify.ts';
import { isClaimed, labelledName, type OrphanSnapshot, orphanBasis, planOrphan } from './orphans.ts';

/** There are hardly ever any. */
const WORKERS = 1;

/** Sweeps Pods that outlived their Workspace. Its keys are the Pods'; since when each is nobody's is known in memory alone. */
export function declareOrphanController(
  manager: Manager,
  {
    stores,
    monotonicMs,
  }: { readonly stores: Pick<Stores, 'pods' | 'workspaces' | 'approvalRequests'>; readonly monotonicMs: () => number },
): void {
  const { pods, workspaces, approvalRequests } = stores;
  const sightings = new Map<string, { readonly podUID: string | undefined; readonly sinceMs: number }>();
  const look = (key: ObjectKey): OrphanSnapshot | undefined => {
    const pod = pods.get(key);
    const seen = sightings.get(keyString(key));
    if (pod === undefined || isClaimed(pod, stores)) {
      sightings.delete(keyString(key));
      return undefined;
    }
    const nowMs = monotonicMs();
    const podUID = pod.metadata.uid;
    const sinceMs = seen?.podUID === podUID ? (seen?.sinceMs ?? nowMs) : nowMs;
    sightings.set(keyString(key), { podUID, sinceMs });
    const namesake = workspaces.get({ namespace: key.namespace, name: labelledName(pod) });
    return { pod, namesake, orphanedForMs: nowMs - sinceMs };
  };
  const controller = manager.controller({
    controller: { name: 'orphan', gather: async (key) => look(key), plan: planOrphan, basis: orphanBasis },
    concurrency: WORKERS,
  });
  controller.watch(pods, (before, after) =>
    after !== undefined && isClaimed(after, stores) ? [] : ownKey(before, after),
  );
  // One that comes may claim a Pod, and one that goes may leave one behind.
  controller.watch(workspaces, (before, after) =>
    before?.metadata.uid === after?.metadata.uid ? [] : podsOf(before, after),
  );
  // Who was on its way back may have come without what it had.
  controller.watch(approvalRequests, (before) => {
    const { restoration } = before?.status ?? {};
    if (before === undefined || restoration?.incarnation === undefined) return [];
    const { namespace = '' } = before.metadata;
    return [{ namespace, name: childName(before.spec.target.name, restoration.incarnation) }];
  });
}

function podsOf(...workspaces: readonly (Workspace | undefined)[]): readonly ObjectKey[] {
  return workspaces.flatMap((workspace) =>
    workspace === undefined
      ? []
      : [{ namespace: workspace.metadata.namespace ?? '', name: identify(workspace, undefined).childName }],
  );
}
