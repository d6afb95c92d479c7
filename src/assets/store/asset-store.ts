import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findPathFault, type IncludeSet, parseInclude } from '../../rules/asset-path.ts';
import { totalBytes } from '../../rules/asset-tree.ts';
import { LruMap } from '../../runtime/lru-map.ts';
import { ArchiveError } from '../archive/archive-error.ts';
import { ARCHIVE_LIMITS, type ArchiveLimits } from '../archive/read-archive.ts';
import { buildBundle } from '../bundle/build-bundle.ts';
import { type ForgeClient, type ForgeSource, isCommit } from '../fetch/forge.ts';
import { createFlights } from '../flights.ts';
import { createLimiter } from '../limiter.ts';
import { createBundleShelf, type OpenBundle } from './bundle-shelf.ts';
import { createRevisionIndex, type RevisionRequest, revisionKey } from './revision-index.ts';
import { createSweeper, removeLeftovers } from './sweeper.ts';

export interface AssetRequest {
  readonly source: ForgeSource;
  /** What `source.ref` was resolved to; 40 hex. */
  readonly commit: string;
  readonly token?: string;
  readonly include: readonly string[];
  readonly limits?: { readonly assetBytes?: number };
}

export interface Artifact {
  readonly commit: string;
  readonly digest: string;
  /** Of the included files together. */
  readonly sizeBytes: number;
  readonly files: number;
  /** It was here already: nothing was downloaded. */
  readonly isCached: boolean;
}

/** The request cannot be meant; nobody was asked. The API's schema should have refused it. */
export class AssetRequestError extends RangeError {
  override readonly name = 'AssetRequestError';
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
   * @throws FetchError, ArchiveError, AssetRequestError, disk errors
   */
  ensure(request: AssetRequest, signal: AbortSignal): Promise<Artifact>;
  /** Whether a good bundle is here and can be read; what the disk says otherwise, the next `ensure` tells. */
  has(digest: string, signal: AbortSignal): Promise<boolean>;
  /** undefined when the bundle is not here or was found damaged: the next `ensure` downloads it again. */
  open(digest: string, signal: AbortSignal): Promise<OpenBundle | undefined>;
  /** Removes what nobody names and nobody asked for during the last hour. `inUse`: the digests that are published. */
  sweep(inUse: ReadonlySet<string>): Promise<void>;
}

export interface AssetStoreOptions {
  /** A directory of our own; made when missing. */
  readonly root: string;
  readonly forge: Pick<ForgeClient, 'download'>;
  /** @default 2 */
  readonly maxDownloads?: number;
  /** Wall clock. @default Date.now */
  readonly now?: () => number;
}

/** A refused archive may have been cut off or replaced on the way; after this long it is worth another download. */
const REFUSED_MS = 300_000;
const MAX_REFUSED = 1024;

export async function createAssetStore(options: AssetStoreOptions): Promise<AssetStore> {
  const { root, forge, maxDownloads = 2, now = Date.now } = options;
  const directories = { bundles: join(root, 'bundles'), revisions: join(root, 'revisions'), tmp: join(root, 'tmp') };
  const makeDirectories = async (): Promise<void> => {
    for (const directory of Object.values(directories)) await mkdir(directory, { recursive: true, mode: 0o700 });
  };
  await makeDirectories();
  await removeLeftovers(directories.tmp, now());

  const index = createRevisionIndex(directories.revisions, directories.tmp);
  const shelf = createBundleShelf(directories.bundles);
  const sweeper = createSweeper({ shelf, index, leftovers: directories.tmp, now });
  const flights = createFlights<Artifact>();
  const downloads = createLimiter({ running: maxDownloads, waiting: Number.POSITIVE_INFINITY });
  const refused = new LruMap<string, { readonly error: ArchiveError; readonly untilMs: number }>(MAX_REFUSED);

  const find = async (key: string, commit: string, signal: AbortSignal): Promise<Artifact | undefined> => {
    const digest = await index.get(key);
    if (digest === undefined) return undefined;
    // Before looking: what is wanted is not swept away between the look and the answer.
    sweeper.want(digest);
    const facts = await shelf.check(digest, signal);
    return facts === undefined ? undefined : { commit, ...facts, isCached: true };
  };

  const download = async (
    request: RevisionRequest & { readonly set: IncludeSet },
    signal: AbortSignal,
  ): Promise<Artifact> => {
    const { source, commit, token } = request;
    const leave = await downloads.enter(signal);
    try {
      // Somebody may have thrown the whole directory away.
      await makeDirectories();
      const archive = await forge.download(source, commit, { signal, ...(token === undefined ? {} : { token }) });
      const { digest, tree } = await buildBundle(archive, {
        include: request.set,
        ...(source.subPath === undefined ? {} : { subPath: source.subPath }),
        limits: request.limits,
        commit,
        directory: directories.tmp,
        placeOf: shelf.pathOf,
        signal,
      });
      sweeper.want(digest);
      return { commit, digest, sizeBytes: totalBytes(tree), files: tree.length, isCached: false };
    } finally {
      leave?.();
    }
  };

  const downloadOnce = async (
    key: string,
    request: RevisionRequest & { readonly set: IncludeSet },
    signal: AbortSignal,
  ): Promise<Artifact> => {
    const earlier = refused.get(key);
    if (earlier !== undefined && now() < earlier.untilMs) throw earlier.error;
    try {
      const artifact = await download(request, signal);
      await index.set(key, artifact.digest);
      return artifact;
    } catch (error) {
      if (error instanceof ArchiveError) refused.set(key, { error, untilMs: now() + REFUSED_MS });
      throw error;
    }
  };

  return {
    ensure: async (request, signal) => {
      const checked = checkRequest(request);
      const key = revisionKey(checked);
      return flights.join(
        key,
        async (shared) => (await find(key, checked.commit, shared)) ?? (await downloadOnce(key, checked, shared)),
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
    open: (digest, signal) => shelf.open(digest, signal),
    sweep: (inUse) => sweeper.sweep(inUse),
  };
}

function checkRequest(request: AssetRequest): RevisionRequest & { readonly set: IncludeSet } {
  const { source, commit, include } = request;
  const parsed = parseInclude(include);
  if (parsed.kind === 'invalid') throw new AssetRequestError(`Cannot take assets: ${parsed.message}`);
  if (!isCommit(commit)) throw new AssetRequestError('Cannot take assets: the commit is not 40 hexadecimal digits');
  if (source.subPath !== undefined && source.subPath !== '' && findPathFault(source.subPath) !== undefined) {
    throw new AssetRequestError('Cannot take assets: subPath is not a folder inside the repository');
  }
  const limits: ArchiveLimits = {
    ...ARCHIVE_LIMITS,
    assetBytes: request.limits?.assetBytes ?? ARCHIVE_LIMITS.assetBytes,
  };
  return {
    source,
    commit,
    include,
    limits,
    set: parsed.include,
    ...(request.token === undefined ? {} : { token: request.token }),
  };
}
