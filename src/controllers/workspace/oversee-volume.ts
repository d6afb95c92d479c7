import { ANNOTATIONS, FIELD_MANAGERS, VOLUME_FINALIZER } from '../../apis/v1alpha1/names.ts';
import { PERSISTENT_VOLUME_CLAIMS } from '../../apis/v1alpha1/resources.ts';
import { keyOf } from '../../kube/objects.ts';
import { compareQuantities } from '../../rules/quantity.ts';
import type { WriteEffect } from '../../runtime/plan.ts';
import { childLabels, desiredVolume, identity } from './desired.ts';
import { healMetadata } from './heal-metadata.ts';
import type { WorkspaceIntent } from './intent.ts';
import type { ObservedVolume } from './observed.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

/** A blind POST; a 409 tells the truth. */
export function createVolume(intent: WorkspaceIntent): WriteEffect {
  return {
    kind: 'create',
    resource: PERSISTENT_VOLUME_CLAIMS,
    object: desiredVolume(intent),
    fieldManager: FIELD_MANAGERS.workspace,
    adoptIf: { [ANNOTATIONS.incarnation]: intent.incarnation },
  };
}

/** Puts back of a volume what is ours: labels and annotations it is found and known by, and the finalizer that holds it. */
export function healVolume(volume: ObservedVolume, intent: WorkspaceIntent): readonly WriteEffect[] {
  const { metadata } = volume;
  const finalizers = metadata.finalizers ?? [];
  const isHeld = finalizers.includes(VOLUME_FINALIZER) || metadata.deletionTimestamp !== undefined;
  const healed = healMetadata(metadata, { labels: childLabels(intent), annotations: identity(intent) });
  if (healed === undefined && isHeld) return [];
  // The list is replaced as a whole, so that it must still be the one that was read.
  const held = isHeld
    ? {}
    : { resourceVersion: metadata.resourceVersion ?? '', finalizers: [...finalizers, VOLUME_FINALIZER] };
  return [patchVolume(volume, { metadata: { ...healed, ...held } })];
}

/**
 * Makes a bound volume larger where that is wanted; smaller cannot be. A refusal is told by the next pass, which makes no
 * attempt of its own, so that attempts are as rare as resyncs.
 */
export function resizeVolume(
  volume: ObservedVolume,
  { storage }: WorkspaceIntent,
  lastFailure: WorkspaceSnapshot['lastFailure'],
): readonly WriteEffect[] {
  const { metadata, phase, requested } = volume;
  const canGrow = phase === 'Bound' && metadata.deletionTimestamp === undefined && lastFailure === undefined;
  if (!canGrow || requested === undefined || compareQuantities(storage.size, requested) <= 0) return [];
  return [patchVolume(volume, { spec: { resources: { requests: { storage: storage.size } } } })];
}

function patchVolume(volume: ObservedVolume, patch: Readonly<Record<string, unknown>>): WriteEffect {
  return {
    kind: 'patch',
    resource: PERSISTENT_VOLUME_CLAIMS,
    key: keyOf(volume),
    uid: volume.metadata.uid ?? '',
    patch,
    fieldManager: FIELD_MANAGERS.workspace,
  };
}
