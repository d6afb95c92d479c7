import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { copyModuleFolders } from '../binaries/build.ts';
import { describeBinary } from '../binaries/catalog.ts';
import { ensureBinary } from '../binaries.ts';
import { type Daemon, logTail, startDaemon, stopRecorded } from '../lib/daemon.ts';
import { exists, readIfExists, writeAtomically } from '../lib/files.ts';
import { pickPorts } from '../lib/ports.ts';
import type { Report } from '../lib/report.ts';
import { runOrThrow } from '../lib/run.ts';
import { waitFor } from '../lib/wait.ts';

export interface StartForgeOptions {
  /** Repositories, database, secrets, log, pid file. Started again on it, all of it is kept. */
  readonly dir: string;
  /** @default parent */
  readonly lifetime?: 'parent' | 'detached';
  readonly rememberedPort?: number | undefined;
  readonly report?: Report | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Plain data, so that it can be handed to other processes. It lets its holder do everything on the forge. */
export interface ForgeAccess {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Owns all repositories. */
  readonly user: string;
  readonly password: string;
}

export interface RunningForge {
  readonly access: ForgeAccess;
  /** Stops it; the data stays. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const USER = 'molecule';

const secretsSchema = z.object({ password: z.string(), secretKey: z.string(), internalToken: z.string() });

/** Starts a Gitea on loopback with one user, and returns when it answers. */
export async function startForge(options: StartForgeOptions): Promise<RunningForge> {
  const { dir, signal } = options;
  const program = await ensureBinary('gitea', options);
  const staticDir = await findStaticDir(program, signal);
  const pidFile = join(dir, 'run', 'gitea.pid');
  await stopRecorded(pidFile);
  const { port } = await pickPorts(['port'], { ...(options.rememberedPort && { port: options.rememberedPort }) });
  const secrets = await ensureSecrets(dir);
  const configFile = join(dir, 'app.ini');
  await writeAtomically(configFile, giteaConfig({ dir, port, secrets, staticDir }), 0o600);
  const flags = ['--work-path', dir, '--config', configFile];
  const daemon = await startDaemon({
    name: 'gitea',
    program,
    args: ['web', ...flags],
    logFile: join(dir, 'log', 'gitea.log'),
    pidFile,
    lifetime: options.lifetime ?? 'parent',
  });
  const access: ForgeAccess = { url: `http://127.0.0.1:${port}`, port, user: USER, password: secrets.password };
  try {
    await waitUntilHealthy(access.url, daemon, signal);
    const madeUser = join(dir, 'user-made');
    if (!(await exists(madeUser))) {
      const user = ['--username', USER, '--password', secrets.password, '--email', `${USER}@localhost`];
      const args = ['admin', 'user', 'create', ...flags, '--admin', '--must-change-password=false', ...user];
      await runOrThrow(program, args, { signal, action: 'create the forge’s user' });
      await writeAtomically(madeUser, '');
    }
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  return { access, stop: () => daemon.stop() };
}

/** The files that a Gitea built from modules reads at run time; undefined for an official one, which holds them itself. */
async function findStaticDir(program: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  if ((await runOrThrow(program, ['--version'], { signal })).includes('bindata')) return undefined;
  const beside = `${program}-static`;
  await copyModuleFolders(await describeBinary('gitea'), beside, signal);
  return beside;
}

async function ensureSecrets(dir: string): Promise<z.infer<typeof secretsSchema>> {
  const file = join(dir, 'secrets.json');
  const known = await readIfExists(file);
  if (known !== undefined) return secretsSchema.parse(JSON.parse(known));
  const [password = '', secretKey = '', internalToken = ''] = [20, 32, 32].map((size) =>
    randomBytes(size).toString('hex'),
  );
  const secrets = { password, secretKey, internalToken };
  await writeAtomically(file, JSON.stringify(secrets), 0o600);
  return secrets;
}

interface GiteaConfigOptions {
  readonly dir: string;
  readonly port: number;
  readonly secrets: z.infer<typeof secretsSchema>;
  readonly staticDir: string | undefined;
}

function giteaConfig({ dir, port, secrets, staticDir }: GiteaConfigOptions): string {
  return `APP_NAME = Molecule development forge
RUN_MODE = prod
; Refused otherwise; on a machine of its own, a container mostly, everything runs as root.
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
WORK_PATH = ${dir}

[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${port}
ROOT_URL = http://127.0.0.1:${port}/
APP_DATA_PATH = ${join(dir, 'data')}
${staticDir === undefined ? '' : `STATIC_ROOT_PATH = ${staticDir}`}
DISABLE_SSH = true
LFS_START_SERVER = false
OFFLINE_MODE = true

[database]
DB_TYPE = sqlite3
PATH = ${join(dir, 'data', 'gitea.db')}

[repository]
ROOT = ${join(dir, 'repositories')}
DEFAULT_BRANCH = main

[security]
INSTALL_LOCK = true
SECRET_KEY = ${secrets.secretKey}
INTERNAL_TOKEN = ${secrets.internalToken}

[service]
DISABLE_REGISTRATION = true

[log]
MODE = console
LEVEL = Warn
ROOT_PATH = ${join(dir, 'log')}

[indexer]
ISSUE_INDEXER_TYPE = db
ISSUE_INDEXER_PATH = ${join(dir, 'data', 'indexers')}

[session]
PROVIDER = memory

[cron]
ENABLED = false

[actions]
ENABLED = false

[packages]
ENABLED = false
`;
}

async function waitUntilHealthy(url: string, daemon: Daemon, signal: AbortSignal | undefined): Promise<void> {
  await waitFor(
    async () => {
      if (!daemon.isRunning()) {
        throw new Error(`Cannot start Gitea: it ended at once. Its log says:\n${await logTail(daemon.logFile)}`);
      }
      return fetch(`${url}/api/healthz`, { signal: AbortSignal.timeout(2_000) }).then(
        (response) => response.ok,
        () => false,
      );
    },
    { what: 'Gitea answer', timeoutMs: START_TIMEOUT_MS, signal },
  );
}
