/**
 * A Git forge for development: `node hack/forge.ts up|down|push`. Other scripts call ensureForge, pushDirectory and
 * createReadToken; tests call startForge (forge/start.ts).
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { createReadToken } from './forge/api.ts';
import { pushDirectory } from './forge/push.ts';
import { type ForgeAccess, startForge } from './forge/start.ts';
import { findRecorded, stopRecorded } from './lib/daemon.ts';
import { readIfExists, writeAtomically } from './lib/files.ts';
import { runMain } from './lib/main.ts';
import { DEV_DIR } from './lib/paths.ts';
import { formatSeconds, type Report, reportNothing, reportToStdout } from './lib/report.ts';

const DIR = join(DEV_DIR, 'forge');
/** Outside of the directory that `down` removes, so that the port, and with it all URLs, stay. */
const ACCESS_FILE = join(DEV_DIR, 'forge.json');
export const FORGE_PID_FILE = join(DIR, 'run', 'gitea.pid');

const accessSchema = z.object({ url: z.string(), port: z.number(), user: z.string(), password: z.string() });

/** The forge of this checkout, started if it does not run. */
export async function ensureForge(options: {
  readonly report?: Report | undefined;
  readonly signal?: AbortSignal | undefined;
}): Promise<ForgeAccess> {
  const report = options.report ?? reportNothing;
  const known = await readForge();
  if (known !== undefined && (await findRecorded(FORGE_PID_FILE)) !== undefined) {
    report(`The forge is up already: ${known.url}`);
    return known;
  }
  const startedAt = performance.now();
  const { access } = await startForge({ ...options, dir: DIR, lifetime: 'detached', rememberedPort: known?.port });
  await writeAtomically(ACCESS_FILE, `${JSON.stringify(access)}\n`, 0o600);
  report(
    `The forge is up after ${formatSeconds(performance.now() - startedAt)}: ${access.url} (user ${access.user}, password in ${ACCESS_FILE})`,
  );
  return access;
}

/** Stops the forge of this checkout and removes its repositories. */
export async function removeForge(): Promise<void> {
  await stopRecorded(FORGE_PID_FILE);
  await rm(DIR, { recursive: true, force: true });
}

async function readForge(): Promise<ForgeAccess | undefined> {
  const text = await readIfExists(ACCESS_FILE);
  return text === undefined ? undefined : accessSchema.parse(JSON.parse(text));
}

async function main(signal: AbortSignal): Promise<void> {
  const program = new Command('forge').description('A Gitea of this checkout, on loopback (state in .dev/forge)');
  program
    .command('up')
    .description('start it, or find that it is up')
    .action(async () => void (await ensureForge({ report: reportToStdout, signal })));
  program
    .command('push')
    .description('make a directory the content of a private repository; prints the commit')
    .argument('<repository>', 'its name; created if it is missing')
    .argument('<directory>')
    .action(async (repository: string, directory: string) => {
      const { commit } = await pushDirectory(await ensureForge({ signal }), { repository, directory, signal });
      reportToStdout(commit);
    });
  program
    .command('token')
    .description('print a new token that may only read repositories')
    .action(async () => reportToStdout(await createReadToken(await ensureForge({ signal }), signal)));
  program
    .command('down')
    .description('stop it and remove its repositories')
    .action(async () => {
      await removeForge();
      reportToStdout('The forge is down');
    });
  await program.parseAsync();
}

if (import.meta.main) await runMain(main);
