import { canonicalJson } from '../../platform/digest.ts';
import { LruMap } from '../../runtime/lru-map.ts';
import type { ForgeCallOptions, ForgeClient, ForgeCommit, ForgeSource } from '../fetch/forge.ts';
import { createFlights } from '../flights.ts';

/** Beyond it the commit that was asked about the longest ago is forgotten, which costs one request. */
const MAX_COMMITS = 256;

export interface CommitQuestion extends ForgeCallOptions {
  /** Only an answer younger than this will do; 0: only one to a question asked from now on. */
  readonly maxAgeMs: number;
}

export interface CommitCacheOptions {
  readonly forge: Pick<ForgeClient, 'readCommit'>;
  /** Monotonic. */
  readonly now: () => number;
}

/**
 * What forges say of commits, shared by everybody who asks the same forge with the same credential. A failure is not
 * remembered.
 */
export function createCommitCache({ forge, now }: CommitCacheOptions) {
  const known = new LruMap<string, { readonly atMs: number; readonly answer: ForgeCommit }>(MAX_COMMITS);
  const flights = createFlights<ForgeCommit>();
  return {
    read: async (source: ForgeSource, commit: string, question: CommitQuestion): Promise<ForgeCommit> => {
      const { maxAgeMs, signal, ...call } = question;
      const { forge: kind, baseURL, owner, repo } = source;
      const key = canonicalJson({ kind, baseURL, owner, repo, commit, credential: call.credential?.id ?? '' });
      const before = known.get(key);
      if (before !== undefined && now() - before.atMs < maxAgeMs) return before.answer;
      return flights.join(
        key,
        async (shared) => {
          const atMs = now();
          const answer = await forge.readCommit(source, commit, { ...call, signal: shared });
          known.set(key, { atMs, answer });
          return answer;
        },
        signal,
      );
    },
  };
}

export type CommitCache = ReturnType<typeof createCommitCache>;
