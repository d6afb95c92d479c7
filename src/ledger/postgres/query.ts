import { DatabaseError, type Pool, type PoolClient, type QueryResult } from 'pg';
import { RefusedError } from '../../runtime/classify.ts';
import type { LedgerAddress } from './address.ts';
import { ledgerFailure } from './failure.ts';

export interface Database {
  readonly pool: Pool;
  readonly address: LedgerAddress;
}

/** Without a name, under which it would be prepared: an embedded Postgres, and some poolers, share those between connections. */
export interface Statement {
  readonly text: string;
  readonly values: readonly (string | number | null)[];
}

/** Runs one statement of a transaction. */
export type RunStatement = (statement: Statement) => Promise<QueryResult>;

/**
 * Runs one statement. An abort closes the connection at once and rejects with the signal's reason; whether the statement took
 * effect is unknown then, so it has to be repeatable. Other errors: see `ledgerFailure`.
 */
export async function query(database: Database, statement: Statement, signal: AbortSignal): Promise<QueryResult> {
  return withConnection(database, signal, (client) => run(client, statement));
}

/**
 * Runs all statements of `work`, or none: when it throws, nothing has happened. Each statement sees what others have committed
 * before it. When the connection is lost during COMMIT, nobody knows what became of it, so it has to be repeatable as a whole.
 */
export async function transaction<T>(
  database: Database,
  signal: AbortSignal,
  work: (run: RunStatement) => Promise<T>,
): Promise<T> {
  return withConnection(database, signal, async (client) => {
    await client.query('BEGIN');
    let result: T;
    try {
      result = await work((statement) => run(client, statement));
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    }
    await client.query('COMMIT');
    return result;
  });
}

async function run(client: PoolClient, statement: Statement): Promise<QueryResult> {
  return client.query({ ...statement, values: [...statement.values] });
}

/** Lends a connection of the pool to `work`; one that an abort cut or that broke is not lent again. */
export async function withConnection<T>(
  database: Database,
  signal: AbortSignal,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const client = await database.pool.connect().catch((error: unknown) => {
    throw ledgerFailure(error, database.address);
  });
  // A lost connection rejects the statement and is an event besides, which would end the process if nobody listened.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  let isReleased = false;
  const release = (isBroken: boolean): void => {
    if (isReleased) return;
    isReleased = true;
    client.release(isBroken);
    if (!isBroken) client.off('error', ignore);
  };
  const cut = (): void => release(true);
  signal.addEventListener('abort', cut, { once: true });
  try {
    signal.throwIfAborted();
    const result = await work(client);
    release(false);
    return result;
  } catch (error) {
    release(!isUsableAfter(error));
    signal.throwIfAborted();
    throw ledgerFailure(error, database.address);
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

/**
 * We or the server refused, so the connection is good, unless the answer was that the server ends it: operator intervention
 * (57P0x) and connection errors (08) come before the socket closes, and the pool would hand out a dying connection.
 */
function isUsableAfter(error: unknown): boolean {
  return error instanceof RefusedError || (error instanceof DatabaseError && !/^(57P|08)/.test(error.code ?? ''));
}
