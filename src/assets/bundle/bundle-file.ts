import type { FileHandle } from 'node:fs/promises';
import { TreeError } from '../../rules/asset-tree.ts';
import { BundleError, type BundleHead, decodeBundleManifest, decodeBundlePrefix, PREFIX_BYTES } from './format.ts';
import { proveFiles } from './hash-files.ts';
import { BLOCK_BYTES, readBlocks } from './read-blocks.ts';

/**
 * Reads what a bundle on disk says about itself. The content is not looked at, but its length is.
 * @throws BundleError
 */
export async function readBundleHead(handle: FileHandle): Promise<BundleHead> {
  const manifestBytes = decodeBundlePrefix(await readAt(handle, { offset: 0, length: PREFIX_BYTES }));
  const manifest = await readAt(handle, { offset: PREFIX_BYTES, length: manifestBytes });
  if (manifest.length < manifestBytes) throw new BundleError('it is cut off');
  const head = decodeManifest(manifest);
  if ((await handle.stat()).size !== head.sizeBytes) throw new BundleError('its length is not what its manifest says');
  return head;
}

/**
 * Proves that the bundle is the one with this digest, to its last byte.
 * @throws BundleError
 */
export async function verifyBundle(handle: FileHandle, digest: string, signal: AbortSignal): Promise<BundleHead> {
  const head = await readBundleHead(handle);
  if (head.digest !== digest) throw new BundleError(`it is ${head.digest} and not ${digest}`);
  const proof = proveFiles(head.tree);
  const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  const content = { from: head.contentOffset, to: head.sizeBytes, buffer, signal };
  for await (const block of readBlocks(handle, content)) proof.take(block);
  proof.end();
  return head;
}

/** Offset of each file's bytes in the bundle, by path. */
export function locateFiles(head: BundleHead): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  let offset = head.contentOffset;
  for (const file of head.tree) {
    offsets.set(file.path, offset);
    offset += file.sizeBytes;
  }
  return offsets;
}

function decodeManifest(manifest: Buffer): BundleHead {
  try {
    return decodeBundleManifest(manifest);
  } catch (error) {
    if (error instanceof TreeError) throw new BundleError('its manifest lists no acceptable tree', { cause: error });
    throw error;
  }
}

async function readAt(handle: FileHandle, { offset, length }: { offset: number; length: number }): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
