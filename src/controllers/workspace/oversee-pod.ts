import { ANNOTATIONS, FIELD_MANAGERS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { PERSISTENT_VOLUME_CLAIMS, PODS } from '../../apis/v1alpha1/resources.ts';
import { listNames } from '../../conditions/name-list.ts';
import { keyOf, type ObjectKey } from '../../kube/objects.ts';
import type { WriteEffect } from '../../runtime/plan.ts';
import { deleteLive } from '../effects.ts';
import type { Change, Explanation } from './change.ts';
import { childLabels, desiredPod, identity, secretsAnnotation, specHash, templateAnnotations } from './desired.ts';
import { type Finding, progressOf } from './finding.ts';
import { healMetadata } from './heal-metadata.ts';
import type { WorkspaceIntent } from './intent.ts';
import type { ObservedPod } from './observed.ts';
import { createVolume, healVolume, resizeVolume } from './oversee-volume.ts';
import { findDrift } from './pod-drift.ts';
import { findLoop, findLostNode } from './pod-verdicts.ts';
import { restMs } from './restart-backoff.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

/** How long after its time a Pod that is ending may still be there before that is told. */
const ENDING_SLACK_MS = 60_000;

interface Context {
  readonly intent: WorkspaceIntent;
  /** What volume and Pod show. */
  readonly findings: readonly Finding[];
  readonly now: Date;
}

/**
 * What a Pod that exists needs. In this order: let it end; replace it, if it cannot be trusted, is not what is wanted, or has
 * ended; else put right on it and its volume what somebody changed.
 */
export function overseePod(
  snapshot: WorkspaceSnapshot & { readonly pod: ObservedPod },
  { intent, findings, now }: Context,
): Change {
  const { pod, volume, lastFailure } = snapshot;
  if (pod.metadata.deletionTimestamp !== undefined) return awaitEnd(snapshot, now);
  const drift = hasSkippedHealing(pod, intent) ? UNHEALED : findDrift(snapshot, pod, intent);
  if (drift !== undefined) return replace(snapshot, drift);
  if (pod.phase === 'Failed' || pod.phase === 'Succeeded') return replaceEnded(snapshot, now);
  const progress = progressOf(findings);
  return {
    progress,
    isFleeting: progress !== 'settled',
    writes: [
      ...(volume === undefined ? [createVolume(intent)] : healVolume(volume, intent)),
      ...healPod(pod, intent),
      ...(volume === undefined ? [] : resizeVolume(volume, intent, lastFailure)),
    ],
  };
}

/** PVC first: its uid becomes the Pod's controller reference. Both are blind POSTs; a 409 tells the truth. */
export function createChildren(snapshot: WorkspaceSnapshot, intent: WorkspaceIntent): readonly WriteEffect[] {
  const { volume, settings, canRestartInPlace } = snapshot;
  const key: ObjectKey = { namespace: intent.namespace, name: intent.childName };
  const uid = volume?.metadata.uid;
  const desired = desiredPod(intent, settings, canRestartInPlace);
  const annotations = { ...desired.metadata.annotations, ...quickEndsAnnotation(snapshot, intent) };
  const pod: WriteEffect = {
    kind: 'create',
    resource: PODS,
    object: { ...desired, metadata: { ...desired.metadata, annotations } },
    fieldManager: FIELD_MANAGERS.workspace,
    controlledBy: { resource: PERSISTENT_VOLUME_CLAIMS, key, ...(uid === undefined ? {} : { uid }) },
    adoptIf: { [ANNOTATIONS.incarnation]: intent.incarnation },
  };
  return [...(volume === undefined ? [createVolume(intent)] : healVolume(volume, intent)), pod];
}

/** Another spec may be the cure, so that its Pod begins anew. */
function quickEndsAnnotation(
  { endedPod }: WorkspaceSnapshot,
  intent: WorkspaceIntent,
): Readonly<Record<string, string>> {
  if (endedPod === undefined || endedPod.quickEnds === 0 || endedPod.specHash !== specHash(intent)) return {};
  return { [ANNOTATIONS.quickEnds]: String(endedPod.quickEnds) };
}

const UNHEALED: Explanation = {
  reason: REASONS.restartedWithoutHealing,
  message: 'The Pod is replaced, because the agent was started again without its files being put right',
};

/** More starts of the agent than of materialize: a kubelet that did not follow the rule in the Pod (TA-19). */
function hasSkippedHealing(pod: ObservedPod, intent: WorkspaceIntent): boolean {
  return intent.template !== undefined && (pod.agent?.restarts ?? 0) > (pod.materialize?.restarts ?? 0);
}

function awaitEnd(snapshot: WorkspaceSnapshot & { readonly pod: ObservedPod }, now: Date): Change {
  const { metadata, disruption } = snapshot.pod;
  const lost = findLostNode(snapshot, snapshot.pod);
  if (lost !== undefined) return { progress: 'waiting', override: lost };
  // The time by which the Pod was to have ended.
  const lateMs = now.getTime() - Date.parse(metadata.deletionTimestamp ?? '') - ENDING_SLACK_MS;
  if (lateMs >= 0) {
    const { name, finalizers = [] } = metadata;
    const cause =
      finalizers.length > 0
        ? `it is held by ${listNames(finalizers)}, which only its owner should take off`
        : `its node may be down: where it surely is, kubectl delete pod ${name} --force`;
    const message = `The Pod should have ended and has not, and no other is made beside it; ${cause}`;
    return { progress: 'waiting', override: { reason: REASONS.podNotEnding, message } };
  }
  const override =
    disruption === undefined
      ? { reason: REASONS.replacing, message: 'The Pod is ending and will be made anew' }
      : { reason: REASONS.podEvicted, message: `The Pod is taken off its node (${disruption}) and will be made anew` };
  return { progress: 'progressing', override, recheckMs: Math.max(0, -lateMs) };
}

function replaceEnded(snapshot: WorkspaceSnapshot & { readonly pod: ObservedPod }, now: Date): Change {
  const { pod } = snapshot;
  const loop = findLoop(snapshot);
  const change: Change = {
    progress: loop === undefined ? 'progressing' : 'waiting',
    override: loop ?? explainEnd(pod),
  };
  const pauseMs = restMs(pod, now);
  if (pauseMs > 0) return { ...change, recheckMs: pauseMs };
  const news = pod.endReason === undefined ? {} : { news: explainEnd(pod) };
  return { ...change, ...news, isFleeting: true, deletes: deleteLive(PODS, pod) };
}

function explainEnd({ endReason }: ObservedPod): Explanation {
  return endReason === undefined
    ? { reason: REASONS.agentRestarting, message: 'The agent ended; its Pod is made anew' }
    : { reason: REASONS.podEvicted, message: `The node ended the Pod (${endReason}); it is made anew` };
}

function replace({ pod, lastFailure }: WorkspaceSnapshot, why: Explanation): Change {
  const deletes = deleteLive(PODS, pod);
  if (lastFailure === undefined) return { progress: 'progressing', deletes, override: why, news: why };
  const message = `${why.message}; it cannot be deleted: ${lastFailure.message}`;
  return { progress: 'waiting', deletes, override: { ...why, message } };
}

/** A Pod without a template that has them would be taken for one whose files are not in place. */
const NO_TEMPLATE = { [ANNOTATIONS.assetsDigest]: null, [ANNOTATIONS.assetsInclude]: null };

/** A new revision changes two annotations; the agent gets it at its next start. Those that somebody edited are put right too. */
function healPod(pod: ObservedPod, intent: WorkspaceIntent): readonly WriteEffect[] {
  const healed = healMetadata(pod.metadata, {
    labels: childLabels(intent),
    annotations: { ...NO_TEMPLATE, ...identity(intent), ...templateAnnotations(intent), ...secretsAnnotation(intent) },
  });
  if (healed === undefined) return [];
  return [
    {
      kind: 'patch',
      resource: PODS,
      key: keyOf(pod),
      uid: pod.metadata.uid ?? '',
      patch: { metadata: healed },
      fieldManager: FIELD_MANAGERS.workspace,
    },
  ];
}
