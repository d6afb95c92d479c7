import { readdir } from 'node:fs/promises';
import { Client, DatabaseError } from 'pg';
import { coerceError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { LedgerAddress } from './postgres/address.ts';
import { clientConfig } from './postgres/connect.ts';
import { ledgerFailure } from './postgres/failure.ts';
import { LedgerUnavailableError } from './unavailable.ts';

export interface MigrateOptions {
  readonly address: LedgerAddress;
  /** Plain SQL files, forward only, applied in the order of their names. */
  readonly directory: string;
  readonly log: Logger;
}

export interface MigrationStatus {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
  /** Applied by a newer release than this one; it can be used as long as releases only add. */
  readonly unknown: readonly string[];
}

/** Everything of ours lives in one schema, so that the database may be shared. */
const SCHEMA = 'molecule';
const MIGRATIONS_TABLE = 'migrations';
/** How long one process waits while another one migrates. */
const LOCK_TIMEOUT_MS = 60_000;

/**
 * Brings the schema up to date and returns the names of what it applied: all pending migrations in one transaction, or none. Any
 * number of processes may do so at once; an advisory lock lets one of them work and the others find nothing left.
 */
export async function migrate(options: MigrateOptions, signal: AbortSignal): Promise<readonly string[]> {
  return withClient(options, signal, async (client) => {
    const { pending } = await readStatus(client, options.directory);
    if (pending.length === 0) return [];
    // Loaded only when there is work: it costs 9 MB of memory, which an operator would keep for good.
    const { runner } = await import('node-pg-migrate');
    const applied = await runner({
      dbClient: client,
      dir: options.directory,
      direction: 'up',
      migrationsSchema: SCHEMA,
      createMigrationsSchema: true,
      migrationsTable: MIGRATIONS_TABLE,
      singleTransaction: true,
      advisoryLockMode: 'wait',
      log: (text: string) => options.log.debug(text),
    });
    const names = applied.map(({ name }) => name);
    if (names.length > 0)
      options.log.info({ migrations: names, ledger: options.address.display }, 'Migrated the ledger');
    return names;
  });
}

/** Changes nothing, not even in an empty database. */
export async function migrationStatus(options: MigrateOptions, signal: AbortSignal): Promise<MigrationStatus> {
  return withClient(options, signal, (client) => readStatus(client, options.directory));
}

async function readStatus(client: Client, directory: string): Promise<MigrationStatus> {
  const files = await readdir(directory);
  const known = files
    .filter((name) => name.endsWith('.sql'))
    .map((name) => name.slice(0, -'.sql'.length))
    .sort();
  const table = `${SCHEMA}.${MIGRATIONS_TABLE}`;
  const { rows: tables } = await client.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [
    table,
  ]);
  if (tables[0]?.exists !== true) return { applied: [], pending: known, unknown: [] };
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${table} ORDER BY id`);
  const applied = rows.map(({ name }) => name);
  return {
    applied,
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  };
}

/** A connection of its own: migrations may take longer than the pool lets a statement run. */
async function withClient<T>(
  options: MigrateOptions,
  signal: AbortSignal,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const client = new Client({ ...clientConfig(options.address), lock_timeout: LOCK_TIMEOUT_MS });
  let lost: Error | undefined;
  client.on('error', (error) => {
    lost = error;
  });
  client.on('notice', ({ severity, message }) => {
    if (severity === 'WARNING')
      options.log.warn({ reason: message, ledger: options.address.display }, 'The ledger warns');
  });
  // Ending a client in the middle of a statement closes its connection, which rejects the statement.
  const cut = (): void => void client.end();
  signal.addEventListener('abort', cut, { once: true });
  try {
    await client.connect().catch((error: unknown) => {
      lost = coerceError(error);
    });
    if (lost !== undefined) throw lost;
    // An embedded Postgres has one session behind all connections, in which another one may have taken a role on.
    await client.query('RESET ROLE');
    return await work(client);
  } catch (error) {
    signal.throwIfAborted();
    throw migrationFailure(lost ?? coerceError(error), { address: options.address, isLost: lost !== undefined });
  } finally {
    signal.removeEventListener('abort', cut);
    await client.end();
  }
}

/** The server's refusals keep their text: what a person has to grant or repair is in it. */
function migrationFailure(error: Error, context: { readonly address: LedgerAddress; readonly isLost: boolean }): Error {
  const failure = context.isLost || error instanceof DatabaseError ? ledgerFailure(error, context.address) : error;
  if (failure instanceof LedgerUnavailableError) return failure;
  return new Error(`Cannot migrate the ledger at ${context.address.display}: ${error.message}`, { cause: error });
}
