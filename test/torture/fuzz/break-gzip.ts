import { gzipSync } from 'node:zlib';
import type { SeededRandom } from '../../unit/faults/random.ts';
import { compress } from './tape.ts';

/** Wraps a good tar stream in a gzip frame with something wrong. A flipped bit may be one that means nothing. */
export function breakGzip(
  tar: Buffer,
  random: SeededRandom,
): { readonly archive: Buffer; readonly verdict: 'refuse' | 'either' } {
  const good = compress(tar, random);
  const half = random.between(1, tar.length - 1);
  const cut = random.between(0, good.length - 1);
  const noise = Buffer.from([random.between(0, 255)]);
  const flipped = Buffer.from(good);
  flipped[cut] = (flipped[cut] ?? 0) ^ (1 << random.between(0, 7));
  return random.pick([
    { archive: good.subarray(0, cut), verdict: 'refuse' },
    { archive: Buffer.concat([good, noise]), verdict: 'refuse' },
    { archive: Buffer.concat([noise, good]), verdict: 'refuse' },
    { archive: Buffer.concat([good, good]), verdict: 'refuse' },
    { archive: Buffer.concat([gzipSync(tar.subarray(0, half)), gzipSync(tar.subarray(half))]), verdict: 'refuse' },
    { archive: gzipSync(good), verdict: 'refuse' },
    { archive: tar, verdict: 'refuse' },
    { archive: flipped, verdict: 'either' },
  ]);
}
