import { ArchiveError } from '../../src/assets/archive/archive-error.ts';
import { ARCHIVE_LIMITS, readArchive } from '../../src/assets/archive/read-archive.ts';
import { includeOf } from '../../src/materialize/config.ts';
import { sha256Hex } from '../../src/platform/digest.ts';
import { type AssetFile, reduceMode, treeDigest } from '../../src/rules/asset-tree.ts';
import { collectFiles } from '../unit/assets/collect-files.ts';
import { inPieces } from '../unit/assets/tar-builder.ts';
import type { SeededRandom } from '../unit/faults/random.ts';
import { MUTATIONS, type Mutated, pickOf } from './fuzz/mutations.ts';
import { bytesOf, compress, layOut } from './fuzz/tape.ts';
import { drawTemplate, INCLUDE, type Member, type Template } from './fuzz/template.ts';
import { randomOf } from './random.ts';
import type { Suite, SuiteOptions, SuiteResult } from './suite.ts';

interface Run extends Mutated {
  readonly name: string;
  readonly layout: Template['layout'];
}

const VALID = 'valid';
const DEADLINE_MS = 20_000;

/**
 * Generated archives, a third of them valid, the others with one thing wrong. A valid one gives the very files, modes and
 * bytes that were put into it; of the others comes a refusal, or what the generator says that the archive now holds.
 */
export const fuzz: Suite = {
  name: 'fuzz',
  run: async ({ seed, runs, signal, onProgress }: SuiteOptions): Promise<SuiteResult> => {
    const failures: string[] = [];
    const counts: Record<string, number> = { accepted: 0, refused: 0 };
    const count = (what: string): void => {
      counts[what] = (counts[what] ?? 0) + 1;
    };
    for (let index = 0; index < runs; index++) {
      signal.throwIfAborted();
      const random = randomOf(seed, index);
      const run = drawRun(random, index % 3 === 0);
      const outcome = await read(run, random);
      count(run.name);
      count(outcome === REFUSED ? 'refused' : 'accepted');
      const fault = judge(run, outcome);
      if (fault !== undefined) failures.push(`${run.name}: ${fault} (seed ${seed}, index ${index})`);
      if (index % 1000 === 999) onProgress?.(index + 1);
    }
    return { passed: runs - failures.length, failures, counts };
  },
};

function drawRun(random: SeededRandom, isValid: boolean): Run {
  for (;;) {
    const template = drawTemplate(random, random.pick(['oneFolder', 'oneFolder', 'bare']));
    const { layout, members } = template;
    const tape = layOut(template, random);
    if (isValid) return { name: VALID, layout, archive: compress(bytesOf(tape), random), verdict: 'accept', members };
    const [name, mutate] = pickOf(Object.entries(MUTATIONS), random);
    const mutated = mutate({ template, tape, random });
    if (mutated !== undefined) return { name, layout, ...mutated };
  }
}

/** Digest of what was read and number of what was passed over, or the code of the refusal, or what else it was. */
async function read({ archive, layout }: Run, random: SeededRandom): Promise<string> {
  const files: AssetFile[] = [];
  const longest = random.pick([64, 700, 64 * 1024, 64 * 1024]);
  const deadline = Promise.withResolvers<string>();
  const timer = setTimeout(() => deadline.resolve('it hangs'), DEADLINE_MS);
  const reading = readArchive(
    inPieces(archive, () => random.between(1, longest)),
    {
      include: includeOf(INCLUDE),
      layout,
      limits: ARCHIVE_LIMITS,
      signal: new AbortController().signal,
      receiver: collectFiles((file, body) => files.push({ ...file, sha256: sha256Hex(body) })),
    },
  ).then(
    ({ ignored }) => `${treeDigest(files)} ignored ${ignored}`,
    (error: unknown) => (error instanceof ArchiveError ? REFUSED : `${error}`),
  );
  try {
    return await Promise.race([reading, deadline.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const REFUSED = 'refused';

function judge({ verdict, members }: Run, outcome: string): string | undefined {
  if (verdict !== 'accept' && outcome === REFUSED) return undefined;
  const wanted = verdict === 'refuse' ? REFUSED : describeMembers(members);
  return outcome === wanted ? undefined : `expected ${wanted} and got ${outcome}`;
}

function describeMembers(members: readonly Member[]): string {
  const files = members.filter(({ kind, isIncluded }) => kind === 'file' && isIncluded);
  const tree = files.map(({ path, mode, body }) => ({
    path,
    mode: reduceMode(mode),
    sizeBytes: body.length,
    sha256: sha256Hex(body),
  }));
  return `${treeDigest(tree)} ignored ${members.filter(({ kind }) => kind === 'odd').length}`;
}
