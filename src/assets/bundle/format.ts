/**
 * A bundle is a tree in one file: what the store keeps, the asset server sends and the materializer caches.
 *
 *   16 bytes  magic: "molecule-bundle" and the version byte 1
 *    4 bytes  length of the manifest, big endian
 *    …        manifest: canonical JSON {"files":[{mode,path,sha256,sizeBytes}…]}, sorted by path
 *    …        the bytes of the files, in that order, nothing between them and nothing behind
 *
 * The tree digest follows from the manifest alone, so a reader knows after the first kilobytes whether it holds the tree
 * that it wants, and proves each file against its own hash as it goes.
 */
import { canonicalJson } from '../../platform/digest.ts';
import { type AssetTree, decodeTree, sortTree, totalBytes, treeDigest } from '../../rules/asset-tree.ts';

const MAGIC = Buffer.concat([Buffer.from('molecule-bundle', 'latin1'), Buffer.of(1)]);
export const PREFIX_BYTES = MAGIC.length + 4;
/** Ten thousand files with the longest paths need seven million bytes. */
export const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;

/** These bytes are not the bundle they should be: cut off, changed on disk, or of another version. */
export class BundleError extends Error {
  override readonly name = 'BundleError';

  constructor(state: string, options?: ErrorOptions) {
    super(`Cannot read bundle: ${state}`, options);
  }
}

export interface BundleHead {
  readonly tree: AssetTree;
  readonly digest: string;
  /** Where the bytes of the first file begin. */
  readonly contentOffset: number;
  /** Of the whole bundle. */
  readonly sizeBytes: number;
}

export function encodeBundleHead(tree: AssetTree): Buffer {
  const manifest = Buffer.from(canonicalJson({ files: sortTree(tree) }), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(manifest.length);
  return Buffer.concat([MAGIC, length, manifest]);
}

/** @returns the length of the manifest that follows the prefix */
export function decodeBundlePrefix(prefix: Buffer): number {
  if (prefix.length < PREFIX_BYTES) throw new BundleError('it is cut off');
  if (!prefix.subarray(0, MAGIC.length).equals(MAGIC)) throw new BundleError('it is not a bundle of this version');
  const length = prefix.readUInt32BE(MAGIC.length);
  if (length > MAX_MANIFEST_BYTES) throw new BundleError('its manifest is too large');
  return length;
}

export function decodeBundleManifest(manifest: Buffer): BundleHead {
  const tree = decodeTree(readFiles(manifest));
  const contentOffset = PREFIX_BYTES + manifest.length;
  return { tree, digest: treeDigest(tree), contentOffset, sizeBytes: contentOffset + totalBytes(tree) };
}

function readFiles(manifest: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(manifest.toString('utf8'));
    return typeof value === 'object' && value !== null && 'files' in value ? value.files : undefined;
  } catch (cause) {
    throw new BundleError('its manifest is not JSON', { cause });
  }
}
