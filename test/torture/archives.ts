import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArchiveError } from '../../src/assets/archive/archive-error.ts';
import { ARCHIVE_LIMITS } from '../../src/assets/archive/read-archive.ts';
import { buildBundle } from '../../src/assets/bundle/build-bundle.ts';
import { includeOf } from '../../src/materialize/config.ts';
import { sha256Hex } from '../../src/platform/digest.ts';
import { DEFAULT_INCLUDE } from '../../src/rules/asset-path.ts';
import { treeDigest } from '../../src/rules/asset-tree.ts';
import { entry, inPieces, pax, record, TOP } from '../unit/assets/tar-builder.ts';
import type { SeededRandom } from '../unit/faults/random.ts';
import { HOSTILE_ARCHIVES, type HostileArchive, type Kept } from './hostile-archives.ts';
import { randomOf } from './random.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

const GOOD_FILES: Kept = {
  'config.yaml': 'name: a\n',
  'prompts/system.md': 'Be kind.\n',
  [`agent-skills/good/${'long/'.repeat(25)}x`]: 'y'.repeat(700),
  'agent-skills/good/empty': '',
};

const GOOD = Buffer.concat([
  entry({ name: 'repo/Dockerfile', body: 'FROM scratch\n' }),
  entry({ name: 'repo/current', type: '2', linkName: '/etc/passwd' }),
  ...Object.entries(GOOD_FILES).flatMap(([path, body]) => [
    pax(record('path', `repo/${path}`)),
    entry({ name: path.slice(0, 99), body }),
  ]),
]);

const NONE = Buffer.alloc(0);

/** Where the hostile entries stand among those of an honest template. */
const PLACINGS = [
  { name: 'plain', before: TOP, behind: NONE },
  { name: 'behind valid entries', before: Buffer.concat([TOP, GOOD]), behind: NONE },
  { name: 'before valid entries', before: TOP, behind: GOOD },
] as const;

/** How the network cuts the stream. */
const PIECE_BYTES = [1, 511, 512, 64 * 1024, Number.MAX_SAFE_INTEGER] as const;

/** What is read whenever the suite runs: each archive of the table, in each placing, cut in each way. */
const ARRANGED = HOSTILE_ARCHIVES.flatMap((hostile) =>
  PLACINGS.map((placing) => ({ hostile, placing, archive: once(() => hostile.build(placing.before, placing.behind)) })),
);
const FIXED: readonly Attempt[] = PIECE_BYTES.flatMap((size) =>
  ARRANGED.map((arranged) => ({ ...arranged, pieceBytes: () => size })),
);

interface Attempt {
  readonly hostile: HostileArchive;
  readonly placing: (typeof PLACINGS)[number];
  readonly archive: () => Buffer;
  readonly pieceBytes: () => number;
}

/**
 * Each archive of the table ends as the table says, and nothing is left of one that was refused. More `runs` than there are
 * fixed attempts are drawn: any archive, anywhere, in pieces of any sizes.
 */
export const archives: Suite = {
  name: 'archives',
  run: async ({ seed, runs, signal, onProgress }: SuiteOptions): Promise<SuiteResult> => {
    const directory = await mkdtemp(join(tmpdir(), 'torture-archives-'));
    const failures: string[] = [];
    const counts = { refused: 0, harmless: 0 };
    const total = Math.max(runs, FIXED.length);
    try {
      for (let index = 0; index < total; index++) {
        signal.throwIfAborted();
        const attempt = FIXED[index] ?? drawAttempt(randomOf(seed, index));
        const { hostile, placing } = attempt;
        const fault = await tryArchive(attempt, directory, signal);
        if (fault !== undefined)
          failures.push(`${hostile.row} ${hostile.title}, ${placing.name}: ${fault} (seed ${seed}, index ${index})`);
        counts[typeof hostile.expected === 'string' ? 'refused' : 'harmless'] += 1;
        if (index % 100 === 99) onProgress?.(index + 1);
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    return { passed: total - failures.length, failures, counts };
  },
};

function drawAttempt(random: SeededRandom): Attempt {
  const arranged = ARRANGED[random.between(0, ARRANGED.length - 1)];
  if (arranged === undefined) throw new RangeError('Cannot draw from an empty table');
  const longest = random.pick([10, 600, 5000, 100_000]);
  return { ...arranged, pieceBytes: () => random.between(1, longest) };
}

/** What went wrong; undefined when all is as it should be. */
async function tryArchive(
  { hostile, placing, archive, pieceBytes }: Attempt,
  directory: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const bundle = join(directory, 'bundle');
  const outcome = await buildBundle(inPieces(archive(), pieceBytes), {
    include: includeOf(DEFAULT_INCLUDE),
    limits: ARCHIVE_LIMITS,
    directory,
    placeOf: () => bundle,
    signal,
  }).then(
    ({ digest }) => digest,
    (error: unknown) => (error instanceof ArchiveError ? error.code : `${error}`),
  );
  const left = await readdir(directory);
  await rm(bundle, { force: true });
  const isGood = placing.name !== 'plain';
  const { expected } = hostile;
  const wanted = typeof expected === 'string' ? expected : digestOf({ ...(isGood ? GOOD_FILES : {}), ...expected });
  if (outcome !== wanted) return `expected ${wanted} and got ${outcome}`;
  const isClean = left.length === 0 || (typeof expected !== 'string' && left.length === 1);
  return isClean ? undefined : `left ${left.join(', ')} behind`;
}

function digestOf(kept: Kept): string {
  return treeDigest(
    Object.entries(kept).map(([path, body]) => ({
      path,
      mode: 0o644,
      sizeBytes: Buffer.byteLength(body),
      sha256: sha256Hex(body),
    })),
  );
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
