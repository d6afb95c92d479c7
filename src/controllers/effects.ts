import { API_VERSION } from '../apis/v1alpha1/names.ts';
import type { Condition } from '../conditions/condition.ts';
import { keyOf, type ObjectMeta, type Resource } from '../kube/objects.ts';
import { mergePatch } from '../platform/merge-patch.ts';
import type { DeleteEffect, EventEffect, FinalizerChange, Plan, StatusWrite } from '../runtime/plan.ts';
import { transitionEvents } from './transition-events.ts';

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

interface Told {
  readonly conditions?: readonly Condition[];
}

/** The write of a status, and the Events about how its conditions changed; nothing at all when it is as observed. */
export function tellStatus(options: {
  readonly resource: Resource;
  readonly object: Omit<Target, 'status'> & { readonly status?: Told };
  readonly status: Told;
  readonly fieldManager: string;
}): Pick<Plan, 'status' | 'events'> {
  const { resource, object, status } = options;
  const write = statusWrite(options);
  if (write === undefined) return {};
  const events = transitionEvents({
    regarding: regardingOf(resource, object),
    before: object.status?.conditions ?? [],
    after: status.conditions ?? [],
  });
  return { status: write, ...(events.length === 0 ? {} : { events }) };
}

/** What an Event about an object of one of our kinds is about. */
export function regardingOf({ kind }: Resource, { metadata }: Pick<Target, 'metadata'>): EventEffect['regarding'] {
  const { namespace = '', name, uid = '' } = metadata;
  return { apiVersion: API_VERSION, kind, namespace, name, uid };
}

/** The DELETE of an object as it was observed; nothing when it is gone or going already. */
export function deleteLive(resource: Resource, object: Target | undefined): readonly DeleteEffect[] {
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return [];
  const { uid = '', resourceVersion = '' } = object.metadata;
  return [{ resource, key: keyOf(object), uid, resourceVersion }];
}
