import { ARCHIVE_LIMITS } from '../archive/read-archive.ts';
import {
  FetchError,
  type ForgeCallOptions,
  type ForgeClient,
  type ForgeCommit,
  type ForgeSource,
  type ForgeTreeEntry,
  pinnedCommit,
} from './forge.ts';
import { createForgeHttp, type ForgeAnswer } from './forge-http.ts';
import { downloadGitea, readGiteaCommit, readGiteaTree, resolveGitea } from './gitea.ts';
import { downloadGithub, readGithubCommit, readGithubTree, resolveGithub } from './github.ts';
import type { ForgeAccess } from './missing.ts';
import { createTextReader, respectRateLimits } from './polite-http.ts';
import { forgeApi } from './repository-url.ts';
import type { TransportOptions } from './transport.ts';

export interface ForgeClientOptions extends TransportOptions {
  /** For each exchange as a whole. @default 30 000 (TA-11) */
  readonly timeoutMs?: number;
  /** Wall clock. @default Date.now */
  readonly now?: () => number;
}

interface Forge {
  resolve(access: ForgeAccess, source: ForgeSource, options: ForgeCallOptions): Promise<string>;
  download(
    access: ForgeAccess,
    source: ForgeSource,
    options: ForgeCallOptions & { readonly commit: string },
  ): Promise<ForgeAnswer>;
  readCommit(
    access: ForgeAccess,
    source: ForgeSource,
    options: ForgeCallOptions & { readonly commit: string },
  ): Promise<ForgeCommit>;
  readTree(
    access: ForgeAccess,
    source: ForgeSource,
    options: ForgeCallOptions & { readonly tree: string },
  ): Promise<readonly ForgeTreeEntry[] | undefined>;
}

const FORGES: Readonly<Record<ForgeSource['forge'], Forge>> = {
  gitea: { resolve: resolveGitea, download: downloadGitea, readCommit: readGiteaCommit, readTree: readGiteaTree },
  github: {
    resolve: resolveGithub,
    download: downloadGithub,
    readCommit: readGithubCommit,
    readTree: readGithubTree,
  },
};

/** The forges that we know, behind the port. */
export function createForgeClient(options: ForgeClientOptions): ForgeClient {
  const { now = Date.now, timeoutMs = 30_000 } = options;
  const http = respectRateLimits(createForgeHttp({ ...options, timeoutMs, now }), now);
  const access: ForgeAccess = { http, texts: createTextReader(http) };
  return {
    resolve: async (source, call) => {
      const pinned = pinnedCommit(source);
      if (pinned !== undefined) return pinned;
      const commit = await FORGES[source.forge].resolve(access, source, call);
      refuseAbbreviation(source, commit);
      return commit;
    },
    download: async (source, commit, call) =>
      bounded(await FORGES[source.forge].download(access, source, { ...call, commit })),
    readCommit: (source, commit, call) => FORGES[source.forge].readCommit(access, source, { ...call, commit }),
    readTree: async (source, tree, call) => {
      const timeout = AbortSignal.timeout(timeoutMs);
      const signal = AbortSignal.any([call.signal, timeout]);
      try {
        return await FORGES[source.forge].readTree(access, source, { ...call, signal, tree });
      } catch (error) {
        if (!timeout.aborted) throw error;
        const origin = new URL(forgeApi(source)).origin;
        throw new FetchError('TimedOut', `Cannot fetch from ${origin}: no complete list within ${timeoutMs / 1000} s`);
      }
    },
  };
}

/**
 * Looks pinned and is not: as a repository grows, the beginning of a commit stops being of one alone. A branch or tag that
 * is called like that is welcome, unless it points at the very commit.
 */
function refuseAbbreviation({ ref }: ForgeSource, commit: string): void {
  if (ref.length < commit.length && commit.startsWith(ref.toLowerCase()) && /^[0-9a-f]{4,}$/i.test(ref))
    throw new FetchError('RefAbbreviated', `Cannot take "${ref}" for a commit: it is only the beginning of ${commit}`);
}

/** Refuses by the announced length before a byte is read; the archive reader counts what really comes. */
async function bounded({ body, contentBytes, discard }: ForgeAnswer): Promise<AsyncIterable<Uint8Array>> {
  if (contentBytes !== undefined && contentBytes > ARCHIVE_LIMITS.compressedBytes) {
    await discard();
    throw new FetchError('TooLarge', `Cannot fetch archive: it is larger than ${ARCHIVE_LIMITS.compressedBytes} bytes`);
  }
  return body;
}
