import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { z } from 'zod';
import { sha256Hex } from '../../../src/platform/digest.ts';
import { runOrThrow } from '../../lib/run.ts';
import { percentile, round } from '../results.ts';
import { type ArchiveInput, makeBig, makeSmall } from './inputs.ts';

const ROUNDS = 7;
const CONTESTANTS_DIR = join(import.meta.dirname, 'contestants');
// CommonJS packages inside an ES module bundle call require() for Node's own modules.
const REQUIRE_SHIM = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

interface Contestant {
  readonly name: 'bundle' | 'extract' | 'nodeTar' | 'gnuTar';
  /** Whether it leaves the files in the target, as it is asked; `bundle` ends one step before. */
  readonly writesFiles: boolean;
  command(job: Job): readonly [program: string, ...args: string[]];
}

interface Job {
  readonly programs: string;
  readonly archive: string;
  readonly target: string;
}

const CONTESTANTS: readonly Contestant[] = [
  {
    name: 'bundle',
    writesFiles: false,
    command: ({ programs, archive, target }) => [
      process.execPath,
      join(programs, 'ours.mjs'),
      'bundle',
      archive,
      target,
    ],
  },
  {
    name: 'extract',
    writesFiles: true,
    command: ({ programs, archive, target }) => [
      process.execPath,
      join(programs, 'ours.mjs'),
      'extract',
      archive,
      target,
    ],
  },
  {
    name: 'nodeTar',
    writesFiles: true,
    command: ({ programs, archive, target }) => [process.execPath, join(programs, 'node-tar.mjs'), archive, target],
  },
  {
    name: 'gnuTar',
    writesFiles: true,
    command: ({ archive, target }) => ['tar', '-xzf', archive, '--strip-components=1', '-C', target],
  },
];

export interface ExtractRow {
  readonly input: string;
  readonly contestant: Contestant['name'];
  /** From the start of the process to its end; median, least and most of the rounds. */
  readonly seconds: number;
  readonly leastSeconds: number;
  readonly mostSeconds: number;
  /** The largest of the rounds; 0 for GNU tar, whose memory is not asked. */
  readonly peakRssMb: number;
}

/** Each contestant in a process of its own, in turns, so that what else the machine does falls on all of them. */
export async function measureExtraction(directory: string): Promise<readonly ExtractRow[]> {
  const programs = join(directory, 'programs');
  await build({
    entryPoints: ['ours', 'node-tar'].map((name) => join(CONTESTANTS_DIR, `${name}.ts`)),
    outdir: programs,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // As our programs are shipped.
    minifySyntax: true,
    minifyWhitespace: true,
    banner: { js: REQUIRE_SHIM },
    logLevel: 'warning',
  });
  const rows: ExtractRow[] = [];
  for (const input of [await makeSmall(directory), await makeBig(directory)]) {
    console.log(`${input.name}: ${input.files.size} files, ${input.bytes} bytes, ${input.archiveBytes} as tar.gz`);
    rows.push(...(await race(input, { directory, programs })));
  }
  return rows;
}

interface Lap {
  readonly seconds: number;
  readonly peakRssMb: number;
}

async function race(
  input: ArchiveInput,
  { directory, programs }: { readonly directory: string; readonly programs: string },
): Promise<readonly ExtractRow[]> {
  const laps = new Map<Contestant, Lap[]>(CONTESTANTS.map((contestant) => [contestant, []]));
  const target = join(directory, 'target');
  for (let roundNumber = 0; roundNumber <= ROUNDS; roundNumber++) {
    for (const [contestant, done] of laps) {
      await mkdir(target);
      const lap = await runLap(contestant.command({ programs, archive: input.archive, target }));
      if (roundNumber > 0) done.push(lap);
      // The first round warms the caches, and proves that everybody did what was asked.
      else if (contestant.writesFiles) await proveFiles(contestant.name, target, input);
      await rm(target, { recursive: true });
    }
  }
  return [...laps].map(([{ name }, done]) => {
    const seconds = done.map((lap) => lap.seconds);
    return {
      input: input.name,
      contestant: name,
      seconds: round(percentile(seconds, 0.5)),
      leastSeconds: round(Math.min(...seconds)),
      mostSeconds: round(Math.max(...seconds)),
      peakRssMb: Math.max(...done.map((lap) => lap.peakRssMb)),
    };
  });
}

const statsSchema = z.object({ peakRssMb: z.number() });

async function runLap([program, ...args]: readonly [string, ...string[]]): Promise<Lap> {
  const startedMs = performance.now();
  const stdout = await runOrThrow(program, args);
  const seconds = (performance.now() - startedMs) / 1000;
  return { seconds, peakRssMb: stdout === '' ? 0 : statsSchema.parse(JSON.parse(stdout)).peakRssMb };
}

/** A contestant that is fast because it left something out does not count. */
async function proveFiles(name: string, target: string, { files }: ArchiveInput): Promise<void> {
  for (const [path, sha256] of files) {
    const found = sha256Hex(await readFile(join(target, path)));
    if (found !== sha256)
      throw new Error(`Cannot compare: ${name} wrote something else than the archive holds to ${path}`);
  }
}
