import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, sha256Hex } from '../../platform/digest.ts';
import { isTreeDigest } from '../../rules/asset-tree.ts';
import { type ArchiveLimits, FILTER_VERSION } from '../archive/read-archive.ts';
import type { ForgeSource } from '../fetch/forge.ts';

export interface RevisionRequest {
  readonly source: ForgeSource;
  readonly commit: string;
  readonly token?: string;
  readonly include: readonly string[];
  readonly limits: ArchiveLimits;
}

/**
 * Names everything that the tree of a revision depends on, and the credential it was fetched with: without the latter,
 * anybody who knows a commit of a private repository would be served what somebody else's token fetched.
 */
export function revisionKey({ source, commit, token, include, limits }: RevisionRequest): string {
  const { forge, baseURL, owner, repo, subPath } = source;
  const credential = token === undefined || token === '' ? '' : sha256Hex(token);
  return sha256Hex(
    canonicalJson({
      forge,
      baseURL,
      owner,
      repo,
      subPath: subPath ?? '',
      commit,
      credential,
      include,
      limits,
      filter: FILTER_VERSION,
    }),
  );
}

/** Remembers on disk which tree a revision turned out to be. A file that cannot be understood counts as not there. */
export interface RevisionIndex {
  get(key: string): Promise<string | undefined>;
  set(key: string, digest: string): Promise<void>;
}

export function createRevisionIndex(directory: string): RevisionIndex {
  const pathOf = (key: string): string => join(directory, `${key}.json`);
  return {
    get: async (key) => {
      const text = await readFile(pathOf(key), 'utf8').catch(ignoreMissing);
      return text === undefined ? undefined : decodeDigest(text);
    },
    set: async (key, digest) => {
      const temporary = `${pathOf(key)}.tmp`;
      {
        await using file = await open(temporary, 'w', 0o600);
        await file.writeFile(`${canonicalJson({ digest })}\n`);
        await file.sync();
      }
      await rename(temporary, pathOf(key));
    },
  };
}

/** undefined for a file that does not exist; any other failure stays one. */
export function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

function decodeDigest(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const digest = typeof value === 'object' && value !== null && 'digest' in value ? value.digest : undefined;
  return typeof digest === 'string' && isTreeDigest(digest) ? digest : undefined;
}
