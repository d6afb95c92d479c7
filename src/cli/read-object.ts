import { ApiError } from '../kube/errors.ts';
import { coerceError } from '../platform/errors.ts';

/** What a read found. What may not be read is said; it is neither there nor missing. */
export type Found<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly message: string };

/** 404 and 403 are answers; everything else rejects. */
export async function find<T>(read: Promise<T>): Promise<Found<T>> {
  try {
    return { kind: 'found', value: await read };
  } catch (thrown) {
    const error = coerceError(thrown);
    if (!(error instanceof ApiError)) throw error;
    if (error.code === 404) return { kind: 'missing' };
    if (error.code === 403) return { kind: 'unreadable', message: error.message };
    throw error;
  }
}

export function foundValue<T>(found: Found<T>): T | undefined {
  return found.kind === 'found' ? found.value : undefined;
}
