import { randomUUID } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '../../platform/digest.ts';
import { isTreeDigest } from '../../rules/asset-tree.ts';

/** What is remembered of a revision. */
export interface KnownRevision {
  readonly digest: string;
  /** What its archive holds outside `include` that is neither file nor folder; the tree does not tell. */
  readonly ignored: number;
}

/** Remembers on disk which tree a revision turned out to be. A file that cannot be understood counts as not there. */
export interface RevisionIndex {
  get(key: string): Promise<KnownRevision | undefined>;
  set(key: string, revision: KnownRevision): Promise<void>;
  /** Forgets the revisions whose tree is not kept. Forgetting one too many costs one download. */
  retain(isKept: (digest: string) => Promise<boolean>): Promise<void>;
}

/** `temporary` lies on the same file system. */
export function createRevisionIndex(directory: string, temporary: string): RevisionIndex {
  const pathOf = (key: string): string => join(directory, `${key}.json`);
  const read = async (path: string): Promise<KnownRevision | undefined> => {
    const text = await readFile(path, 'utf8').catch(ignoreMissing);
    return text === undefined ? undefined : decodeRevision(text);
  };
  return {
    get: (key) => read(pathOf(key)),
    set: async (key, { digest, ignored }) => {
      const unfinished = join(temporary, randomUUID());
      {
        await using file = await open(unfinished, 'wx', 0o600);
        await file.writeFile(`${canonicalJson({ digest, ignored })}\n`);
        await file.sync();
      }
      await rename(unfinished, pathOf(key));
    },
    retain: async (isKept) => {
      for (const name of (await readdir(directory).catch(ignoreMissing)) ?? []) {
        const path = join(directory, name);
        const revision = await read(path);
        if (revision === undefined || !(await isKept(revision.digest))) await rm(path, { force: true });
      }
    },
  };
}

/** undefined for a file that does not exist; any other failure stays one. */
export function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

function decodeRevision(text: string): KnownRevision | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('digest' in value) || !('ignored' in value)) return undefined;
  const { digest, ignored } = value;
  const isCount = typeof ignored === 'number' && Number.isSafeInteger(ignored) && ignored >= 0;
  return typeof digest === 'string' && isTreeDigest(digest) && isCount ? { digest, ignored } : undefined;
}
