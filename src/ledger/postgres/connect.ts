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

/** A process that was paused in the middle of a transaction may hold up the others for so long. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;

/**
 * Takes on the role of the migrations, which has only the rights that everyday statements need, where it is there, has been
 * given rights in this database, and the login may.
 */
const TAKE_ON_ROLE = `
  SELECT set_config('role', rolname, false)
  FROM pg_roles CROSS JOIN pg_namespace
  WHERE rolname = 'molecule_ledger' AND nspname = 'molecule'
    AND has_schema_privilege(pg_roles.oid, pg_namespace.oid, 'USAGE')
    AND pg_has_role(pg_roles.oid, CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)`;

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
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    onConnect: async (client) => void (await client.query(TAKE_ON_ROLE)),
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
