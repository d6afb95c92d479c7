import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleShelf } from './bundle-shelf.ts';
import { ignoreMissing, type RevisionIndex } from './revision-index.ts';

export interface SweeperOptions {
  readonly shelf: BundleShelf;
  readonly index: RevisionIndex;
  /** Folder of unfinished work. */
  readonly leftovers: string;
  readonly now: () => number;
}

/** Bounds the store: to the trees that are published, and to those that were wanted during the last hour. */
export interface Sweeper {
  /** Somebody counts on this tree from now on; nothing that is swept was wanted for less than the grace time. */
  want(digest: string): void;
  sweep(inUse: ReadonlySet<string>): Promise<void>;
}

/** A Pod may still ask for the tree before the last, and a branch that was reset wants it back. */
const GRACE_MS = 3_600_000;
/** Far longer than any download may take. */
const LEFTOVER_MS = 300_000;

/** The grace time of a tree that was here before this process begins with it: nobody knows who wanted it last. */
export function createSweeper({ shelf, index, leftovers, now }: SweeperOptions): Sweeper {
  const wantedAt = new Map<string, number>();
  return {
    want: (digest) => {
      wantedAt.set(digest, now());
    },
    sweep: async (inUse) => {
      const present = new Set(await shelf.list());
      for (const digest of present) {
        const lastMs = wantedAt.get(digest);
        if (inUse.has(digest) || lastMs === undefined) wantedAt.set(digest, now());
        else if (now() - lastMs > GRACE_MS) {
          shelf.removeNow(digest);
          wantedAt.delete(digest);
        }
      }
      for (const digest of wantedAt.keys()) if (!present.has(digest)) wantedAt.delete(digest);
      await index.retain((digest) => shelf.holds(digest));
      await removeLeftovers(leftovers, now());
    },
  };
}

/** What a crash left behind. Younger work may be that of a process that runs: two may have one directory for a moment. */
export async function removeLeftovers(directory: string, nowMs: number): Promise<void> {
  for (const name of (await readdir(directory).catch(ignoreMissing)) ?? []) {
    const path = join(directory, name);
    const found = await stat(path).catch(ignoreMissing);
    if (found !== undefined && nowMs - found.mtimeMs > LEFTOVER_MS) await rm(path, { recursive: true, force: true });
  }
}
