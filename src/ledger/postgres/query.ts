import { DatabaseError, type Pool, type QueryResult } from 'pg';
import type { LedgerAddress } from './address.ts';
import { ledgerFailure } from './failure.ts';

export interface Database {
  readonly pool: Pool;
  readonly address: LedgerAddress;
}

export interface Statement {
  /** Prepared once per connection under this name. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/**
 * Runs one statement. An abort closes the connection at once and rejects with the signal's reason; whether the statement took
 * effect is unknown then, so it has to be repeatable. Other errors: see `ledgerFailure`.
 */
export async function query(database: Database, statement: Statement, signal: AbortSignal): Promise<QueryResult> {
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
    const result = await client.query({ ...statement, values: [...statement.values] });
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
 * The server answered, so the connection is good, unless the answer was that the server ends it: operator intervention
 * (57P0x) and connection errors (08) come before the socket closes, and the pool would hand out a dying connection.
 */
function isUsableAfter(error: unknown): boolean {
  return error instanceof DatabaseError && !/^(57P|08)/.test(error.code ?? '');
}
