import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findPathFault, type IncludeSet, parseInclude } from '../../rules/asset-path.ts';
import { totalBytes } from '../../rules/asset-tree.ts';
import { ARCHIVE_LIMITS, type ArchiveLimits } from '../archive/read-archive.ts';
import { buildBundle } from '../bundle/build-bundle.ts';
import { type ForgeClient, type ForgeSource, isCommit } from '../fetch/forge.ts';
import { createLimiter } from '../limiter.ts';
import { createBundleShelf, type OpenBundle } from './bundle-shelf.ts';
import { createFlights } from './flights.ts';
import { createRevisionIndex, type RevisionRequest, revisionKey } from './revision-index.ts';

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

/**
 * Trees of template revisions, content-addressed on disk. Crash-safe: a bundle is at its place only when it is complete,
 * and an index entry is written after it. Safe to throw away: everything in it can be downloaded again.
 */
export interface AssetStore {
  /**
   * Makes sure that the revision's bundle is here. However many ask at once, it is downloaded at most once; a caller who
   * aborts does not disturb the others.
   * @throws FetchError, ArchiveError, RangeError (a request that the API's schema should have refused), disk errors
   */
  ensure(request: AssetRequest, signal: AbortSignal): Promise<Artifact>;
  /** undefined when the bundle is not here or was found damaged: the next `ensure` downloads it again. */
  open(digest: string, signal: AbortSignal): Promise<OpenBundle | undefined>;
}

export interface AssetStoreOptions {
  /** A directory of our own; made when missing. One process at a time. */
  readonly root: string;
  readonly forge: ForgeClient;
  /** @default 2 */
  readonly maxDownloads?: number;
}

export async function createAssetStore({ root, forge, maxDownloads = 2 }: AssetStoreOptions): Promise<AssetStore> {
  const directories = { bundles: join(root, 'bundles'), revisions: join(root, 'revisions'), tmp: join(root, 'tmp') };
  for (const directory of Object.values(directories)) await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const leftover of await readdir(directories.tmp))
    await rm(join(directories.tmp, leftover), { recursive: true, force: true });

  const index = createRevisionIndex(directories.revisions);
  const shelf = createBundleShelf(directories.bundles);
  const flights = createFlights<Artifact>();
  const downloads = createLimiter({ running: maxDownloads, waiting: Number.POSITIVE_INFINITY });

  const find = async (key: string, commit: string, signal: AbortSignal): Promise<Artifact | undefined> => {
    const digest = await index.get(key);
    const facts = digest === undefined ? undefined : await shelf.check(digest, signal);
    return facts === undefined ? undefined : { commit, ...facts, isCached: true };
  };

  const download = async (
    request: RevisionRequest & { readonly set: IncludeSet },
    signal: AbortSignal,
  ): Promise<Artifact> => {
    const { source, commit, token } = request;
    const leave = await downloads.enter(signal);
    try {
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
      return { commit, digest, sizeBytes: totalBytes(tree), files: tree.length, isCached: false };
    } finally {
      leave?.();
    }
  };

  return {
    ensure: async (request, signal) => {
      const checked = checkRequest(request);
      const key = revisionKey(checked);
      return flights.join(
        key,
        async (flightSignal) => {
          const found = await find(key, checked.commit, flightSignal);
          if (found !== undefined) return found;
          const artifact = await download(checked, flightSignal);
          await index.set(key, artifact.digest);
          return artifact;
        },
        signal,
      );
    },
    open: (digest, signal) => shelf.open(digest, signal),
  };
}

function checkRequest(request: AssetRequest): RevisionRequest & { readonly set: IncludeSet } {
  const { source, commit, include } = request;
  const parsed = parseInclude(include);
  if (parsed.kind === 'invalid') throw new RangeError(`Cannot take assets: ${parsed.message}`);
  if (!isCommit(commit)) throw new RangeError('Cannot take assets: the commit is not 40 hexadecimal digits');
  if (source.subPath !== undefined && source.subPath !== '' && findPathFault(source.subPath) !== undefined) {
    throw new RangeError('Cannot take assets: subPath is not a folder inside the repository');
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
