import type { Resource } from '../../src/kube/objects.ts';
import type { JsonObject } from './rest.ts';

/** How the apiserver treats a kind apart from its schema. */
export interface Traits {
  /** Custom resources: every item of a list says what it is, status is a subresource. */
  readonly isCustom: boolean;
  readonly hasGeneration: boolean;
  /** What status is at creation, whatever the request says; undefined where the kind has none. */
  readonly firstStatus?: JsonObject;
  /** A DELETE that removes it answers with the object instead of a Status. */
  readonly isReturnedByDelete: boolean;
  /** A DELETE marks even what it removes at once. */
  readonly isGraceful: boolean;
  readonly firstFinalizers: readonly string[];
}

export const NAMESPACES: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};

const BUILT_IN: Traits = {
  isCustom: false,
  hasGeneration: false,
  isReturnedByDelete: false,
  isGraceful: false,
  firstFinalizers: [],
};
const PENDING = { ...BUILT_IN, firstStatus: { phase: 'Pending' }, isReturnedByDelete: true };

const TRAITS: Readonly<Record<string, Traits>> = {
  Pod: { ...PENDING, hasGeneration: true, isGraceful: true },
  // Put on by an admission plugin that is always on, taken off by a controller.
  PersistentVolumeClaim: { ...PENDING, firstFinalizers: ['kubernetes.io/pvc-protection'] },
  Namespace: { ...BUILT_IN, firstStatus: { phase: 'Active' }, isReturnedByDelete: true },
  NetworkPolicy: { ...BUILT_IN, hasGeneration: true },
  ServiceAccount: { ...BUILT_IN, isReturnedByDelete: true },
};

const CUSTOM: Traits = {
  isCustom: true,
  hasGeneration: true,
  firstStatus: {},
  isReturnedByDelete: false,
  isGraceful: false,
  firstFinalizers: [],
};

/** A group with a dot that is none of Kubernetes' own is somebody's custom resource. */
export function traitsOf({ group, kind }: Resource): Traits {
  return group.includes('.') && !group.endsWith('.k8s.io') ? CUSTOM : (TRAITS[kind] ?? BUILT_IN);
}

export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}
