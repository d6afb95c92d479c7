import type { ObjectMeta } from '../apis/v1alpha1/types.generated.ts';

/** The shapes of API objects that this code reads. Raw JSON as the apiserver sends it: dates stay strings. */

export type { ObjectMeta, OwnerReference } from '../apis/v1alpha1/types.generated.ts';

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** One kind of the API, as its paths spell it. */
export interface Resource {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Identifies an object by name. A namespace of '' means cluster-scoped. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** `namespace/name`; the form in which keys are compared, queued and indexed. */
export function keyString(key: ObjectKey): string {
  return `${key.namespace}/${key.name}`;
}

export function keyOf(object: { readonly metadata: ObjectMeta }): ObjectKey {
  return { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}
