import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { crashes } from '../../torture/crashes.ts';
import { differences, fingerprint, makeWorlds, NEW, ownedPaths, shortcomings } from '../../torture/volume/world.ts';

const SEED = 20_261_121;
const KILLED_START = fileURLToPath(new URL('../../torture/volume/killed-start.ts', import.meta.url));

describe('an init container that ends early', () => {
  it('leaves whole files and is finished by the next run, wherever it was killed or met an error', {
    timeout: 120_000,
  }, async () => {
    const { failures, counts } = await crashes.run({ seed: SEED, runs: 700, signal: new AbortController().signal });
    expect(failures).toEqual([]);
    expect(counts.killed).toBeGreaterThan(200);
    expect(counts.failing).toBeGreaterThan(100);
  });

  it('does so after a real SIGKILL as well', { timeout: 120_000 }, async () => {
    await using worlds = await makeWorlds(new AbortController().signal);
    let killed = 0;
    for (const change of [1, 5, 9, 13, 17, 21]) {
      const world = await worlds.make();
      const untouched = fingerprint(ownedPaths(world));
      const { signal } = startAndKill([world.target, world.state, String(change)]);
      if (signal === 'SIGKILL') killed += 1;
      expect((await worlds.start(world, NEW)).exitCode).toBe(0);
      expect([...shortcomings(world, NEW), ...differences(untouched, ownedPaths(world))]).toEqual([]);
      await worlds.remove(world);
    }
    expect(killed).toBe(6);
  });
});

function startAndKill(args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, ['--no-warnings', KILLED_START, ...args], { encoding: 'utf8' });
}
