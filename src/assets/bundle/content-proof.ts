import { createHash } from 'node:crypto';
import type { AssetFile } from '../../rules/asset-tree.ts';
import { BundleError } from './format.ts';

/** Holds the bytes of a bundle's files, as they come one behind the other, against the hashes in its manifest. */
export interface ContentProof {
  /**
   * After it returns, every file that ends in these bytes or before them is proven.
   * @throws BundleError where one is another
   */
  take(bytes: Buffer): void;
  /** @throws BundleError when a file is missing or cut off */
  end(): void;
}

/** @param files in the bundle's order, from the one whose first byte is taken first */
export function createContentProof(files: readonly AssetFile[]): ContentProof {
  let proven = 0;
  let takenBytes = 0;
  let hash = createHash('sha256');

  const take = (bytes: Buffer): void => {
    let rest = bytes;
    for (let file = files[proven]; file !== undefined; file = files[proven]) {
      const part = rest.subarray(0, file.sizeBytes - takenBytes);
      hash.update(part);
      takenBytes += part.length;
      rest = rest.subarray(part.length);
      if (takenBytes < file.sizeBytes) return;
      if (hash.digest('hex') !== file.sha256)
        throw new BundleError('the content of a file is not what its manifest says');
      proven += 1;
      takenBytes = 0;
      hash = createHash('sha256');
    }
  };

  return {
    take,
    end: () => {
      take(Buffer.alloc(0));
      if (proven < files.length) throw new BundleError('it is cut off');
    },
  };
}
