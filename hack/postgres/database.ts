import { join } from 'node:path';
import { Client } from 'pg';
import { type Daemon, logTail } from '../lib/daemon.ts';
import { waitFor } from '../lib/wait.ts';
import { startEmbedded } from './embedded.ts';
import type { PostgresAccess } from './start.ts';

const START_TIMEOUT_MS = 30_000;

/** A database of its own for one test file. */
export interface ThrowawayDatabase {
  readonly url: string;
  /** Ends its connections and removes it. */
  drop(): Promise<void>;
}

/**
 * Makes an empty database beside the server's own; from the embedded PostgreSQL, which has only one, a server more.
 * The name is taken as an SQL identifier: lower case letters, digits and underscores.
 */
export async function createDatabase(access: PostgresAccess, name: string): Promise<ThrowawayDatabase> {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new RangeError(`Cannot name a database ${name}: use a-z, 0-9 and _`);
  if (access.kind === 'embedded') {
    const embedded = await startEmbedded({ dir: join(access.dir, name) });
    return { url: embedded.access.url, drop: embedded.remove };
  }
  await ensureDatabase(access.url, name);
  const url = new URL(access.url);
  url.pathname = name;
  return { url: url.href, drop: () => query(access.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** Creates the database if it is missing. */
export async function ensureDatabase(url: string, name: string): Promise<void> {
  try {
    await query(url, `CREATE DATABASE ${name}`);
  } catch (error) {
    const isDuplicate = error instanceof Error && 'code' in error && error.code === '42P04';
    if (!isDuplicate) throw error;
  }
}

/** Returns when a client can log in. */
export async function waitForPostgres(options: {
  readonly url: string;
  readonly daemon: Daemon;
  readonly signal: AbortSignal | undefined;
}): Promise<void> {
  await waitFor(
    async () => {
      if (!options.daemon.isRunning()) {
        throw new Error(
          `Cannot start PostgreSQL: it ended at once. Its log says:\n${await logTail(options.daemon.logFile)}`,
        );
      }
      return query(options.url, 'SELECT 1').then(
        () => true,
        () => false,
      );
    },
    { what: 'PostgreSQL answer', timeoutMs: START_TIMEOUT_MS, intervalMs: 50, signal: options.signal },
  );
}

async function query(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  // Errors of an idle connection arrive here as well as in the query's promise; one that nobody hears ends the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end();
  }
}
