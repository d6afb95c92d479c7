import type { Logger } from '../../platform/log.ts';
import type { Intent, IntentOutcome } from '../../runtime/plan.ts';
import { migrate } from '../migrate.ts';
import type { Claim, Holders, Ledger, Release } from '../port.ts';
import { type LedgerAddress, parseLedgerURL } from './address.ts';
import { createPool } from './connect.ts';
import { claimIdentities, readHolders, releaseIdentities } from './identities.ts';
import { concludeIntent, recordIntent } from './operations.ts';
import type { Database } from './query.ts';

export interface LedgerOptions {
  readonly url: string;
  /** The directory of the migrations; see `findMigrations`. */
  readonly migrations: string;
  /** @default 5 */
  readonly maxConnections?: number;
  readonly log: Logger;
}

/**
 * The ledger in Postgres. Opening it connects to nothing, so that an operator starts and keeps agents running while the
 * database is down; the schema is brought up to date at the first call that reaches it. Throws a RangeError for a bad URL.
 */
export function openLedger(options: LedgerOptions): Ledger {
  return new PostgresLedger(options);
}

class PostgresLedger implements Ledger {
  readonly #options: LedgerOptions;
  readonly #address: LedgerAddress;
  readonly #database: Database;
  readonly #closing = new AbortController();
  #migrated: Promise<void> | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#address = parseLedgerURL(options.url);
    this.#database = { pool: createPool({ ...options, address: this.#address }), address: this.#address };
  }

  /** Callers share one run; a failed one is forgotten, so that the next call tries again. */
  async prepare(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    this.#migrated ??= this.#migrate();
    await settledOrAborted(this.#migrated, signal);
  }

  async record(intent: Intent, signal: AbortSignal): Promise<void> {
    await this.prepare(signal);
    await recordIntent(this.#database, intent, signal);
  }

  async conclude(outcome: IntentOutcome, signal: AbortSignal): Promise<void> {
    await this.prepare(signal);
    await concludeIntent(this.#database, outcome, signal);
  }

  async holders(signal: AbortSignal): Promise<Holders> {
    await this.prepare(signal);
    return readHolders(this.#database, signal);
  }

  async claim(claims: readonly Claim[], signal: AbortSignal): Promise<Holders> {
    await this.prepare(signal);
    return claimIdentities(this.#database, claims, signal);
  }

  async release(releases: readonly Release[], signal: AbortSignal): Promise<void> {
    await this.prepare(signal);
    await releaseIdentities(this.#database, releases, signal);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('Cannot use the ledger: it is closed'));
    await this.#database.pool.end();
  }

  async #migrate(): Promise<void> {
    const { migrations, log } = this.#options;
    try {
      await migrate({ address: this.#address, directory: migrations, log }, this.#closing.signal);
    } catch (error) {
      this.#migrated = undefined;
      throw error;
    }
  }
}

/** Waits for the work, but not longer than the caller wants to; the work itself goes on for the others. */
async function settledOrAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
