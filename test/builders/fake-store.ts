import type { StoreView } from '../../src/controllers/store-view.ts';
import { keyOf, keyString, type ObjectMeta } from '../../src/kube/objects.ts';

/** A store for tests of pure code: what it is given, found by key and by the indexes named. */
export function fakeStore<T extends { readonly metadata: ObjectMeta }>(
  objects: readonly T[],
  indexes: Readonly<Record<string, (object: T) => string | undefined>> = {},
): StoreView<T> {
  return {
    get: (key) => objects.find((object) => keyString(keyOf(object)) === keyString(key)),
    byIndex: (index, value) => objects.filter((object) => indexes[index]?.(object) === value),
  };
}
