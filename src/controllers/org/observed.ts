import type { KubeObject, ObjectMeta } from '../../kube/objects.ts';
import { observeMeta } from '../workspace/observed.ts';

/** Of a NetworkPolicy and a ServiceAccount of ours, what decides whether they are as they should be. */
export interface ObservedPolicy {
  readonly metadata: ObjectMeta;
  readonly spec: unknown;
}

export interface ObservedAccount {
  readonly metadata: ObjectMeta;
  readonly automountServiceAccountToken?: boolean;
}

export function observePolicy(object: KubeObject): ObservedPolicy {
  const { metadata, spec } = object as KubeObject & { readonly spec?: unknown };
  return { metadata: observeMeta(metadata), spec };
}

export function observeAccount(object: KubeObject): ObservedAccount {
  const { metadata, automountServiceAccountToken } = object as KubeObject & Omit<ObservedAccount, 'metadata'>;
  return {
    metadata: observeMeta(metadata),
    ...(automountServiceAccountToken === undefined ? {} : { automountServiceAccountToken }),
  };
}
