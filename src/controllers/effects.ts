import { keyOf, type ObjectMeta, type Resource } from '../kube/objects.ts';
import { mergePatch } from '../platform/merge-patch.ts';
import type { DeleteEffect, FinalizerChange, StatusWrite } from '../runtime/plan.ts';

interface Target {
  readonly metadata: ObjectMeta;
  readonly status?: object;
}

export function finalizerChange(options: {
  readonly resource: Resource;
  readonly object: Target;
  readonly finalizer: string;
  readonly fieldManager: string;
}): FinalizerChange {
  const { resource, object, finalizer, fieldManager } = options;
  return {
    resource,
    key: keyOf(object),
    uid: object.metadata.uid ?? '',
    resourceVersion: object.metadata.resourceVersion ?? '',
    observed: object.metadata.finalizers ?? [],
    finalizer,
    fieldManager,
  };
}

/** The patch that brings status from what was observed to what it should be; undefined when they are equal, so that nothing is written. */
export function statusWrite(options: {
  readonly resource: Resource;
  readonly object: Target;
  readonly status: object;
  readonly fieldManager: string;
}): StatusWrite | undefined {
  const { resource, object, status, fieldManager } = options;
  const patch = mergePatch({ ...object.status }, { ...status });
  if (patch === undefined) return undefined;
  const { uid = '', resourceVersion = '' } = object.metadata;
  return { resource, key: keyOf(object), uid, resourceVersion, patch, fieldManager };
}

/** The DELETE of an object as it was observed; nothing when it is gone or going already. */
export function deleteLive(resource: Resource, object: Target | undefined): readonly DeleteEffect[] {
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return [];
  const { uid = '', resourceVersion = '' } = object.metadata;
  return [{ resource, key: keyOf(object), uid, resourceVersion }];
}
