import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The root of this checkout, whatever the working directory. */
export const CHECKOUT_DIR = resolve(import.meta.dirname, '../..');

/** All state of the development machinery of this checkout; ignored by git. */
export const DEV_DIR = join(CHECKOUT_DIR, '.dev');

/**
 * Eight hex digits that tell this checkout from others on the machine. Names of things that live outside of the
 * checkout (bridge, cgroup, socket directory) carry them, so that checkouts side by side do not meet.
 */
export function checkoutId(checkoutDir: string = CHECKOUT_DIR): string {
  return createHash('sha256').update(checkoutDir).digest('hex').slice(0, 8);
}

/** Where built and downloaded binaries are kept for all checkouts of this user. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env.MOLECULE_CACHE) return resolve(env.MOLECULE_CACHE);
  const base = env.XDG_CACHE_HOME ? env.XDG_CACHE_HOME : join(env.HOME ?? homedir(), '.cache');
  return join(base, 'molecule-operator');
}
