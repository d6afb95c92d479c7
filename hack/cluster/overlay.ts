import { mkdir } from 'node:fs/promises';
import { runOrThrow } from '../lib/run.ts';

/**
 * True when the kernel can put an overlay on this directory, which is made if missing. An overlay cannot lie on another
 * one, as in a container without a volume, and needs root: full copies, slow but possible everywhere, take its place.
 */
export async function canOverlay(dir: string): Promise<boolean> {
  await mkdir(dir, { recursive: true });
  const fileSystem = await runOrThrow('stat', ['--file-system', '--format', '%T', dir]);
  return process.getuid?.() === 0 && fileSystem.trim() !== 'overlayfs';
}
