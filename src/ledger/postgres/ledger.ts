import { untilAborted } from '../../kube/deadline.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { ApprovalEffect, Intent, IntentOutcome } from '../../runtime/plan.ts';
import { HeadKeeper, type HeadMemory } from '../head-keeper.ts';
import { migrate } from '../migrate.ts';
import type { CaseFile, Claim, Holders, Ledger, Release } from '../port.ts';
import { type LedgerAddress, parseLedgerURL } from './address.ts';
import { bindApproval, closeApproval, decideApproval, openApproval } from './approvals.ts';
import { addAsker } from './askers.ts';
import { mayErase, readCase, readSnapshot } from './cases.ts';
import { createPool } from './connect.ts';
import { consumeApproval } from './consume.ts';
import { isInChain, readHead } from './head.ts';
import { claimIdentities, readHolders, releaseIdentities } from './identities.ts';
import { concludeIntent, recordIntent } from './operations.ts';
import { type Database, query } from './query.ts';
import { keepSnapshot } from './snapshots.ts';

export interface LedgerOptions {
  readonly url: string;
  /** The directory of the migrations; see `findMigrations`. */
  readonly migrations: string;
  /** @default 5 */
  readonly maxConnections?: number;
  /** Where the cluster remembers how far the ledger is. */
  readonly memory: HeadMemory;
  readonly clock: Clock;
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
  readonly #head: HeadKeeper;
  readonly #closing = new AbortController();
  #migrated: Promise<void> | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#address = parseLedgerURL(options.url);
    this.#database = { pool: createPool({ ...options, address: this.#address }), address: this.#address };
    const database = this.#database;
    this.#head = new HeadKeeper({
      ...options,
      audit: {
        contains: (head, signal) => isInChain((statement) => query(database, statement, signal), head),
        latest: (signal) => readHead(database, signal),
      },
    });
  }

  async prepare(signal: AbortSignal): Promise<void> {
    await this.#ready(signal);
    await this.#head.catchUp(signal);
  }

  async approve(effect: ApprovalEffect, signal: AbortSignal): Promise<void> {
    await this.#ready(signal);
    if (effect.kind === 'consume') return this.#consume(effect, signal);
    await this.#carryOut(effect, signal);
    this.#head.note();
  }

  async record(intent: Intent, signal: AbortSignal): Promise<void> {
    await this.#ready(signal);
    await recordIntent(this.#database, intent, signal);
    this.#head.note();
  }

  async conclude(outcome: IntentOutcome, signal: AbortSignal): Promise<void> {
    await this.#ready(signal);
    await concludeIntent(this.#database, outcome, signal);
    this.#head.note();
  }

  async readCase(subjectUID: string, action: string, signal: AbortSignal): Promise<CaseFile> {
    await this.#ready(signal);
    return readCase(this.#database, subjectUID, action, signal);
  }

  async readSnapshot(subjectUID: string, signal: AbortSignal): Promise<KubeObject | undefined> {
    await this.#ready(signal);
    return readSnapshot(this.#database, subjectUID, signal);
  }

  async addAsker(subjectUID: string, asker: string, signal: AbortSignal): Promise<void> {
    await this.#ready(signal);
    await addAsker(this.#database, subjectUID, asker, signal);
    this.#head.note();
  }

  async mayErase(operationID: string, claimUID: string, signal: AbortSignal): Promise<boolean> {
    await this.#ready(signal);
    return mayErase(this.#database, operationID, claimUID, signal);
  }

  async holders(signal: AbortSignal): Promise<Holders> {
    await this.#ready(signal);
    return readHolders(this.#database, signal);
  }

  async claim(claims: readonly Claim[], signal: AbortSignal): Promise<Holders> {
    await this.#ready(signal);
    return claimIdentities(this.#database, claims, signal);
  }

  async release(releases: readonly Release[], signal: AbortSignal): Promise<void> {
    await this.#ready(signal);
    await releaseIdentities(this.#database, releases, signal);
  }

  async close(): Promise<void> {
    this.#head.close();
    this.#closing.abort(new Error('Cannot use the ledger: it is closed'));
    await this.#database.pool.end();
  }

  async #carryOut(effect: Exclude<ApprovalEffect, { kind: 'consume' }>, signal: AbortSignal): Promise<void> {
    switch (effect.kind) {
      case 'open':
        return openApproval(this.#database, effect, signal);
      case 'bind':
        return bindApproval(this.#database, effect, signal);
      case 'decide':
        return decideApproval(this.#database, effect, signal);
      case 'close':
        return closeApproval(this.#database, effect, signal);
      case 'snapshot':
        return keepSnapshot(this.#database, effect, signal);
      default:
        return effect satisfies never;
    }
  }

  /**
   * What is remembered is read from the cluster before, and is checked in the transaction. Nobody goes on before the cluster
   * remembers the consumption: when that fails, it is repeated, which resumes.
   */
  async #consume(effect: Extract<ApprovalEffect, { kind: 'consume' }>, signal: AbortSignal): Promise<void> {
    const remembered = await this.#head.recall(signal);
    await consumeApproval(this.#database, effect, { remembered, signal });
    await this.#head.catchUp(signal);
  }

  /** Callers share one run of the migrations; a failed one is forgotten, so that the next call tries again. */
  async #ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    this.#migrated ??= this.#migrate();
    await untilAborted(this.#migrated, signal);
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
