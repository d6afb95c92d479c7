import { createHash, type Hash } from 'node:crypto';
import type { AssetFile } from '../../rules/asset-tree.ts';
import { BundleError } from './format.ts';

/** Takes the bytes of a bundle's files, as they come one behind the other, however they are cut. */
export interface FileHashing {
  /** After it returns, `onFile` was called for every file that ends in these bytes or before them. */
  take(bytes: Buffer): void;
  /** @throws BundleError when a file is missing or cut off */
  end(): void;
}

export interface FileHashingOptions {
  /** A hash for a file's bytes; it may hold something already. */
  readonly begin: (file: AssetFile) => Hash;
  /** With the finished hash in lower-case hex. What it throws is thrown to whoever gave the bytes. */
  readonly onFile: (file: AssetFile, hash: string) => void;
}

/** @param files in the bundle's order, from the one whose first byte is taken first */
export function hashFiles(files: readonly AssetFile[], { begin, onFile }: FileHashingOptions): FileHashing {
  let done = 0;
  let takenBytes = 0;
  let hash: Hash | undefined;

  const take = (bytes: Buffer): void => {
    let rest = bytes;
    for (let file = files[done]; file !== undefined; file = files[done]) {
      hash ??= begin(file);
      const part = rest.subarray(0, file.sizeBytes - takenBytes);
      hash.update(part);
      takenBytes += part.length;
      rest = rest.subarray(part.length);
      if (takenBytes < file.sizeBytes) return;
      onFile(file, hash.digest('hex'));
      done += 1;
      takenBytes = 0;
      hash = undefined;
    }
  };

  return {
    take,
    end: () => {
      take(Buffer.alloc(0));
      if (done < files.length) throw new BundleError('it is cut off');
    },
  };
}

/**
 * Holds the files against the hashes in the bundle's manifest.
 * @returns what throws a BundleError as soon as it has taken the last byte of a file that is another
 */
export function proveFiles(files: readonly AssetFile[]): FileHashing {
  return hashFiles(files, {
    begin: () => createHash('sha256'),
    onFile: (file, hash) => {
      if (hash !== file.sha256) throw new BundleError('the content of a file is not what its manifest says');
    },
  });
}
