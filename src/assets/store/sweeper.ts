import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleShelf, ShelvedBundle } from './bundle-shelf.ts';
import { ignoreMissing, type RevisionIndex } from './revision-index.ts';

export interface SweeperOptions {
  readonly shelf: BundleShelf;
  readonly index: RevisionIndex;
  /** Folder of unfinished work. */
  readonly leftovers: string;
  readonly now: () => number;
}

/**
 * Bounds the store: to the trees that are published, and to those that were wanted during the last hour; where bytes are
 * short, of the latter to those that were wanted last.
 */
export interface Sweeper {
  /** Somebody counts on this tree from now on; nothing that is swept was wanted for less than the grace time. */
  want(digest: string): void;
  sweep(inUse: ReadonlySet<string>): Promise<void>;
  /**
   * Removes trees that nobody needs, first those that nobody wanted for the longest, until all together have at most so many
   * bytes. What is published stays, and until the first `sweep` says what that is, everything does.
   * @returns the bytes of what is left
   */
  shrinkTo(bytes: number): Promise<number>;
}

/** A Pod may still ask for the tree before the last, and a branch that was reset wants it back. */
const GRACE_MS = 3_600_000;
/** What was wanted so lately is about to be published: nobody may have told yet. */
const PUBLISHING_MS = 120_000;
/** Far longer than any download may take. */
const LEFTOVER_MS = 300_000;

/** The grace time of a tree that was here before this process begins with it: nobody knows who wanted it last. */
export function createSweeper({ shelf, index, leftovers, now }: SweeperOptions): Sweeper {
  const wantedAt = new Map<string, number>();
  let published: ReadonlySet<string> | undefined;
  let isIndexTidy = false;

  const remove = (digest: string): void => {
    shelf.removeNow(digest);
    wantedAt.delete(digest);
    isIndexTidy = false;
  };

  return {
    want: (digest) => {
      wantedAt.set(digest, now());
    },
    sweep: async (inUse) => {
      published = inUse;
      const present = new Set((await shelf.list()).map(({ digest }) => digest));
      for (const digest of present) {
        const lastMs = wantedAt.get(digest);
        if (inUse.has(digest) || lastMs === undefined) wantedAt.set(digest, now());
        else if (now() - lastMs > GRACE_MS) remove(digest);
      }
      for (const digest of wantedAt.keys()) if (!present.has(digest)) wantedAt.delete(digest);
      if (!isIndexTidy) {
        isIndexTidy = true;
        await index.retain((digest) => shelf.holds(digest));
      }
      await removeLeftovers(leftovers, now());
    },
    shrinkTo: async (bytes) => {
      const bundles = await shelf.list();
      let left = bundles.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const lastWanted = ({ digest, putMs }: ShelvedBundle): number => wantedAt.get(digest) ?? putMs;
      for (const bundle of bundles.toSorted((a, b) => lastWanted(a) - lastWanted(b))) {
        if (left <= bytes) break;
        // Asked again for each: somebody may have come to want it meanwhile.
        const isNeeded = published?.has(bundle.digest) ?? true;
        if (isNeeded || now() - lastWanted(bundle) <= PUBLISHING_MS) continue;
        remove(bundle.digest);
        left -= bundle.sizeBytes;
      }
      return left;
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
