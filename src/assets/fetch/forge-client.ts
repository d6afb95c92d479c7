import type { Dispatcher } from 'undici';
import { ARCHIVE_LIMITS } from '../archive/read-archive.ts';
import { FetchError, type ForgeClient, isCommit } from './forge.ts';
import { createForgeHttp, type ForgeAnswer } from './forge-http.ts';
import { downloadGitea, resolveGitea } from './gitea.ts';
import { downloadGithub, resolveGithub } from './github.ts';

export interface ForgeClientOptions {
  /** @default undici's shared one */
  readonly dispatcher?: Dispatcher;
  /** For each exchange as a whole. @default 30 000 (TA-11) */
  readonly timeoutMs?: number;
}

/** The forges that we know, behind the port. */
export function createForgeClient(options: ForgeClientOptions = {}): ForgeClient {
  const http = createForgeHttp({ timeoutMs: 30_000, ...options });
  return {
    resolve: async (source, call) => {
      if (isCommit(source.ref)) return source.ref;
      switch (source.forge) {
        case 'gitea':
          return resolveGitea(http, source, call);
        case 'github':
          return resolveGithub(http, source, call);
        default:
          return unknownForge(source.forge);
      }
    },
    download: async (source, commit, call) => {
      switch (source.forge) {
        case 'gitea':
          return bounded(await downloadGitea(http, source, { ...call, commit }));
        case 'github':
          return bounded(await downloadGithub(http, source, { ...call, commit }));
        default:
          return unknownForge(source.forge);
      }
    },
  };
}

/** Refuses by the announced length before a byte is read; the archive reader counts what really comes. */
async function bounded({ body, contentBytes, discard }: ForgeAnswer): Promise<AsyncIterable<Uint8Array>> {
  if (contentBytes !== undefined && contentBytes > ARCHIVE_LIMITS.compressedBytes) {
    await discard();
    throw new FetchError('TooLarge', `Cannot fetch archive: it is larger than ${ARCHIVE_LIMITS.compressedBytes} bytes`);
  }
  return body;
}

function unknownForge(forge: never): never {
  throw new FetchError('BadResponse', `Cannot fetch: unknown forge ${JSON.stringify(forge)}`);
}
