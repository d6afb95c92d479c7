import { randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readArgv, startDaemon, stopRecorded } from '../lib/daemon.ts';
import { exists, findProgram, listDir, readIfExists, writeAtomically } from '../lib/files.ts';
import { pickPorts } from '../lib/ports.ts';
import { run, runOrThrow } from '../lib/run.ts';
import { ELSEWHERE_FILE, removePostgresData } from './data.ts';
import { ensureDatabase, waitForPostgres } from './database.ts';
import type { RunningPostgres, StartPostgresOptions } from './start.ts';

const DEBIAN_DIR = '/usr/lib/postgresql';
const USER = 'molecule';

// To be root is refused by the server; these accounts exist on every machine, the first where its package is installed.
const UNPRIVILEGED_USERS = ['postgres', 'nobody'];

/** SIGTERM would wait for clients to leave by themselves. */
const STOP = { stopSignal: 'SIGINT', graceMs: 10_000 } as const;

const REAP_TIMEOUT_MS = 5_000;

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Directory of `initdb` and `postgres`, the newest of those installed; undefined when there is none. */
export async function findServerBinaries(): Promise<string | undefined> {
  const versions = (await listDir(DEBIAN_DIR)).toSorted((a, b) => Number(b) - Number(a));
  const initdb = await findProgram(
    'initdb',
    versions.map((version) => join(DEBIAN_DIR, version, 'bin')),
  );
  return initdb === undefined ? undefined : dirname(initdb);
}

export async function startServer(
  options: StartPostgresOptions & { readonly binDir: string },
): Promise<RunningPostgres> {
  const { dir, signal } = options;
  const account = await findAccount();
  const pidFile = join(dir, 'run', 'postgres.pid');
  await stopRecorded(pidFile, STOP);
  const dataDir = await ensureDataDir(dir, account);
  await waitForLock(dataDir, signal);
  const password = await ensurePassword(dir);
  if (!(await exists(join(dataDir, 'PG_VERSION')))) await initialize({ ...options, dataDir, password, account });
  const { port } = await pickPorts(['port'], { ...(options.rememberedPort && { port: options.rememberedPort }) });
  const daemon = await startDaemon({
    name: 'postgres',
    program: join(options.binDir, 'postgres'),
    args: ['-D', dataDir, '-p', String(port), ...settings()],
    cwd: dataDir,
    ...account,
    logFile: join(dir, 'log', 'postgres.log'),
    pidFile,
    lifetime: options.lifetime ?? 'parent',
    // Killed outright, it would leave a segment of shared memory behind.
    deathSignal: STOP.stopSignal,
  });
  const stop = (): Promise<void> => daemon.stop(STOP);
  const remove = async (): Promise<void> => {
    await stop();
    await removePostgresData(dir);
  };
  const base = `postgres://${USER}:${password}@127.0.0.1:${port}`;
  try {
    await waitForPostgres({ url: `${base}/postgres`, daemon, signal });
    await ensureDatabase(`${base}/postgres`, USER);
  } catch (error) {
    await stop();
    throw error;
  }
  return { access: { kind: 'server', url: `${base}/${USER}`, dir, port }, daemon, stop, remove };
}

function settings(): readonly string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // State of a development machine: a power failure may cost it, a killed process does not.
    fsync: 'off',
    max_connections: '200',
  };
  return Object.entries(values).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

/** Whom the server runs as: ourselves, unless we are root. */
async function findAccount(): Promise<Account | Record<string, never>> {
  if (process.getuid?.() !== 0) return {};
  for (const user of UNPRIVILEGED_USERS) {
    const [uid, gid] = await Promise.all([run('id', ['-u', user]), run('id', ['-g', user])]);
    if (uid.code === 0 && gid.code === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error('Cannot start PostgreSQL as root: this machine has no user postgres or nobody');
}

/** A directory that the account can reach and owns. A checkout in a closed home directory cannot hold it. */
async function ensureDataDir(dir: string, account: Account | Record<string, never>): Promise<string> {
  const inside = join(dir, 'data');
  await mkdir(inside, { recursive: true, mode: 0o700 });
  if (!('uid' in account)) return inside;
  const known = await readIfExists(join(dir, ELSEWHERE_FILE));
  if (known !== undefined && (await exists(known.trim()))) return known.trim();
  await chown(inside, account.uid, account.gid);
  if ((await run('test', ['-w', inside], { ...account, cwd: '/' })).code === 0) return inside;
  const elsewhere = await mkdtemp(join(tmpdir(), 'molecule-postgres-'));
  await chown(elsewhere, account.uid, account.gid);
  await writeAtomically(join(dir, ELSEWHERE_FILE), `${elsewhere}\n`);
  return elsewhere;
}

/**
 * After a crash the lock file names a dead process, and the server takes over what that one left; but not while init has
 * yet to reap it. Where nobody ever reaps, the lock goes.
 */
async function waitForLock(dataDir: string, signal: AbortSignal | undefined): Promise<void> {
  const lockFile = join(dataDir, 'postmaster.pid');
  const pid = Number((await readIfExists(lockFile))?.split('\n')[0]);
  if (!Number.isInteger(pid) || (await readArgv(pid)).length > 0) return;
  const deadline = performance.now() + REAP_TIMEOUT_MS;
  while ((await exists(`/proc/${pid}`)) && performance.now() < deadline) await delay(50, undefined, { signal });
  if (await exists(`/proc/${pid}`)) await rm(lockFile, { force: true });
}

async function ensurePassword(dir: string): Promise<string> {
  const file = join(dir, 'password');
  const known = await readIfExists(file);
  if (known !== undefined) return known.trim();
  const password = randomBytes(16).toString('hex');
  await writeAtomically(file, `${password}\n`, 0o600);
  return password;
}

interface InitializeOptions extends StartPostgresOptions {
  readonly binDir: string;
  readonly dataDir: string;
  readonly password: string;
  readonly account: Account | Record<string, never>;
}

async function initialize(options: InitializeOptions): Promise<void> {
  const passwordFile = `${options.dataDir}.password`;
  await writeFile(passwordFile, options.password, { mode: 0o600 });
  try {
    if ('uid' in options.account) await chown(passwordFile, options.account.uid, options.account.gid);
    const flags = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'];
    await runOrThrow(
      join(options.binDir, 'initdb'),
      ['-D', options.dataDir, '-U', USER, `--pwfile=${passwordFile}`, ...flags],
      { ...options.account, cwd: options.dataDir, signal: options.signal, action: 'initialize the PostgreSQL data' },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}
