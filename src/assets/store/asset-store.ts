import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { totalBytes } from '../../rules/asset-tree.ts';
import { LruMap } from '../../runtime/lru-map.ts';
import { ArchiveError } from '../archive/archive-error.ts';
import type { ArchiveLimits } from '../archive/read-archive.ts';
import { MAX_MANIFEST_BYTES } from '../bundle/format.ts';
import { createFlights } from '../flights.ts';
import { createKeyedLimiter } from '../limiter.ts';
import { VerificationError } from '../verify/verification-error.ts';
import { type AssetOrigin, type AssetRequest, type CheckedRequest, checkRequest } from './asset-request.ts';
import { createBundleShelf, type OpenBundle } from './bundle-shelf.ts';
import { type BundleSources, fetchBundle } from './fetch-bundle.ts';
import { createRevisionIndex } from './revision-index.ts';
import { createStoreRoom, StoreFullError } from './store-room.ts';
import { createSweeper, removeLeftovers } from './sweeper.ts';

export interface Artifact {
  readonly revision: string;
  readonly digest: string;
  /** Of the included files together. */
  readonly sizeBytes: number;
  readonly files: number;
  /** What the archive holds outside `include` that is neither file nor folder. */
  readonly ignored: number;
  /** It was here already: nothing was downloaded. */
  readonly isCached: boolean;
}

/**
 * Trees of template revisions, content-addressed on disk. Crash-safe: a bundle is at its place only when it is complete,
 * and an index entry is written after it. Safe to throw away, while it is used as well: everything in it can be downloaded
 * again. Two processes on one directory disturb each other no more than a lost file does: what one sweeps away, the other
 * downloads once more.
 */
export interface AssetStore {
  /**
   * Makes sure that the revision's bundle is here. However many ask at once, it is downloaded at most once, and one that
   * was refused is not downloaded again for a while; a caller who aborts does not disturb the others.
   * @throws FetchError, FluxDownloadError, ArchiveError, VerificationError, AssetRequestError, StoreFullError, disk errors
   */
  ensure(request: AssetRequest, signal: AbortSignal): Promise<Artifact>;
  /** Whether a good bundle is here and can be read; what the disk says otherwise, the next `ensure` tells. */
  has(digest: string, signal: AbortSignal): Promise<boolean>;
  /**
   * From the byte `from` on, 0 by default. undefined when the bundle is not here or was found damaged: the next `ensure`
   * downloads it again.
   */
  open(digest: string, signal: AbortSignal, from?: number): Promise<OpenBundle | undefined>;
  /**
   * Removes what nobody names and nobody asked for during the last hour. `inUse`: the digests that are published; what is
   * not among them goes earlier where a download needs the room.
   */
  sweep(inUse: ReadonlySet<string>): Promise<void>;
}

export interface AssetStoreOptions extends BundleSources {
  /** A directory of our own; made when missing. */
  readonly root: string;
  /** What trees and downloads under way may take on disk together. */
  readonly maxBytes: number;
  /** Of all together; twice as many as one namespace may hold. @default 16 */
  readonly maxDownloads?: number;
  /** Wall clock. @default Date.now */
  readonly now?: () => number;
}

/** A refused archive, or a list of files, may have been cut off or replaced on the way; after this long it is worth another download. */
const REFUSED_MS = 300_000;
const MAX_REFUSED = 1024;
/** A server that is slow, out of weakness or malice, holds up its own downloads and leaves places for those of others. */
const MAX_DOWNLOADS_PER_SERVER = 2;

export async function createAssetStore(options: AssetStoreOptions): Promise<AssetStore> {
  const { root, forge, flux, maxBytes, maxDownloads = 16, now = Date.now } = options;
  const directories = { bundles: join(root, 'bundles'), revisions: join(root, 'revisions'), tmp: join(root, 'tmp') };
  const makeDirectories = async (): Promise<void> => {
    for (const directory of Object.values(directories)) await mkdir(directory, { recursive: true, mode: 0o700 });
  };
  await makeDirectories();
  await removeLeftovers(directories.tmp, now());

  const index = createRevisionIndex(directories.revisions, directories.tmp);
  const shelf = createBundleShelf(directories.bundles);
  const sweeper = createSweeper({ shelf, index, leftovers: directories.tmp, now });
  const room = createStoreRoom({ maxBytes, shrinkTo: (bytes) => sweeper.shrinkTo(bytes) });
  const flights = createFlights<Artifact>();
  const downloads = createKeyedLimiter({ running: maxDownloads, perKey: MAX_DOWNLOADS_PER_SERVER });
  const refused = new LruMap<string, { readonly error: Error; readonly untilMs: number }>(MAX_REFUSED);

  const find = async ({ key, revision }: CheckedRequest, signal: AbortSignal): Promise<Artifact | undefined> => {
    const known = await index.get(key);
    if (known === undefined) return undefined;
    const { digest, ignored } = known;
    // Before looking: what is wanted is not swept away between the look and the answer.
    sweeper.want(digest);
    const facts = await shelf.check(digest, signal);
    return facts === undefined ? undefined : { revision, ...facts, ignored, isCached: true };
  };

  const download = async (request: CheckedRequest, signal: AbortSignal): Promise<Artifact> => {
    const leave = await downloads.enter(serverOf(request.origin), signal);
    let giveBack: (() => void) | undefined;
    try {
      giveBack = await room.take(mostBytes(request.limits), signal);
      // Somebody may have thrown the whole directory away.
      await makeDirectories();
      const { digest, tree, ignored } = await fetchBundle(request, {
        forge,
        flux,
        directory: directories.tmp,
        placeOf: shelf.pathOf,
        signal,
      });
      sweeper.want(digest);
      const { revision } = request;
      return { revision, digest, sizeBytes: totalBytes(tree), files: tree.length, ignored, isCached: false };
    } finally {
      giveBack?.();
      leave();
    }
  };

  const downloadOnce = async (request: CheckedRequest, signal: AbortSignal): Promise<Artifact> => {
    const { key } = request;
    const earlier = refused.get(key);
    if (earlier !== undefined && now() < earlier.untilMs) throw earlier.error;
    try {
      const artifact = await download(request, signal);
      await index.set(key, artifact);
      return artifact;
    } catch (error) {
      if (error instanceof ArchiveError || error instanceof VerificationError)
        refused.set(key, { error, untilMs: now() + REFUSED_MS });
      if (!isDiskFull(error)) throw error;
      // The volume is smaller than it was said to be, or others fill it: what nobody needs goes, for the next attempt.
      await sweeper.shrinkTo(0);
      throw new StoreFullError('Cannot keep assets: the disk of the store is full', { cause: error });
    }
  };

  return {
    ensure: async (request, signal) => {
      const checked = checkRequest(request);
      return flights.join(
        checked.key,
        async (shared) => (await find(checked, shared)) ?? (await downloadOnce(checked, shared)),
        signal,
      );
    },
    has: async (digest, signal) => {
      try {
        return (await shelf.check(digest, signal)) !== undefined;
      } catch (error) {
        if (signal.aborted) throw error;
        return false;
      }
    },
    open: (digest, signal, from) => shelf.open(digest, signal, from),
    sweep: (inUse) => sweeper.sweep(inUse),
  };
}

function serverOf(origin: AssetOrigin): string {
  const address = 'artifact' in origin ? origin.artifact.url : origin.source.baseURL;
  return URL.parse(address)?.origin ?? address;
}

/** On disk at once while it is built: the files as they come, and the bundle of them. */
function mostBytes({ assetBytes, expandedBytes }: ArchiveLimits): number {
  return 2 * Math.min(assetBytes, expandedBytes) + MAX_MANIFEST_BYTES;
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
