import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { verifyBundle } from '../assets/bundle/bundle-file.ts';
import { BundleError, type BundleHead, MAX_MANIFEST_BYTES } from '../assets/bundle/format.ts';
import { hasCode } from './anchored.ts';
import type { StateDirectory } from './state-directory.ts';

const MAX_BUNDLE_BYTES = 256 * 1024 * 1024 + MAX_MANIFEST_BYTES;

/** The bundle of the wanted digest to its last byte, open for reading. */
export interface Proof {
  readonly handle: FileHandle;
  readonly head: BundleHead;
}

/** undefined where there is no such file, or another bundle than the wanted one. */
export async function prove(path: string, wanted: string, signal: AbortSignal): Promise<Proof | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    return { handle, head: await verifyBundle(handle, wanted, signal) };
  } catch (error) {
    await handle.close();
    if (error instanceof BundleError) return undefined;
    throw error;
  }
}

export interface TakeOptions {
  readonly wanted: string;
  readonly state: StateDirectory;
  /** A file of our own directory in which the bytes come together. */
  readonly path: string;
  /** So many bytes are in it already; with 0 it begins anew. */
  readonly behind: number;
  readonly signal: AbortSignal;
}

/**
 * Puts the bytes into our own directory and proves what is there then, so that nobody can change it in between (V11). Where
 * they break off, what came stays in the file; what does not prove to be the wanted bundle is deleted, for undefined.
 */
export async function takeBundle(
  bytes: AsyncIterable<Buffer>,
  { wanted, state, path, behind, signal }: TakeOptions,
): Promise<Proof | undefined> {
  const isWhole = await write(bytes, { path, behind });
  const proof = isWhole ? await prove(path, wanted, signal) : undefined;
  try {
    if (proof === undefined) await rm(path);
    else await rename(path, state.pathOf('bundle'));
    return proof;
  } catch (error) {
    await proof?.handle.close();
    throw error;
  }
}

/** False for more bytes than any bundle has. */
async function write(
  bytes: AsyncIterable<Buffer>,
  { path, behind }: Pick<TakeOptions, 'path' | 'behind'>,
): Promise<boolean> {
  await using file = await open(path, behind === 0 ? 'w' : 'a', 0o600);
  let length = behind;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > MAX_BUNDLE_BYTES) return false;
    await file.writeFile(chunk);
  }
  await file.sync();
  return true;
}
