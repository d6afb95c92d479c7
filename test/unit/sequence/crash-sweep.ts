import { beforeAll, describe, it } from 'vitest';
import type { Script } from './crash-scripts.ts';
import { type Fault, type FaultSource, faultAt, faultEvery, noFaults } from './faults.ts';
import { expectSound, play, type Run } from './play.ts';

/** To die before an effect is to die after the one before it. */
const FAULTS: readonly Fault[] = ['died after', 'request lost', 'answer lost'];

/** Every script, with every fault at every single effect; and with processes that live for so many effects only. */
export function sweep(scripts: Readonly<Record<string, Script>>, lifetimes: readonly number[]): void {
  describe.for(Object.entries(scripts))('%s comes to the same end', ([, script]) => {
    let ends: Run['ends'];
    beforeAll(async () => {
      ends = (await play(script, () => noFaults)).ends;
    });

    it.for(FAULTS)('whichever single effect of each step met with: %s', { timeout: 300_000 }, async (fault) => {
      for (let n = 1, isOver = false; !isOver; n += 1) {
        const sources: ReturnType<typeof faultAt>[] = [];
        const newFaults = (): FaultSource => {
          const source = faultAt(n, fault);
          sources.push(source);
          return source;
        };
        expectSound(await play(script, newFaults), { script, ends, what: `effect ${n}` });
        isOver = sources.every(({ effects }) => effects() < n);
      }
    });

    it.for(lifetimes)('although a process lives for %i effects only', async (n) => {
      const run = await play(script, () => faultEvery(n, 'died after'));
      expectSound(run, { script, ends });
    });
  });
}
