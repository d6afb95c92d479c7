import { rmSync } from 'node:fs';
import { access, type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { isTreeDigest, totalBytes } from '../../rules/asset-tree.ts';
import { readBundleHead, verifyBundle } from '../bundle/bundle-file.ts';
import { BundleError } from '../bundle/format.ts';
import { streamBundle } from '../bundle/stream-bundle.ts';
import { ignoreMissing } from './revision-index.ts';

export interface OpenBundle {
  /** Fails midway when the bytes on disk are not those of the digest. Has to be read to its end or destroyed. */
  readonly stream: Readable;
  /** Of the whole bundle, wherever the stream begins. */
  readonly sizeBytes: number;
}

export interface BundleFacts {
  readonly digest: string;
  /** Of the files together, not of the bundle. */
  readonly sizeBytes: number;
  readonly files: number;
}

export interface ShelvedBundle {
  readonly digest: string;
  readonly sizeBytes: number;
  /** When it was put there, by the wall clock. */
  readonly putMs: number;
}

/** Bundles on disk, by digest. A damaged one is taken off the shelf the moment it is noticed. */
export interface BundleShelf {
  pathOf(digest: string): string;
  /** Proves the bundle once per version of the file (inode, size, mtime) and process; undefined when there is no good one. */
  check(digest: string, signal: AbortSignal): Promise<BundleFacts | undefined>;
  /** From the byte `from` on, 0 by default. Proves the head at once, and each file of which a byte is sent while it is streamed. */
  open(digest: string, signal: AbortSignal, from?: number): Promise<OpenBundle | undefined>;
  /** Whether there is one, good or not. */
  holds(digest: string): Promise<boolean>;
  list(): Promise<readonly ShelvedBundle[]>;
  /** Takes it off before anything else can happen in this process: whoever looked at it earlier must look again. */
  removeNow(digest: string): void;
}

export function createBundleShelf(directory: string): BundleShelf {
  const proven = new Map<string, { readonly version: string; readonly facts: BundleFacts }>();
  const pathOf = (digest: string): string => join(directory, digest.replace(/^sha256:/, ''));

  const discard = async (digest: string): Promise<void> => {
    proven.delete(digest);
    await rm(pathOf(digest), { force: true });
  };

  const prove = async (handle: FileHandle, digest: string, signal: AbortSignal): Promise<BundleFacts> => {
    const { ino, size, mtimeMs } = await handle.stat();
    const version = `${ino} ${size} ${mtimeMs}`;
    const earlier = proven.get(digest);
    if (earlier?.version === version) return earlier.facts;
    const { tree } = await verifyBundle(handle, digest, signal);
    const facts: BundleFacts = { digest, sizeBytes: totalBytes(tree), files: tree.length };
    proven.set(digest, { version, facts });
    return facts;
  };

  /** Runs `use`; a BundleError in it means that the bundle is damaged: it goes and counts as absent. */
  const withBundle = async <T>(digest: string, use: (handle: FileHandle) => Promise<T>): Promise<T | undefined> => {
    const handle = await open(pathOf(digest), 'r').catch(ignoreMissing);
    if (handle === undefined) return undefined;
    try {
      return await use(handle);
    } catch (error) {
      await handle.close();
      if (!(error instanceof BundleError)) throw error;
      await discard(digest);
      return undefined;
    }
  };

  return {
    pathOf,
    check: async (digest, signal) =>
      withBundle(digest, async (handle) => {
        const facts = await prove(handle, digest, signal);
        await handle.close();
        return facts;
      }),
    open: async (digest, signal, from = 0) =>
      withBundle(digest, async (handle) => {
        const head = await readBundleHead(handle);
        if (head.digest !== digest) throw new BundleError(`it is ${head.digest}`);
        const content = streamBundle(handle, head, { from, onDamage: () => discard(digest), signal });
        const stream = Readable.from(content, { objectMode: false });
        // A stream that is destroyed before its first read never enters the generator, which would close the file.
        stream.once('close', () => handle.close());
        return { stream, sizeBytes: head.sizeBytes };
      }),
    holds: (digest) =>
      access(pathOf(digest)).then(
        () => true,
        () => false,
      ),
    list: async () => {
      const names = (await readdir(directory).catch(ignoreMissing)) ?? [];
      const digests = names.map((name) => `sha256:${name}`).filter(isTreeDigest);
      const found = await Promise.all(digests.map((digest) => stat(pathOf(digest)).catch(ignoreMissing)));
      return digests.flatMap((digest, index) => {
        const facts = found[index];
        return facts === undefined ? [] : [{ digest, sizeBytes: facts.size, putMs: facts.mtimeMs }];
      });
    },
    removeNow: (digest) => {
      proven.delete(digest);
      rmSync(pathOf(digest), { force: true });
    },
  };
}
