import { APPROVAL_FINALIZER, FIELD_MANAGERS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { PODS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { listNames } from '../../conditions/name-list.ts';
import { parseDurationMs } from '../../rules/duration.ts';
import type { EventEffect, Plan } from '../../runtime/plan.ts';
import { beginDestruction, endDestruction, type Granted } from '../destruction.ts';
import { deleteLive, finalizerChange, regardingOf, tellStatus } from '../effects.ts';
import { assess } from './checks.ts';
import { claimantUID } from './identify.ts';
import { isOurs, type ObservedPod, type ObservedVolume } from './observed.ts';
import { retainVolume } from './retain-volume.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';
import { type StatusInput, workspaceStatus } from './status.ts';

const RECHECK_MS = 5_000;
/** The last child that goes wakes its parent; this is for what no watch told. */
const CHILDREN_RECHECK_MS = 60_000;
/** Most Pods end within this time, and their Workspace with them: that a Pod is ending is told only of the others. */
const HOLD_MS = 2_000;
const ENDING = 'The Pod is ending; the volume stays';

export const DELETE_WORKSPACE = 'delete_workspace';

type Leaving = WorkspaceSnapshot & { readonly leave: Granted };

/**
 * The way out of a Workspace whose deletion was approved: those below it first, of which the approval's own are deleted with it;
 * then its intent into the ledger, Pod gone (not just asked to go), volume kept for its time, outcome into the ledger, finalizer
 * off. Cleanup tolerates that nothing was ever made.
 */
export function planDeletion(snapshot: Leaving, now: Date): Plan {
  if (childrenToWaitFor(snapshot).length > 0) return planWait(snapshot, now);
  const incarnation = snapshot.workspace.status?.incarnation ?? snapshot.workspace.metadata.uid ?? '';
  // Somebody else's Pod or volume under our name is no reason to wait, and none to touch it.
  const ours = <T extends ObservedPod | ObservedVolume>(child: T | undefined): T | undefined =>
    child !== undefined && isOurs(child, incarnation) ? child : undefined;
  const pod = ours(snapshot.pod);
  return pod === undefined ? planEnd(snapshot, ours(snapshot.volume), now) : planPodEnd(snapshot, pod, now);
}

function planPodEnd(snapshot: Leaving, pod: ObservedPod, now: Date): Plan {
  const heldMs = snapshot.lastFailure === undefined ? untilWorthTellingMs(pod, now) : 0;
  const deletes = deleteLive(PODS, pod);
  return {
    ...(deletes.length === 0 ? {} : { ...begin(snapshot), deletes }),
    ...(heldMs > 0 ? {} : tellTerminating(snapshot, now)),
    outcome: { kind: 'progressing', recheckAfterMs: heldMs > 0 ? heldMs : RECHECK_MS },
  };
}

function untilWorthTellingMs({ metadata }: ObservedPod, now: Date): number {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = metadata;
  if (deletionTimestamp === undefined) return HOLD_MS;
  // It is when the Pod's time is over, and not when somebody asked it to end.
  const askedMs = Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return Math.min(HOLD_MS, askedMs + HOLD_MS - now.getTime());
}

function planEnd(snapshot: Leaving, volume: ObservedVolume | undefined, now: Date): Plan {
  const { workspace, leave } = snapshot;
  const refusal = snapshot.lastFailure === undefined ? {} : tellTerminating(snapshot, now);
  // By itself: an Event goes out with a status that is written, also where the rest of its plan is refused once more.
  if (refusal.status !== undefined) return { ...refusal, outcome: { kind: 'progressing', recheckAfterMs: RECHECK_MS } };
  const result = { volumeRetained: volume?.metadata.name ?? null };
  return {
    ...begin(snapshot),
    ...(volume === undefined ? {} : { writes: retainVolume(volume, leave, now) }),
    ...endDestruction({ object: workspace, action: DELETE_WORKSPACE, leave }, result),
    claims: releases(snapshot),
    events: volume === undefined ? [] : retainedEvents(snapshot, volume),
    removeFinalizer: finalizerChange({
      resource: WORKSPACES,
      object: workspace,
      finalizer: APPROVAL_FINALIZER,
      fieldManager: FIELD_MANAGERS.workspace,
    }),
    outcome: { kind: 'settled' },
  };
}

function begin({ workspace, leave, pod, volume }: Leaving): Pick<Plan, 'approvals' | 'intents'> {
  const detail = { pod: pod?.metadata.name ?? null, volume: volume?.metadata.name ?? null };
  return beginDestruction({ resource: WORKSPACES, object: workspace, action: DELETE_WORKSPACE, leave }, detail);
}

/** In a circle everybody is above everybody, and nobody would ever go; the platform agent is made anew and leaves no orphans. */
function childrenToWaitFor({ workspace, children, ancestors }: WorkspaceSnapshot): readonly Workspace[] {
  return workspace.spec.kind === 'platform' ? [] : children.filter(({ metadata }) => !ancestors.has(metadata.name));
}

/**
 * Its own agent runs on until those below are gone. What the approval lists is deleted with it; anybody else came later, and only
 * a person deletes or moves them.
 */
function planWait(snapshot: Leaving, now: Date): Plan {
  const children = childrenToWaitFor(snapshot);
  const isListed = ({ metadata }: Workspace): boolean => snapshot.leave.members.has(metadata.uid ?? '');
  const isUnderWay = children.every((child) => isListed(child) || child.metadata.deletionTimestamp !== undefined);
  const deletes = children.filter(isListed).flatMap((child) => deleteLive(WORKSPACES, child));
  const remedy = isUnderWay ? '' : '; delete them too, or give them another spec.parentRef';
  const names = listNames(children.map(({ metadata }) => metadata.name));
  const message = `Waits for ${children.length} below it to go: ${names}${remedy}`;
  return {
    ...(deletes.length === 0 ? {} : { ...begin(snapshot), deletes }),
    ...tell(snapshot, {
      progress: isUnderWay ? 'progressing' : 'waiting',
      override: refusalOf(snapshot) ?? { reason: REASONS.deletingChildren, message },
      now,
    }),
    outcome: { kind: 'waiting', recheckAfterMs: CHILDREN_RECHECK_MS },
  };
}

/** The id of a platform agent stays its Org's. */
function releases({ workspace, org, contest }: WorkspaceSnapshot): NonNullable<Plan['claims']> {
  if (workspace.spec.kind === 'platform') return [];
  return [{ kind: 'release', id: contest.id, holderUID: claimantUID(workspace, org) }];
}

/** Nothing is said of a volume that is erased at once: whoever erases it says so. */
function retainedEvents({ workspace, leave }: Leaving, volume: ObservedVolume): readonly EventEffect[] {
  if (parseDurationMs(leave.retention) === 0) return [];
  const { name, namespace = '' } = workspace.metadata;
  const note = `Workspace "${name}" is gone; its volume "${volume.metadata.name}" is kept for now; to have both back: kubectl molecule restore ws/${name} -n ${namespace}`;
  const regarding = regardingOf(WORKSPACES, workspace);
  return [{ type: 'Normal', reason: REASONS.volumeRetained, action: 'Delete', note, regarding }];
}

function refusalOf({ lastFailure }: WorkspaceSnapshot): StatusInput['override'] {
  return lastFailure === undefined ? undefined : { reason: REASONS.terminating, ...lastFailure };
}

/** Says what the deletion waits for; without a refusal that is the end of the Pod. */
function tellTerminating(snapshot: WorkspaceSnapshot, now: Date): Pick<Plan, 'status' | 'events'> {
  const override = refusalOf(snapshot) ?? { reason: REASONS.terminating, message: ENDING };
  return tell(snapshot, { progress: 'progressing', override, now });
}

function tell(
  snapshot: WorkspaceSnapshot,
  input: Pick<StatusInput, 'progress' | 'now'> & Required<Pick<StatusInput, 'override'>>,
): Pick<Plan, 'status' | 'events'> {
  const status = workspaceStatus({ snapshot, assessment: assess(snapshot), ...input });
  const object = snapshot.workspace;
  return tellStatus({ resource: WORKSPACES, object, status, fieldManager: FIELD_MANAGERS.workspace });
}
