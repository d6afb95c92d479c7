import { ANNOTATIONS, APPROVAL_FINALIZER, FIELD_MANAGERS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { PERSISTENT_VOLUME_CLAIMS, PODS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { Progress } from '../../conditions/summarise.ts';
import { keyOf, type ObjectKey } from '../../kube/objects.ts';
import type { DeleteEffect, Outcome, Plan, WriteEffect } from '../../runtime/plan.ts';
import { deleteLive, finalizerChange, statusWrite } from '../effects.ts';
import { type Assessment, assess } from './checks.ts';
import { desiredPod, desiredVolume, specHash, templateAnnotations, type WorkspaceIntent } from './desired.ts';
import type { ObservedPod } from './observed.ts';
import { planDeletion } from './plan-deletion.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';
import { type StatusInput, workspaceStatus } from './status.ts';

const RECHECK_MS = 30_000;
const RESYNC_MS = 600_000;
/** A state that ends within this time after the Pod was made is not written: one status write until Ready (design, section 5). */
const HOLD_MS = 2_000;
/** A Pod lives at least this long before an ended one is replaced. */
const LEAST_POD_AGE_MS = 10_000;

/** What one pass finds necessary, before status. */
interface Change {
  readonly progress: Progress;
  readonly writes?: readonly WriteEffect[];
  readonly deletes?: readonly DeleteEffect[];
  readonly override?: StatusInput['override'];
  /** When to look again, where that is sooner than usual. */
  readonly recheckMs?: number;
  /** Whether the state may be over in a moment, so that telling it can wait. */
  readonly isFleeting?: boolean;
}

/** One pass over one Workspace: finalizer, volume, Pod, status; in a deletion the way out. */
export function planWorkspace(snapshot: WorkspaceSnapshot, now: Date): Plan {
  const { workspace } = snapshot;
  if (workspace.metadata.deletionTimestamp !== undefined) return planDeletion(snapshot, now);
  if (!(workspace.metadata.finalizers ?? []).includes(APPROVAL_FINALIZER)) {
    const addFinalizer = finalizerChange({
      resource: WORKSPACES,
      object: workspace,
      finalizer: APPROVAL_FINALIZER,
      fieldManager: FIELD_MANAGERS.workspace,
    });
    return { addFinalizer, outcome: { kind: 'progressing', recheckAfterMs: RECHECK_MS } };
  }
  const assessment = assess(snapshot);
  const change = decideChange(snapshot, { assessment, now });
  const heldMs =
    change.isFleeting === true && snapshot.lastFailure === undefined ? remainingHoldMs(snapshot.pod, now) : 0;
  const status = heldMs > 0 ? undefined : workspaceStatus({ snapshot, assessment, now, ...explain(change, snapshot) });
  const write =
    status === undefined
      ? undefined
      : statusWrite({ resource: WORKSPACES, object: workspace, status, fieldManager: FIELD_MANAGERS.workspace });
  return {
    ...(change.writes === undefined ? {} : { writes: change.writes }),
    ...(change.deletes === undefined ? {} : { deletes: change.deletes }),
    ...(write === undefined ? {} : { status: write }),
    outcome: outcomeOf(change.progress, heldMs > 0 ? heldMs : (change.recheckMs ?? RECHECK_MS)),
  };
}

function decideChange(
  snapshot: WorkspaceSnapshot,
  context: { readonly assessment: Assessment; readonly now: Date },
): Change {
  const { assessment, now } = context;
  const { pod, volume } = snapshot;
  const stranger = [pod, volume].find(
    (child) => child !== undefined && child.metadata.annotations?.[ANNOTATIONS.incarnation] !== assessment.incarnation,
  );
  if (stranger !== undefined) {
    const message = `A Pod or volume named "${assessment.childName}" exists and belongs to another Workspace; remove it or use another metadata.name`;
    return { progress: 'stalled', override: { reason: REASONS.volumeConflict, message } };
  }
  if (assessment.intent === undefined) {
    const isSuspended = assessment.blocker?.reason === REASONS.suspended;
    return {
      progress: assessment.blocker?.kind ?? 'waiting',
      ...(isSuspended ? { deletes: deleteLive(PODS, pod) } : {}),
    };
  }
  if (pod === undefined)
    return { progress: 'progressing', isFleeting: true, writes: creations(snapshot, assessment.intent) };
  return overseePod({ ...snapshot, pod }, { intent: assessment.intent, now });
}

function overseePod(
  { pod, volume }: WorkspaceSnapshot & { readonly pod: ObservedPod },
  context: { readonly intent: WorkspaceIntent; readonly now: Date },
): Change {
  const { intent, now } = context;
  if (pod.metadata.deletionTimestamp !== undefined) {
    return {
      progress: 'progressing',
      override: { reason: REASONS.replacing, message: 'The Pod is ending and will be made anew' },
    };
  }
  if (hasSkippedHealing(pod, intent)) {
    const message = 'The agent was started again without its files being put right; its Pod is replaced';
    return {
      progress: 'progressing',
      deletes: deleteLive(PODS, pod),
      override: { reason: REASONS.restartedWithoutHealing, message },
    };
  }
  const hasEnded = pod.phase === 'Failed' || pod.phase === 'Succeeded';
  const restMs = hasEnded ? ageLeftMs(pod, now) : 0;
  if (restMs > 0) {
    const message = 'The agent ended; its Pod is replaced in a moment';
    return { progress: 'progressing', recheckMs: restMs, override: { reason: REASONS.agentRestarting, message } };
  }
  if (hasEnded || pod.metadata.annotations?.[ANNOTATIONS.specHash] !== specHash(intent)) {
    return {
      progress: 'progressing',
      isFleeting: hasEnded,
      deletes: deleteLive(PODS, pod),
      override: { reason: REASONS.replacing, message: 'The Pod is being replaced' },
    };
  }
  const isDone = pod.isReady && (intent.template === undefined || pod.materialize?.exitCode === 0);
  return {
    progress: isDone ? 'settled' : 'progressing',
    isFleeting: !isDone,
    writes: [...(volume === undefined ? [createVolume(intent)] : []), ...followTemplate(pod, intent)],
  };
}

/** More starts of the agent than of materialize: a kubelet that did not follow the rule in the Pod (TA-19). */
function hasSkippedHealing(pod: ObservedPod, intent: WorkspaceIntent): boolean {
  return intent.template !== undefined && (pod.agent?.restarts ?? 0) > (pod.materialize?.restarts ?? 0);
}

/** PVC first: its uid becomes the Pod's controller reference. Both are blind POSTs; a 409 tells the truth. */
function creations(
  { volume, settings, canRestartInPlace }: WorkspaceSnapshot,
  intent: WorkspaceIntent,
): readonly WriteEffect[] {
  const key: ObjectKey = { namespace: intent.namespace, name: intent.childName };
  const uid = volume?.metadata.uid;
  const pod: WriteEffect = {
    kind: 'create',
    resource: PODS,
    object: desiredPod(intent, settings, canRestartInPlace),
    fieldManager: FIELD_MANAGERS.workspace,
    controlledBy: { resource: PERSISTENT_VOLUME_CLAIMS, key, ...(uid === undefined ? {} : { uid }) },
    adoptIf: { [ANNOTATIONS.incarnation]: intent.incarnation },
  };
  return volume === undefined ? [createVolume(intent), pod] : [pod];
}

function createVolume(intent: WorkspaceIntent): WriteEffect {
  return {
    kind: 'create',
    resource: PERSISTENT_VOLUME_CLAIMS,
    object: desiredVolume(intent),
    fieldManager: FIELD_MANAGERS.workspace,
    adoptIf: { [ANNOTATIONS.incarnation]: intent.incarnation },
  };
}

/** A new revision changes two annotations; the agent gets it at its next start. Edited ones are put right. */
function followTemplate(pod: ObservedPod, intent: WorkspaceIntent): readonly WriteEffect[] {
  const wanted = Object.entries({ [ANNOTATIONS.workspaceUID]: intent.uid, ...templateAnnotations(intent) });
  if (wanted.every(([name, value]) => pod.metadata.annotations?.[name] === value)) return [];
  return [
    {
      kind: 'patch',
      resource: PODS,
      key: keyOf(pod),
      uid: pod.metadata.uid ?? '',
      patch: { metadata: { annotations: Object.fromEntries(wanted) } },
      fieldManager: FIELD_MANAGERS.workspace,
    },
  ];
}

function explain(change: Change, { lastFailure }: WorkspaceSnapshot): Pick<StatusInput, 'progress' | 'override'> {
  if (lastFailure !== undefined && (change.writes ?? []).length > 0) {
    return { progress: change.progress, override: { reason: REASONS.createFailed, message: lastFailure } };
  }
  return { progress: change.progress, ...(change.override === undefined ? {} : { override: change.override }) };
}

/**
 * Milliseconds until an ended Pod may be replaced. Where nodes cannot restart in place, an agent that ends at once would
 * otherwise cost a Pod every few seconds; the back-off of materialize goes with the Pod that it was counted in.
 */
function ageLeftMs(pod: ObservedPod, now: Date): number {
  return Math.min(
    LEAST_POD_AGE_MS,
    Date.parse(pod.metadata.creationTimestamp ?? '') + LEAST_POD_AGE_MS - now.getTime(),
  );
}

/** creationTimestamp has whole seconds, so a Pod's state is held for one to two seconds after its POST. */
function remainingHoldMs(pod: ObservedPod | undefined, now: Date): number {
  if (pod === undefined) return HOLD_MS;
  // Never longer than the rule says, however far the clocks of operator and apiserver are apart.
  return Math.min(HOLD_MS, Date.parse(pod.metadata.creationTimestamp ?? '') + HOLD_MS - now.getTime());
}

function outcomeOf(progress: Progress, recheckAfterMs: number): Outcome {
  switch (progress) {
    case 'settled':
      return { kind: 'settled', resyncAfterMs: RESYNC_MS };
    case 'progressing':
      return { kind: 'progressing', recheckAfterMs };
    case 'waiting':
      return { kind: 'waiting', recheckAfterMs: RESYNC_MS };
    case 'stalled':
      return { kind: 'stalled' };
    default:
      return progress satisfies never;
  }
}
