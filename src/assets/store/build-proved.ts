import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildBundleOptions, type BuiltBundle, buildBundle } from '../bundle/build-bundle.ts';

export interface BuildProvedOptions extends BuildBundleOptions {
  /** Rejects unless the bundle that lies at `path` may be kept. */
  readonly prove: (path: string) => Promise<void>;
}

/**
 * Builds a bundle and proves it, before it comes to its final place: whatever happens, nothing that was not proved is there.
 * @throws errors of buildBundle and of `prove`
 */
export async function buildProved(
  source: AsyncIterable<Uint8Array>,
  { prove, ...options }: BuildProvedOptions,
): Promise<BuiltBundle> {
  const workDirectory = await mkdtemp(join(options.directory, 'prove-'));
  try {
    const built = await buildBundle(source, { ...options, placeOf: () => join(workDirectory, 'bundle') });
    await prove(built.path);
    const path = options.placeOf(built.digest);
    await rename(built.path, path);
    return { ...built, path };
  } finally {
    await rm(workDirectory, { recursive: true, force: true });
  }
}
