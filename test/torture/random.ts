import { SeededRandom } from '../unit/faults/random.ts';

/** The random numbers of one run of a suite: by seed and index it can be had again without the runs before it. */
export function randomOf(seed: number, index: number): SeededRandom {
  return new SeededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
}
