import { type ClientConfig, Pool } from 'pg';
import type { Logger } from '../../platform/log.ts';
import type { LedgerAddress } from './address.ts';

export interface ConnectOptions {
  readonly address: LedgerAddress;
  /** @default 5; an embedded Postgres that serves one connection needs 1 */
  readonly maxConnections?: number;
  readonly log: Logger;
}

/** Longer than any statement of ours takes, shorter than a pass of a controller may hang. */
const STATEMENT_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 30_000;

/** What pool and migrations have in common. TLS comes from the URL (sslmode, sslrootcert, sslcert, sslkey). */
export function clientConfig(address: LedgerAddress): ClientConfig {
  return {
    connectionString: address.url,
    application_name: 'molecule-operator',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  };
}

/** Connects at the first statement. The caller ends it. */
export function createPool(options: ConnectOptions): Pool {
  const pool = new Pool({
    ...clientConfig(options.address),
    max: options.maxConnections ?? 5,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // The server counts the first; this one is for a server that no longer counts.
    query_timeout: STATEMENT_TIMEOUT_MS + 1_000,
  });
  // An idle connection was lost. Without a listener that would end the process; the pool replaces it by itself. Only the text
  // is logged, because the error carries the whole client.
  pool.on('error', (error) => {
    options.log.warn(
      { reason: error.message, ledger: options.address.display },
      'Lost an idle connection to the ledger',
    );
  });
  return pool;
}
