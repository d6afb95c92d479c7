import type { ObjectKey } from '../kube/objects.ts';

/** What gather reads of a watched kind: the runtime's stores have this shape, tests give it a Map. */
export interface StoreView<T> {
  get(key: ObjectKey): T | undefined;
  byIndex(index: string, value: string): readonly T[];
}
