import { ANNOTATIONS, LABELS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { PODS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { ApprovalRequest, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { keyOf } from '../../kube/objects.ts';
import type { Basis } from '../../runtime/basis.ts';
import type { Plan } from '../../runtime/plan.ts';
import { deleteLive } from '../effects.ts';
import { BY_RESTORED } from '../leave.ts';
import type { StoreView } from '../store-view.ts';
import { BY_NAMESPACE } from '../stores.ts';
import { identify } from './identify.ts';
import { isOurs, type ObservedPod } from './observed.ts';

/** Long enough for a Workspace that is restored with its status to be back. */
const GRACE_MS = 120_000;

export interface OrphanSnapshot {
  readonly pod: ObservedPod;
  /** The Workspace that the Pod's label names; undefined when it does not exist. */
  readonly namesake: Workspace | undefined;
  /** How long nobody has claimed the Pod, without a break. */
  readonly orphanedForMs: number;
}

export interface OrphanSources {
  readonly workspaces: StoreView<Workspace>;
  readonly approvalRequests: StoreView<ApprovalRequest>;
}

/**
 * Whether the Pod may not be swept: a Workspace has the uid that it was made for, or has its incarnation, as one that was restored
 * does, or is on its way back with it. A Pod that does not say whom it was made for is nobody's that we know, and is left alone
 * like a claimed one.
 */
export function isClaimed(pod: ObservedPod, { workspaces, approvalRequests }: OrphanSources): boolean {
  const { annotations = {}, namespace = '' } = pod.metadata;
  const madeFor = annotations[ANNOTATIONS.workspaceUID];
  const incarnation = annotations[ANNOTATIONS.incarnation];
  if (madeFor === undefined || incarnation === undefined) return true;
  const isReturning = approvalRequests
    .byIndex(BY_RESTORED, incarnation)
    .some(({ metadata, status }) => metadata.namespace === namespace && status?.restoration?.state === 'Releasing');
  if (isReturning) return true;
  const claims = (workspace: Workspace): boolean =>
    workspace.metadata.uid === madeFor || isOurs(pod, identify(workspace, undefined).incarnation);
  const namesake = workspaces.get({ namespace, name: labelledName(pod) });
  // The answer for nearly all, without a look at every Workspace of the namespace.
  if (namesake !== undefined && claims(namesake)) return true;
  return workspaces.byIndex(BY_NAMESPACE, namespace).some(claims);
}

/**
 * The end of a Pod whose Workspace is gone, as after its finalizer was taken off by hand. It is no user's deletion, and the volume
 * stays, so that the ledger is not asked.
 */
export function planOrphan({ pod, orphanedForMs }: OrphanSnapshot): Plan {
  const deletes = deleteLive(PODS, pod);
  if (deletes.length === 0) return { outcome: { kind: 'settled' } };
  if (orphanedForMs < GRACE_MS) return { outcome: { kind: 'waiting', recheckAfterMs: GRACE_MS - orphanedForMs } };
  const { name, namespace = '', uid = '' } = pod.metadata;
  const note = 'The Workspace that it was made for is gone; the Pod is deleted, its volume stays';
  const regarding = { apiVersion: 'v1', kind: PODS.kind, namespace, name, uid };
  return {
    deletes,
    events: [{ type: 'Warning', reason: REASONS.orphanDeleted, action: 'Delete', note, regarding }],
    outcome: { kind: 'settled' },
  };
}

/** The Workspace of that name, or that there is none, is read once more before the Pod goes. */
export function orphanBasis({ pod, namesake }: OrphanSnapshot): readonly Basis[] {
  const name = labelledName(pod);
  return name === '' ? [] : [{ resource: WORKSPACES, key: { ...keyOf(pod), name }, observed: namesake }];
}

export function labelledName({ metadata }: ObservedPod): string {
  return metadata.labels?.[LABELS.workspace] ?? '';
}
