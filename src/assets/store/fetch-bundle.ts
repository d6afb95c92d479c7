import { type BuildBundleOptions, type BuiltBundle, buildBundle } from '../bundle/build-bundle.ts';
import type { FluxClient } from '../fetch/flux-client.ts';
import type { ForgeClient } from '../fetch/forge.ts';
import { compareFiles } from '../verify/compare-files.ts';
import { gitHashOf } from '../verify/git-object.ts';
import { proveTree } from '../verify/prove-tree.ts';
import { readBlobs } from '../verify/read-blobs.ts';
import type { AssetOrigin, CheckedRequest, ForgeOrigin } from './asset-request.ts';
import { buildProved } from './build-proved.ts';

export interface BundleSources {
  readonly forge: Pick<ForgeClient, 'download' | 'readTree'>;
  readonly flux: Pick<FluxClient, 'download'>;
}

export type FetchBundleOptions = BundleSources & Pick<BuildBundleOptions, 'directory' | 'placeOf' | 'signal'>;

/**
 * Gets what is asked for from where it is, as a bundle at its place. Where the tree of the signed commit is known, the bundle
 * comes to its place only when its files are those of that tree; the forge is not asked for them before it has shown the tree.
 * @throws FetchError, FluxDownloadError, ArchiveError, VerificationError, disk errors
 */
export async function fetchBundle(
  { origin, chosen, limits }: CheckedRequest,
  { forge, flux, ...options }: FetchBundleOptions,
): Promise<BuiltBundle> {
  const archive = readOrigin(origin, { forge, flux }, options.signal);
  const build = { ...chosen, ...options, limits };
  if ('artifact' in origin) return buildBundle(archive, build);
  const { source, commit, tree } = origin;
  if (tree === undefined) return buildBundle(archive, { ...build, commit });
  const signed = proveTree(tree, await forge.readTree(source, tree, callOf(origin, options.signal)));
  const prove = async (path: string): Promise<void> => {
    compareFiles(signed, await readBlobs(path, gitHashOf(tree), options.signal), chosen);
  };
  return buildProved(archive, { ...build, commit, prove });
}

/** Asks for it at the first read: what cannot be written down is not asked for, and holds no connection. */
async function* readOrigin(
  origin: AssetOrigin,
  { forge, flux }: BundleSources,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  if ('artifact' in origin) return yield* await flux.download(origin.artifact, signal);
  yield* await forge.download(origin.source, origin.commit, callOf(origin, signal));
}

function callOf({ credential }: ForgeOrigin, signal: AbortSignal) {
  return { signal, ...(credential === undefined ? {} : { credential }) };
}
