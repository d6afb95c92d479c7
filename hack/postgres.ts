/**
 * The ledger's database for development: `node hack/postgres.ts up|down|url`. LEDGER_URL names one that runs elsewhere.
 * Other scripts call ensurePostgres; tests call startPostgres (postgres/start.ts).
 */
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { findRecorded, stopRecorded } from './lib/daemon.ts';
import { readIfExists, writeAtomically } from './lib/files.ts';
import { runMain } from './lib/main.ts';
import { DEV_DIR } from './lib/paths.ts';
import { formatSeconds, type Report, reportNothing, reportToStdout } from './lib/report.ts';
import { removePostgresData } from './postgres/data.ts';
import { startPostgres } from './postgres/start.ts';

const DIR = join(DEV_DIR, 'postgres');
/** Outside of the directory that `down` removes, so that the port stays. */
const ACCESS_FILE = join(DEV_DIR, 'postgres.json');
const PID_FILE = join(DIR, 'run', 'postgres.pid');

const accessSchema = z.object({ url: z.string(), port: z.number() });

/** URL of a database that answers: LEDGER_URL, else the one of this checkout, started if it does not run. */
export async function ensurePostgres(options: {
  readonly report?: Report | undefined;
  readonly signal?: AbortSignal | undefined;
}): Promise<string> {
  const report = options.report ?? reportNothing;
  if (process.env.LEDGER_URL) {
    report('Using the PostgreSQL that LEDGER_URL names');
    return process.env.LEDGER_URL;
  }
  const known = await readAccess();
  if (known !== undefined && (await findRecorded(PID_FILE)) !== undefined) {
    report(`PostgreSQL is up already: ${withoutPassword(known.url)}`);
    return known.url;
  }
  const startedAt = performance.now();
  const { access } = await startPostgres({ ...options, dir: DIR, lifetime: 'detached', rememberedPort: known?.port });
  await writeAtomically(ACCESS_FILE, `${JSON.stringify(access)}\n`, 0o600);
  report(`PostgreSQL is up after ${formatSeconds(performance.now() - startedAt)}: ${withoutPassword(access.url)}`);
  return access.url;
}

/** Stops the server of this checkout and removes its data. */
export async function removePostgres(): Promise<void> {
  await stopRecorded(PID_FILE, { stopSignal: 'SIGINT' });
  await removePostgresData(DIR);
}

async function readAccess(): Promise<z.infer<typeof accessSchema> | undefined> {
  const text = await readIfExists(ACCESS_FILE);
  return text === undefined ? undefined : accessSchema.parse(JSON.parse(text));
}

function withoutPassword(text: string): string {
  const url = new URL(text);
  url.password = '';
  return url.href;
}

async function main(signal: AbortSignal): Promise<void> {
  const program = new Command('postgres').description(
    'PostgreSQL for the ledger of this checkout (LEDGER_URL overrides)',
  );
  program
    .command('up')
    .description('start it, or find that it is up')
    .action(async () => void (await ensurePostgres({ report: reportToStdout, signal })));
  program
    .command('url')
    .description('start it if need be and print only its URL')
    .action(async () => reportToStdout(await ensurePostgres({ signal })));
  program
    .command('down')
    .description('stop it and remove its data')
    .action(async () => {
      await removePostgres();
      reportToStdout('PostgreSQL is down');
    });
  await program.parseAsync();
}

if (import.meta.main) await runMain(main);
