import type { ApprovalRequest } from '../apis/v1alpha1/types.generated.ts';
import { keyOf, type ObjectKey, type ObjectMeta } from '../kube/objects.ts';

interface Named {
  readonly metadata: ObjectMeta;
}

/** The key of what changed, for the controller of that very kind. */
export function ownKey(before: Named | undefined, after: Named | undefined): readonly ObjectKey[] {
  const object = after ?? before;
  return object === undefined ? [] : [keyOf(object)];
}

/** The objects of a kind that a request for approval is about: its target, and the Workspaces that would go with it. */
export function keysOfRequest(
  kind: string,
  before: ApprovalRequest | undefined,
  after: ApprovalRequest | undefined,
): readonly ObjectKey[] {
  const request = after ?? before;
  if (request === undefined) return [];
  const { target, record } = request.spec;
  const losses = kind === 'Workspace' ? (record?.losses ?? []) : [];
  const names = new Set([...(target.kind === kind ? [target.name] : []), ...losses.map(({ name }) => name)]);
  return [...names].map((name) => ({ namespace: namespaceOf(before, after), name }));
}

export function namespaceOf(before: Named | undefined, after: Named | undefined): string {
  return (after ?? before)?.metadata.namespace ?? '';
}
