import { OPERATOR_NAMESPACE, RUNTIME_CATALOG } from '../apis/v1alpha1/names.ts';
import type { KubeObject, ObjectMeta } from '../kube/objects.ts';
import type { RuntimeCatalog } from '../rules/runtime.ts';
import type { StoreView } from './store-view.ts';

export interface ObservedCatalog {
  readonly metadata: ObjectMeta;
  readonly images: RuntimeCatalog;
}

/** As the CRDs have it for spec.image. */
const IMAGE = /^\S{1,512}$/;

/**
 * Built from nothing each time (TA-3): a key that is gone, or whose value is no image, is no entry, whatever it was before.
 */
export function observeCatalog(object: KubeObject): ObservedCatalog {
  const { metadata, data } = object as KubeObject & { readonly data?: Readonly<Record<string, string>> };
  return { metadata, images: new Map(Object.entries(data ?? {}).filter(([, image]) => IMAGE.test(image))) };
}

/** The catalog in force; without the ConfigMap an empty one and not the last (TA-4). */
export function runtimeCatalog(catalogs: StoreView<ObservedCatalog>): RuntimeCatalog {
  return catalogs.get({ namespace: OPERATOR_NAMESPACE, name: RUNTIME_CATALOG })?.images ?? new Map();
}
