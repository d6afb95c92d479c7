import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResult } from '../../src/materialize/result.ts';
import { coerceError } from '../../src/platform/errors.ts';
import { randomOf } from './random.ts';
import type { Suite } from './suite.ts';
import { describeEnding, type Ending, endAt, endingsAt } from './volume/endings.ts';
import { type FileCall, type FileCalls, interceptFileCalls } from './volume/file-calls.ts';
import { namesBelow } from './volume/names-below.ts';
import { openBelow } from './volume/open-below.ts';
import { EDIT, SCENARIOS, type Scenario } from './volume/scenarios.ts';
import {
  differences,
  fingerprint,
  foreignPaths,
  makeWorlds,
  shortcomings,
  type World,
  type Worlds,
} from './volume/world.ts';

/** One way in which a run ends early. */
interface Point {
  readonly scenario: Scenario;
  readonly call: number;
  readonly name: string;
  readonly ending: Ending;
}

interface Tools {
  readonly worlds: Worlds;
  readonly calls: FileCalls;
}

/**
 * Kills the init container before, after and in the middle of every call that changes something, and lets every call to
 * the file system fail in every way. Whatever a run leaves: each file is the whole old or the whole new one, nothing that
 * the agent wrote is lost, and the next run ends with the wanted tree. Kills come first, then errors, each in random order; runs beyond
 * all these points are two crashes in a row.
 */
export const crashes: Suite = {
  name: 'crashes',
  run: async ({ seed, runs, signal, onProgress }) => {
    await using worlds = await makeWorlds(signal);
    using calls = await interceptFileCalls();
    const tools: Tools = { worlds, calls };
    const all = shuffle(await listPoints(tools), seed);
    const points = [
      ...all.filter(({ ending }) => ending.kind === 'killed'),
      ...all.filter(({ ending }) => ending.kind === 'error'),
    ];
    const failures: string[] = [];
    const counts: Record<string, number> = { points: points.length, killed: 0, failing: 0, twice: 0 };
    const count = (what: string): void => {
      counts[what] = (counts[what] ?? 0) + 1;
    };

    for (let index = 0; index < runs; index++) {
      signal.throwIfAborted();
      const isTwice = index >= points.length;
      const random = randomOf(seed, index);
      const point = points[isTwice ? random.between(0, points.length - 1) : index];
      if (point === undefined) break;
      count(isTwice ? 'twice' : point.ending.kind === 'killed' ? 'killed' : 'failing');
      const second = isTwice ? random.between(0, point.call + 40) : undefined;
      const wrong = await endEarly(point, { ...tools, second });
      if (wrong.length > 0)
        failures.push(`seed ${seed}, index ${index}: ${describe(point, second)}: ${wrong.join('; ')}`);
      if (index % 50 === 0) onProgress?.(index);
    }
    return { passed: runs - failures.length, failures, counts };
  },
};

/** Every call of an undisturbed run of each scenario, with every way to end there. */
async function listPoints({ worlds, calls }: Tools): Promise<readonly Point[]> {
  const points: Point[] = [];
  for (const scenario of SCENARIOS) {
    const world = await scenario.make(worlds);
    const made: FileCall[] = [];
    await calls.intercept(
      (call, perform) => {
        made.push(call);
        return perform();
      },
      () => worlds.start(world, scenario.wanted, scenario),
    );
    await worlds.remove(world);
    made.forEach((call, index) => {
      for (const ending of endingsAt(call)) points.push({ scenario, call: index, name: call.name, ending });
    });
  }
  return points;
}

/** Ends one run at the point, perhaps the next one as well, and holds what is left against what was promised. */
async function endEarly(
  { scenario, call, ending }: Point,
  { worlds, calls, second }: Tools & { readonly second: number | undefined },
): Promise<readonly string[]> {
  const world = await scenario.make(worlds);
  try {
    const paths = foreignPaths(world);
    const untouched = fingerprint(paths);
    const before = contents(world, scenario);
    const start = () => worlds.start(world, scenario.wanted, scenario);

    const ended = await calls.intercept(endAt(call, ending), start);
    const wrong = [...(ending.kind === 'error' ? faultsOf(ended, { world, scenario }) : [])];
    wrong.push(...tornFiles(world, { scenario, before }));
    if (second !== undefined) {
      await calls.intercept(endAt(second, { kind: 'killed', position: 'after' }), start);
      wrong.push(...tornFiles(world, { scenario, before }));
    }
    const next = await start();
    if (next.exitCode !== 0) wrong.push(`the next run ended with ${next.exitCode}: ${next.report.reason}`);
    wrong.push(...shortcomings(world, scenario.wanted), ...lostEdits(world, scenario), ...leftovers(world));
    const last = await start();
    if (last.report.outcome !== 'unchanged') wrong.push(`the run after it was ${last.report.outcome}`);
    wrong.push(...openBelow(world.root).map((path) => `${path} was left open`));
    return [...wrong, ...differences(untouched, paths)];
  } catch (error) {
    return [`unexpected: ${coerceError(error).message}`];
  } finally {
    await worlds.remove(world);
  }
}

/** A run that met an error of the file system says so, and starts no agent unless all is in place. */
function faultsOf(
  { exitCode, report }: RunResult,
  { world, scenario }: { readonly world: World; readonly scenario: Scenario },
): readonly string[] {
  if (exitCode === 0) return shortcomings(world, scenario.wanted).map((what) => `ended with 0 although ${what}`);
  const { reason = '' } = report;
  const isNamed = /^Cannot (heal volume|use the init container's own directory|fetch bundle|take bundle): ./.test(
    reason,
  );
  const isStable = !/[0-9a-f]{16}|\/proc\//.test(reason);
  const isKnown = exitCode === 73 || exitCode === 75;
  return isNamed && isStable && isKnown ? [] : [`ended with ${exitCode}: ${reason}`];
}

type Contents = ReadonlyMap<string, string | undefined>;

function contents({ target }: World, { wanted, edits }: Pick<Scenario, 'wanted' | 'edits'>): Contents {
  return new Map(
    [...Object.keys(wanted), ...edits].map((path) => {
      const full = join(target, path);
      return [
        path,
        lstatSync(full, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(full, 'utf8') : undefined,
      ];
    }),
  );
}

/** Where there was a file that stays one, there is one all the time: the whole old or the whole new. */
function tornFiles(
  world: World,
  { scenario, before }: { readonly scenario: Scenario; readonly before: Contents },
): readonly string[] {
  return [...contents(world, scenario)].flatMap(([path, text]) => {
    const file = scenario.wanted[path];
    const body = typeof file === 'object' ? file.body : file;
    const isWhole = text === before.get(path) || text === body || (file === undefined && text === undefined);
    return isWhole ? [] : [`${path} holds ${JSON.stringify(text)}`];
  });
}

function lostEdits({ target }: World, { edits }: Scenario): readonly string[] {
  return edits.flatMap((path) => {
    const kept = join(target, '.molecule/displaced', path);
    return existsSync(kept) && readFileSync(kept, 'utf8') === EDIT ? [] : [`the agent's ${path} is lost`];
  });
}

/** Files of ours that nobody needs any more would fill the volume with time. */
function leftovers({ target }: World): readonly string[] {
  const own = join(target, '.molecule');
  return namesBelow(own)
    .filter(
      (name) => !/^(bundle|manifest\.json|displaced(\/.*)?)$/.test(name) && !lstatSync(join(own, name)).isDirectory(),
    )
    .map((name) => `.molecule/${name} was left`);
}

function describe({ scenario, call, name, ending }: Point, second: number | undefined): string {
  const again = second === undefined ? '' : `, then killed after call ${second}`;
  return `${scenario.name}, ${describeEnding(ending)} call ${call} (${name})${again}`;
}

/** In an order that follows from the seed. */
function shuffle<T>(items: readonly T[], seed: number): readonly T[] {
  const random = randomOf(seed, -1);
  return items
    .map((item) => ({ item, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
