import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { coerceError } from '../../src/platform/errors.ts';
import type { Files } from '../unit/materialize/fixture.ts';
import { randomOf } from './random.ts';
import type { Suite } from './suite.ts';
import { attack, prepareGround } from './volume/attacks.ts';
import { type FileCalls, type Interceptor, interceptFileCalls } from './volume/file-calls.ts';
import { startNeighbour } from './volume/live-neighbour.ts';
import { watchOutside } from './volume/watch.ts';
import {
  CANARY,
  differences,
  fingerprint,
  foreignPaths,
  makeWorlds,
  NEW,
  OLD,
  shortcomings,
  type World,
  type Worlds,
} from './volume/world.ts';

interface Tools {
  readonly worlds: Worlds;
  readonly calls: FileCalls;
  readonly seed: number;
}

/** What a volume was put through, and what came of it that must not. */
interface Raced {
  readonly attempts: number;
  readonly starts: number;
  readonly wrong: readonly string[];
}

/** Attempts on one volume before it gives way to a new one; fewer where half of all are fewer, so that both kinds are tried. */
const ATTEMPTS_PER_WORLD = 2_000;

/**
 * A neighbour swaps, plants, moves and deletes on the volume while the init container heals it. Half of the attempts are
 * acts between two of its calls to the file system, drawn from seed and index and so the same each time; the other half are
 * opens by it while processes of their own attack. Nothing outside of the volume is ever opened, looked at or changed,
 * nothing that the agent owns is changed, and once the neighbour stops, the next run ends with the wanted tree.
 */
export const races: Suite = {
  name: 'races',
  run: async ({ seed, runs, signal, onProgress }) => {
    await using worlds = await makeWorlds(signal);
    using calls = await interceptFileCalls();
    const tools: Tools = { worlds, calls, seed };
    const failures: string[] = [];
    const counts = { between: 0, live: 0, starts: 0, escapes: 0 };
    const perWorld = Math.min(ATTEMPTS_PER_WORLD, Math.ceil(runs / 2));

    for (let index = 0; counts.between + counts.live < runs; index++) {
      signal.throwIfAborted();
      const isLive = counts.live < counts.between;
      const left = Math.min(perWorld, runs - counts.between - counts.live);
      const raced = await (isLive ? raceLive(index, left, tools) : raceBetween(index, left, tools));
      counts[isLive ? 'live' : 'between'] += raced.attempts;
      counts.starts += raced.starts;
      counts.escapes += raced.wrong.length;
      if (raced.wrong.length > 0)
        failures.push(`seed ${seed}, index ${index}, ${isLive ? 'live' : 'between calls'}: ${raced.wrong.join('; ')}`);
      onProgress?.(counts.between + counts.live);
    }
    return { passed: counts.between + counts.live - failures.length, failures, counts };
  },
};

/** The neighbour acts before some calls: before many, so that no run gets through, or before few, so that most do. */
async function raceBetween(index: number, attempts: number, { seed, ...tools }: Tools): Promise<Raced> {
  const random = randomOf(seed, index);
  let acts = 0;
  const interfere =
    ({ target, outside }: World, share: number): Interceptor =>
    (_call, perform) => {
      if (acts < attempts && random.next() < share) {
        acts += 1;
        attack({ target, outside }, random);
      }
      return perform();
    };
  return onVolume(tools, {
    race: async (world, startRaced) => {
      while (acts < attempts) await startRaced(interfere(world, random.pick([0.01, 0.05, 0.3])));
      return acts;
    },
  });
}

async function raceLive(index: number, attempts: number, { seed, ...tools }: Tools): Promise<Raced> {
  return onVolume(tools, {
    race: async (world, startRaced, opens) => {
      await using _neighbour = await startNeighbour(world, seed + index);
      while (opens() < attempts) await startRaced((_call, perform) => perform());
      return opens();
    },
  });
}

type StartRaced = (interceptor: Interceptor) => Promise<void>;

interface Race {
  /** @returns how many attempts that were */
  race(world: World, startRaced: StartRaced, opens: () => number): Promise<number>;
}

async function onVolume({ worlds, calls }: Omit<Tools, 'seed'>, { race }: Race): Promise<Raced> {
  const world = await worlds.make();
  const wrong: string[] = [];
  let starts = 0;
  let attempts = 0;
  try {
    prepareGround(world.target);
    const untouched = fingerprint(foreignPaths(world));
    const watch = watchOutside(world.outside);
    const startRaced: StartRaced = async (interceptor) => {
      const wanted = starts % 2 === 0 ? NEW : OLD;
      starts += 1;
      const { exitCode, report } = await calls.intercept(
        (call, perform) => watch.interceptor(call, (args) => interceptor(call, () => perform(args))),
        () => worlds.start(world, wanted),
      );
      if (![0, 73, 75].includes(exitCode)) wrong.push(`ended with ${exitCode}: ${report.reason}`);
      if (/[0-9a-f]{16}|\/proc\//.test(report.reason ?? '')) wrong.push(`said ${report.reason}`);
    };
    attempts = await race(world, startRaced, watch.opens);
    wrong.push(...watch.escapes, ...(await convergence(worlds, world, NEW)));
    wrong.push(...differences(untouched, foreignPaths(world)), ...canaries(world.target));
  } catch (error) {
    wrong.push(`unexpected: ${coerceError(error).stack}`);
  } finally {
    await worlds.remove(world);
  }
  return { attempts: Math.max(1, attempts), starts, wrong };
}

/** One run after the neighbour stopped, and one more that has nothing to do. */
async function convergence(worlds: Worlds, world: World, wanted: Files): Promise<readonly string[]> {
  const { exitCode, report } = await worlds.start(world, wanted);
  const wrong = exitCode === 0 ? [] : [`did not converge, but ended with ${exitCode}: ${report.reason}`];
  const last = await worlds.start(world, wanted);
  const again =
    last.report.outcome === 'unchanged' ? [] : [`had still something to do: ${JSON.stringify(last.report)}`];
  return [...wrong, ...again, ...shortcomings(world, wanted)];
}

/** Files on the volume with what stands only in files elsewhere. */
function canaries(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return canaries(path);
    const isTaken = entry.isFile() && readFileSync(path, 'utf8').includes(CANARY);
    return isTaken ? [`${path} has the content of a file elsewhere`] : [];
  });
}
