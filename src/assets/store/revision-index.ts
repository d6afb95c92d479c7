import { randomUUID } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
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
  /** Forgets the revisions whose tree is not kept. Forgetting one too many costs one download. */
  retain(isKept: (digest: string) => Promise<boolean>): Promise<void>;
}

/** `temporary` lies on the same file system. */
export function createRevisionIndex(directory: string, temporary: string): RevisionIndex {
  const pathOf = (key: string): string => join(directory, `${key}.json`);
  const read = async (path: string): Promise<string | undefined> => {
    const text = await readFile(path, 'utf8').catch(ignoreMissing);
    return text === undefined ? undefined : decodeDigest(text);
  };
  return {
    get: (key) => read(pathOf(key)),
    set: async (key, digest) => {
      const unfinished = join(temporary, randomUUID());
      {
        await using file = await open(unfinished, 'wx', 0o600);
        await file.writeFile(`${canonicalJson({ digest })}\n`);
        await file.sync();
      }
      await rename(unfinished, pathOf(key));
    },
    retain: async (isKept) => {
      for (const name of (await readdir(directory).catch(ignoreMissing)) ?? []) {
        const path = join(directory, name);
        const digest = await read(path);
        if (digest === undefined || !(await isKept(digest))) await rm(path, { force: true });
      }
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
