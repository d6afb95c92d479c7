import { RESERVED_FOLDER } from '../rules/asset-path.ts';
import { hashOf } from './content.ts';
import type { LocalBundle } from './heal.ts';
import { CACHED_BUNDLE_PATH } from './source.ts';
import type { Volume } from './volume.ts';

/** Keeps a copy of the bundle on the volume for a Pod that starts while the operator is away. Writes only a difference. */
export function cacheBundle(volume: Volume, { fd, head }: LocalBundle): void {
  const { sizeBytes } = head;
  const observed = volume
    .observe([RESERVED_FOLDER, CACHED_BUNDLE_PATH], { hashUpToBytes: sizeBytes })
    .get(CACHED_BUNDLE_PATH);
  if (observed?.kind === 'file' && observed.sizeBytes === sizeBytes && observed.sha256 === hashOf(fd, sizeBytes))
    return;
  volume.place(volume.stage({ kind: 'range', fd, position: 0, sizeBytes }, 0o644), CACHED_BUNDLE_PATH);
  volume.sync();
}
