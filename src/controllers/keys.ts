import { keyOf, type ObjectKey, type ObjectMeta } from '../kube/objects.ts';

interface Named {
  readonly metadata: ObjectMeta;
}

/** The key of what changed, for the controller of that very kind. */
export function ownKey(before: Named | undefined, after: Named | undefined): readonly ObjectKey[] {
  const object = after ?? before;
  return object === undefined ? [] : [keyOf(object)];
}

export function namespaceOf(before: Named | undefined, after: Named | undefined): string {
  return (after ?? before)?.metadata.namespace ?? '';
}
