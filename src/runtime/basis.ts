import type { KubeClient } from '../kube/client.ts';
import { ApiError, isNotFound } from '../kube/errors.ts';
import { keyString, type ObjectKey, type ObjectMeta, type Resource } from '../kube/objects.ts';

/** An object whose spec a plan was decided from, as it was observed; undefined: it was not there. */
export interface Basis {
  readonly resource: Resource;
  readonly key: ObjectKey;
  readonly observed: { readonly metadata: ObjectMeta } | undefined;
}

/**
 * Rejects with a conflict when a spec is not what it was observed to be. A store may be behind without knowing it, and
 * preconditions protect only the object that is written: without this an operator with an old view undoes, again and
 * again, what another makes from the new one.
 */
export async function verifyBasis(
  basis: readonly Basis[],
  { client, signal }: { readonly client: KubeClient; readonly signal: AbortSignal },
): Promise<void> {
  await Promise.all(basis.map((each) => verifyOne(each, { client, signal })));
}

async function verifyOne(
  { resource, key, observed }: Basis,
  { client, signal }: { readonly client: KubeClient; readonly signal: AbortSignal },
): Promise<void> {
  const live = await client.get(resource, key, { signal }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    return undefined;
  });
  const { uid, generation } = observed?.metadata ?? {};
  if (live?.metadata.uid === uid && live?.metadata.generation === generation) return;
  const message = `${resource.kind} ${keyString(key)} is not what it was when it was last seen`;
  throw new ApiError(message, { code: 409, reason: 'Conflict' });
}
