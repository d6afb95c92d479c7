import { ANNOTATIONS, FIELD_MANAGERS, LABELS } from '../../apis/v1alpha1/names.ts';
import { PERSISTENT_VOLUME_CLAIMS } from '../../apis/v1alpha1/resources.ts';
import { keyOf } from '../../kube/objects.ts';
import { parseDurationMs } from '../../rules/duration.ts';
import { formatExpiry } from '../../rules/expiry.ts';
import type { WriteEffect } from '../../runtime/plan.ts';
import type { Granted } from '../destruction.ts';
import type { ObservedVolume } from './observed.ts';

/**
 * The soft delete of a volume: until when it is kept, and under which operation it may be erased then, in one write. What says so
 * already is left as it is, so that a crash prolongs nothing.
 */
export function retainVolume(
  volume: ObservedVolume,
  { operationID, retention }: Granted,
  now: Date,
): readonly WriteEffect[] {
  const { labels = {}, annotations = {}, uid = '' } = volume.metadata;
  const isKept = labels[LABELS.expires] !== undefined && annotations[ANNOTATIONS.operation] === operationID;
  if (isKept) return [];
  const expires = formatExpiry(new Date(now.getTime() + parseDurationMs(retention)));
  const metadata = { labels: { [LABELS.expires]: expires }, annotations: { [ANNOTATIONS.operation]: operationID } };
  const patch = { metadata };
  const key = keyOf(volume);
  return [
    { kind: 'patch', resource: PERSISTENT_VOLUME_CLAIMS, key, uid, patch, fieldManager: FIELD_MANAGERS.workspace },
  ];
}
