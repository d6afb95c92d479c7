/**
 * `node hack/attack.ts [--only ROUTE] [-o json]`: tries to destroy what nobody approved, on a real apiserver, controller manager,
 * Postgres and operator, as five identities. The table goes to standard output, progress to standard error. Exit code 1 when
 * any attempt ended otherwise than expected.
 */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { withArena } from './attack/arena.ts';
import { renderResults } from './attack/render.ts';
import { ATTEMPTS } from './attack/routes.ts';
import { runAttempts } from './attack/run-attempts.ts';
import { runMain } from './lib/main.ts';
import { DEV_DIR } from './lib/paths.ts';

const routes = [...new Set(ATTEMPTS.map(({ route }) => route))];

const program = new Command('attack')
  .description('Tries every known way to destroy something without an approval')
  .addOption(new Option('--only <route>', 'the attempts of one route').choices(routes))
  .addOption(new Option('-o, --output <format>', 'format of the result').choices(['table', 'json']).default('table'))
  .parse();
const { only, output } = program.opts<{ readonly only?: string; readonly output: 'table' | 'json' }>();

await runMain(async (signal) => {
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  const attempts = ATTEMPTS.filter(({ route }) => only === undefined || route === only);
  const results = await withArena({ dir: join(DEV_DIR, 'attack'), report, signal }, (arena) =>
    runAttempts(arena, { attempts, report }),
  );
  const lines = output === 'json' ? [JSON.stringify(results, null, 2)] : renderResults(results);
  process.stdout.write(`${lines.join('\n')}\n`);
  if (results.some(({ isAsExpected }) => !isAsExpected)) process.exitCode = 1;
});
