import { join } from 'node:path';
import type { Daemon } from '../lib/daemon.ts';
import { readIfExists, writeAtomically } from '../lib/files.ts';
import { type Report, reportNothing } from '../lib/report.ts';
import { startEmbedded } from './embedded.ts';
import { findServerBinaries, startServer } from './server.ts';

export interface StartPostgresOptions {
  /** Data, log, pid file. Started again on it, the data is kept. */
  readonly dir: string;
  /** @default parent */
  readonly lifetime?: 'parent' | 'detached';
  readonly rememberedPort?: number | undefined;
  readonly report?: Report | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Plain data, so that it can be handed to other processes. */
export interface PostgresAccess {
  /** A server of its own, or one embedded in Node, which has one database and little concurrency. */
  readonly kind: 'server' | 'embedded';
  /** Of the database `molecule`, with the right to create others. */
  readonly url: string;
  readonly dir: string;
  readonly port: number;
}

export interface RunningPostgres {
  readonly access: PostgresAccess;
  readonly daemon: Daemon;
  /** Stops it; the data stays. */
  stop(): Promise<void>;
  /** Stops it and removes the data. */
  remove(): Promise<void>;
}

/** Starts the machine's PostgreSQL server, or PGlite where it has none, on loopback, and returns when it answers. */
export async function startPostgres(options: StartPostgresOptions): Promise<RunningPostgres> {
  const binDir = await findServerBinaries();
  // Data of one kind cannot be read by the other: the one that began goes on.
  const kindFile = join(options.dir, 'kind');
  const kind = (await readIfExists(kindFile))?.trim() ?? (binDir === undefined ? 'embedded' : 'server');
  await writeAtomically(kindFile, `${kind}\n`);
  if (kind === 'embedded') {
    (options.report ?? reportNothing)('No PostgreSQL server on this machine: using the embedded one (PGlite)');
    return startEmbedded(options);
  }
  if (binDir === undefined) {
    throw new Error(
      `Cannot start the PostgreSQL server of ${options.dir}: its programs are gone. Install postgresql, or remove the directory`,
    );
  }
  return startServer({ ...options, binDir });
}
