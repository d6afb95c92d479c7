import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startDaemon, stopRecorded } from '../lib/daemon.ts';
import { CHECKOUT_DIR } from '../lib/paths.ts';
import { pickPorts } from '../lib/ports.ts';
import { removePostgresData } from './data.ts';
import { waitForPostgres } from './database.ts';
import type { RunningPostgres, StartPostgresOptions } from './start.ts';

const SERVER_SCRIPT = join(CHECKOUT_DIR, 'node_modules/@electric-sql/pglite-socket/dist/scripts/server.js');
const MAX_CONNECTIONS = 20;

/** PostgreSQL inside a Node process: one session at a time behind all connections, no passwords, one database. */
export async function startEmbedded(options: StartPostgresOptions): Promise<RunningPostgres> {
  const { dir, signal } = options;
  const pidFile = join(dir, 'run', 'postgres.pid');
  await stopRecorded(pidFile);
  await mkdir(join(dir, 'data'), { recursive: true });
  const { port } = await pickPorts(['port'], { ...(options.rememberedPort && { port: options.rememberedPort }) });
  const daemon = await startDaemon({
    name: 'postgres',
    program: process.execPath,
    args: [SERVER_SCRIPT, `--db=${join(dir, 'data')}`, `--port=${port}`, `--max-connections=${MAX_CONNECTIONS}`],
    logFile: join(dir, 'log', 'postgres.log'),
    pidFile,
    lifetime: options.lifetime ?? 'parent',
  });
  const url = `postgres://postgres:postgres@127.0.0.1:${port}/postgres?sslmode=disable`;
  try {
    await waitForPostgres({ url, daemon, signal });
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  const stop = (): Promise<void> => daemon.stop();
  const remove = async (): Promise<void> => {
    await stop();
    await removePostgresData(dir);
  };
  return { access: { kind: 'embedded', url, dir, port }, daemon, stop, remove };
}
