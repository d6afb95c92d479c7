/**
 * `ours.mjs bundle|extract ARCHIVE TARGET`: what operator and init container do with an archive, as one program. `bundle` ends with the
 * proven tree in one file, as the operator keeps it; `extract` goes on to files in TARGET, as an agent gets them. Only the limit
 * of a template's size is raised, which `big` is above.
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ARCHIVE_LIMITS } from '../../../../src/assets/archive/read-archive.ts';
import { buildBundle } from '../../../../src/assets/bundle/build-bundle.ts';
import { verifyBundle } from '../../../../src/assets/bundle/bundle-file.ts';
import { includeOf } from '../../../../src/materialize/config.ts';
import { materializeBundle } from '../../../../src/materialize/materialize-bundle.ts';
import { openVolume } from '../../../../src/materialize/volume.ts';
import { DEFAULT_INCLUDE } from '../../../../src/rules/asset-path.ts';
import { readProcessStats } from '../../process-stats.ts';

const [mode, archive = '', target = ''] = process.argv.slice(2);
const { signal } = new AbortController();
const include = includeOf(DEFAULT_INCLUDE);
const directory = await mkdtemp(`${target}-work-`);
try {
  const { path, digest } = await buildBundle(createReadStream(archive), {
    include,
    limits: { ...ARCHIVE_LIMITS, assetBytes: ARCHIVE_LIMITS.expandedBytes },
    directory,
    placeOf: () => join(directory, 'bundle'),
    signal,
  });
  if (mode === 'extract') {
    await using handle = await open(path, 'r');
    const head = await verifyBundle(handle, digest, signal);
    const volume = openVolume(target);
    const bundle = { fd: handle.fd, head };
    await materializeBundle({
      volume,
      bundle,
      include,
      trustedInventory: undefined,
      saveInventory: async () => undefined,
    });
    volume.close();
  }
} finally {
  await rm(directory, { recursive: true });
}
process.stdout.write(JSON.stringify(await readProcessStats(process.pid)));
