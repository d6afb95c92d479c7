/**
 * `node hack/test.ts verify|all`: runs the checks and the tests, names what this machine cannot run, and ends with
 * `N passed, N failed, N skipped`. Exit code 0 only if nothing failed. `verify` also fails on a dirty tree, because
 * generated files and format are part of a commit.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';

interface Tally {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  /** Each failed test's name and the first line of why: told again at the end, where the last lines of a log show it. */
  readonly failures: readonly string[];
  readonly skipped: readonly string[];
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const REPORTS = '.dev/reports';

function run(command: string, args: readonly string[]): boolean {
  console.log(`\n# ${command} ${args.join(' ')}`);
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}

function check(name: string, isPassed: boolean): Tally {
  return { name, passed: isPassed ? 1 : 0, failed: isPassed ? 0 : 1, failures: isPassed ? [] : [name], skipped: [] };
}

function checkCleanTree(): Tally {
  const { stdout } = spawnSync('git', ['status', '--porcelain'], { encoding: 'utf8' });
  if (stdout.trim() !== '') console.log(`\nThe tree is dirty; commit, or add what was regenerated:\n${stdout}`);
  return check('clean tree', stdout.trim() === '');
}

async function runVitest(project: string): Promise<Tally> {
  const file = `${REPORTS}/${project}.json`;
  await rm(file, { force: true });
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', project];
  const isGreen = run('node', [...vitest, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]);
  const report = await readReport(file);
  if (report === undefined) return check(project, false);
  const tests = report.testResults.flatMap((result) => result.assertionResults);
  const failures = report.testResults.flatMap((result) => {
    const failed = result.assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0) return result.status === 'failed' ? [failure(result.name, result.message)] : [];
    return failed.map((test) => failure(test.fullName, test.failureMessages[0]));
  });
  return {
    name: project,
    passed: tests.filter((test) => test.status === 'passed').length,
    // A red run without a failed test (an unhandled rejection, a broken global setup) is a failure all the same.
    failed: Math.max(failures.length, isGreen ? 0 : 1),
    failures,
    skipped: tests.filter((test) => test.status !== 'passed' && test.status !== 'failed').map((test) => test.fullName),
  };
}

function failure(name: string, message = ''): string {
  return `${name}: ${(message.split('\n')[0] ?? '').slice(0, 200)}`;
}

async function readReport(file: string): Promise<VitestReport | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as VitestReport;
  } catch (error) {
    console.error(`Cannot read ${file}: ${String(error)}`);
    return undefined;
  }
}

/** The names of a project's tests, without running them: what a machine cannot run is still counted. */
function listTests(project: string, why: string): Tally {
  const args = ['node_modules/vitest/vitest.mjs', 'list', '--project', project, '--json'];
  const { stdout, status } = spawnSync('node', args, { encoding: 'utf8' });
  if (status !== 0) return check(`${project} (list)`, false);
  const names = (JSON.parse(stdout) as readonly { readonly name: string }[]).map((test) => `${test.name}: ${why}`);
  return { name: project, passed: 0, failed: 0, failures: [], skipped: names };
}

async function verify(): Promise<readonly Tally[]> {
  return [
    check(
      'generate',
      ['generate-types', 'generate-reasons', 'generate-fields', 'build-install'].every((name) =>
        run('node', [`hack/${name}.ts`]),
      ),
    ),
    check('format', run('npx', ['biome', 'format', '--write', '.'])),
    check('lint', run('npx', ['biome', 'lint', '--error-on-warnings', '.'])),
    check('architecture', run('node', ['hack/lint-architecture.ts'])),
    check('types', run('npx', ['tsc', '-p', '.'])),
    await runVitest('unit'),
    checkCleanTree(),
  ];
}

async function heavy(): Promise<readonly Tally[]> {
  const build = check('build', run('node', ['hack/build.ts']));
  const integration = await runVitest('integration');
  const cannotRunPods = process.env.CLUSTER === undefined && process.getuid?.() !== 0;
  const e2e = cannotRunPods
    ? listTests('e2e', 'a kubelet of our own needs root; run as root, or with CLUSTER=existing|kind')
    : await runVitest('e2e');
  return [build, integration, e2e];
}

const mode = process.argv[2];
if (mode !== 'verify' && mode !== 'all') {
  console.error('Usage: node hack/test.ts verify|all');
  process.exit(2);
}
await mkdir(REPORTS, { recursive: true });
const tallies = [...(await verify()), ...(mode === 'all' ? await heavy() : [])];

console.log('');
for (const { name, passed, failed, skipped } of tallies)
  console.log(`${name.padEnd(14)} ${passed} passed, ${failed} failed, ${skipped.length} skipped`);
for (const what of tallies.flatMap((tally) => tally.failures)) console.log(`failed: ${what}`);
for (const name of tallies.flatMap((tally) => tally.skipped)) console.log(`skipped: ${name}`);
const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
process.exitCode = sum((tally) => tally.failed) === 0 ? 0 : 1;
console.log(
  `${sum((tally) => tally.passed)} passed, ${sum((tally) => tally.failed)} failed, ${sum((tally) => tally.skipped.length)} skipped`,
);
