/**
 * `node hack/torture.ts`: hostile archives, generated ones, races on the volume, crashes at every step and forges that point
 * elsewhere, against the code that must withstand them. Exit code 1 when any run went wrong. The last line counts.
 */
import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import { runMain } from './lib/main.ts';
import { renderOutcome, renderSummary } from './torture/render.ts';
import { runSuites, total } from './torture/run-suites.ts';
import { SUITES } from './torture/suites.ts';

const SEEDS = 2 ** 31;

const program = new Command('torture')
  .description('Hostile input against archives, volume and fetcher. The same seed and number of runs do the same')
  .addOption(new Option('--suite <name>', 'one suite alone').choices(SUITES.map(({ suite }) => suite.name)))
  .option('--seed <number>', 'of everything random; drawn and printed when not given', parseNumber)
  .option('--runs <count>', `of each suite; otherwise ${describeDefaults()}`, parseCount)
  .addOption(new Option('-o, --output <format>', 'format of the result').choices(['text', 'json']).default('text'))
  .parse();
const flags = program.opts<{
  readonly suite?: string;
  readonly seed?: number;
  readonly runs?: number;
  readonly output: 'text' | 'json';
}>();

await runMain(async (signal) => {
  const seed = flags.seed ?? randomInt(SEEDS);
  const planned = SUITES.filter(({ suite }) => flags.suite === undefined || suite.name === flags.suite).map(
    ({ suite, runs }) => ({ suite, runs: flags.runs ?? runs }),
  );
  const isText = flags.output === 'text';
  if (isText) process.stdout.write(`Seed ${seed}\n`);
  const outcomes = await runSuites(planned, {
    seed,
    signal,
    onProgress: ({ suite, done, runs }) => showProgress(`${suite}: ${done}/${runs}`),
    onOutcome: (outcome) => {
      showProgress('');
      if (isText) process.stdout.write(`${renderOutcome(outcome)}\n`);
    },
  });
  const { passed, failed } = total(outcomes);
  const lines = isText
    ? renderSummary(outcomes)
    : [JSON.stringify({ seed, passed, failed, suites: outcomes }, null, 2)];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (failed > 0) process.exitCode = 1;
});

/** On a terminal one line that is overwritten; nowhere else. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function describeDefaults(): string {
  return SUITES.map(({ suite, runs }) => `${runs} ${suite.name}`).join(', ');
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value >= SEEDS) throw new InvalidArgumentError(`write a number below ${SEEDS}`);
  return value;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('write a positive number');
  return count;
}
