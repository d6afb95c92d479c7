import { backoffMs } from '../../platform/backoff.ts';
import { canonicalJson } from '../../platform/digest.ts';
import { LruMap } from '../../runtime/lru-map.ts';
import { createFlights } from '../flights.ts';
import { FetchError, type ForgeCallOptions, type ForgeClient, type ForgeSource, pinnedCommit } from './forge.ts';
import type { ForgeCredential } from './forge-credential.ts';

/** What was found out about a ref, and how long that is to be taken for the truth. */
export type RefLook =
  | { readonly kind: 'resolved'; readonly commit: string; readonly dueInMs: number }
  | { readonly kind: 'failed'; readonly error: FetchError; readonly dueInMs: number };

export interface RefQuestion extends ForgeCallOptions {
  /** How often the ref is looked at. */
  readonly intervalMs: number;
  /**
   * Only an answer younger than this will do, also within the interval; 0: only one to a question asked from now on.
   * @default whatever the interval allows
   */
  readonly maxAgeMs?: number;
}

/** Refs and the commits they stand for, shared by everybody who follows the same one. */
export interface RefCache {
  /**
   * Asks the forge at most once per interval for each (forge, repository, ref, credential), however many want to know; a
   * failure at most once per back-off; a ref that is a commit never. Intervals are stretched at random by up to a tenth, so
   * that sources do not come due together. Rejects when aborted, and for a fault of our own.
   */
  look(source: ForgeSource, question: RefQuestion): Promise<RefLook>;
}

export interface RefCacheOptions {
  readonly forge: Pick<ForgeClient, 'resolve'>;
  /** Monotonic. */
  readonly now: () => number;
  readonly random: () => number;
}

const JITTER = 0.1;
const FIRST_RETRY_MS = 15_000;
const LONGEST_RETRY_MS = 300_000;
/** Beyond it the source that was asked about the longest ago is forgotten, which costs one request. */
const MAX_SOURCES = 16_384;

interface Remembered {
  readonly atMs: number;
  readonly stretch: number;
  readonly result: string | FetchError;
  /** In a row. */
  readonly failures: number;
}

export function createRefCache({ forge, now, random }: RefCacheOptions): RefCache {
  const known = new LruMap<string, Remembered>(MAX_SOURCES);
  const flights = createFlights<Remembered>();

  const ask = async (key: string, source: ForgeSource, call: ForgeCallOptions): Promise<Remembered> => {
    const result = await forge.resolve(source, call).catch((error: unknown) => {
      if (error instanceof FetchError) return error;
      throw error;
    });
    const failures = result instanceof FetchError ? (known.get(key)?.failures ?? 0) + 1 : 0;
    const answer: Remembered = { atMs: now(), stretch: 1 + JITTER * random(), result, failures };
    known.set(key, answer);
    return answer;
  };

  const dueInMs = ({ atMs, stretch, result, failures }: Remembered, intervalMs: number): number => {
    if (typeof result === 'string') return atMs + intervalMs * stretch - now();
    const capMs = Math.min(intervalMs, LONGEST_RETRY_MS);
    const backoff = backoffMs(failures, { firstMs: FIRST_RETRY_MS, capMs, random: () => 1 }) * stretch;
    return atMs + Math.max(backoff, result.retryAfterMs ?? 0) - now();
  };

  return {
    look: async (source, { intervalMs, maxAgeMs = Number.POSITIVE_INFINITY, signal, ...call }) => {
      const commit = pinnedCommit(source);
      if (commit !== undefined) return { kind: 'resolved', commit, dueInMs: intervalMs };
      const key = keyOf(source, call.credential);
      const before = known.get(key);
      const isCurrent = before !== undefined && now() - before.atMs < maxAgeMs && dueInMs(before, intervalMs) > 0;
      // One that is under way may have been answered before somebody pushed and asked for a look now.
      const answer = isCurrent
        ? before
        : maxAgeMs === 0
          ? await ask(key, source, { ...call, signal })
          : await flights.join(key, (shared) => ask(key, source, { ...call, signal: shared }), signal);
      const { result } = answer;
      const left = { dueInMs: Math.max(0, dueInMs(answer, intervalMs)) };
      return typeof result === 'string'
        ? { kind: 'resolved', commit: result, ...left }
        : { kind: 'failed', error: result, ...left };
    },
  };
}

/** The folder of the repository is left out: it is the same ref whatever is taken from it. */
function keyOf({ subPath: _subPath, ...source }: ForgeSource, credential?: ForgeCredential): string {
  return canonicalJson({ ...source, credential: credential?.id ?? '' });
}
