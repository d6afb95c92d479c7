import type { KubeObject } from '../kube/objects.ts';
import type { Clock } from '../platform/clock.ts';
import { coerceError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { RefusedError } from '../runtime/classify.ts';
import type { ApprovalEffect, Intent, IntentOutcome } from '../runtime/plan.ts';
import type { CaseFile, Claim, Holders, Ledger, Release } from './port.ts';

/** `absent`: none is configured. `unknown`: it has not answered yet. `frozen`: it is not as far as the cluster remembers it. */
export type LedgerHealth = 'available' | 'unavailable' | 'frozen' | 'absent' | 'unknown';

export interface MonitoredLedgerOptions {
  readonly ledger: Ledger;
  readonly isConfigured: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

const ASK_AGAIN_MS = 3_000;

/**
 * A ledger that knows how it is. Every call passes through and one that fails tells; that all is well is said only by `prepare`,
 * which looks at the whole: a ledger that answers may still have been set back.
 */
export class MonitoredLedger implements Ledger {
  readonly #options: MonitoredLedgerOptions;
  readonly #listeners: (() => void)[] = [];
  #health: LedgerHealth;
  #deadSince: Date | undefined;
  #doubt = Promise.withResolvers<void>();

  constructor(options: MonitoredLedgerOptions) {
    this.#options = options;
    this.#health = options.isConfigured ? 'unknown' : 'absent';
  }

  /** From memory. */
  health(): LedgerHealth {
    return this.#health;
  }

  /** Since when it has not been available without a break, as far as this process knows; undefined while it is. */
  deadSince(): Date | undefined {
    return this.#deadSince;
  }

  /** Called after every change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Asks while the ledger is not available, until `signal` is aborted; what is available is not asked. */
  async run(signal: AbortSignal): Promise<void> {
    if (!this.#options.isConfigured) return;
    const stop = (): void => this.#doubt.resolve();
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      this.#doubt = Promise.withResolvers();
      // What it rejects with is told by `#watched`.
      await this.prepare(signal).catch(() => undefined);
      if (signal.aborted) break;
      if (this.#health === 'available') await this.#doubt.promise;
      else await this.#options.clock.sleep(ASK_AGAIN_MS, signal).catch(() => undefined);
    }
    signal.removeEventListener('abort', stop);
  }

  async prepare(signal: AbortSignal): Promise<void> {
    await this.#watched(signal, (ledger) => ledger.prepare(signal));
    this.#become('available', undefined);
  }

  approve(effect: ApprovalEffect, signal: AbortSignal): Promise<void> {
    return this.#watched(signal, (ledger) => ledger.approve(effect, signal));
  }

  record(intent: Intent, signal: AbortSignal): Promise<void> {
    return this.#watched(signal, (ledger) => ledger.record(intent, signal));
  }

  conclude(outcome: IntentOutcome, signal: AbortSignal): Promise<void> {
    return this.#watched(signal, (ledger) => ledger.conclude(outcome, signal));
  }

  readCase(subjectUID: string, action: string, signal: AbortSignal): Promise<CaseFile> {
    return this.#watched(signal, (ledger) => ledger.readCase(subjectUID, action, signal));
  }

  readSnapshot(subjectUID: string, signal: AbortSignal): Promise<KubeObject | undefined> {
    return this.#watched(signal, (ledger) => ledger.readSnapshot(subjectUID, signal));
  }

  addAsker(subjectUID: string, asker: string, signal: AbortSignal): Promise<void> {
    return this.#watched(signal, (ledger) => ledger.addAsker(subjectUID, asker, signal));
  }

  mayErase(operationID: string, claimUID: string, signal: AbortSignal): Promise<boolean> {
    return this.#watched(signal, (ledger) => ledger.mayErase(operationID, claimUID, signal));
  }

  holders(signal: AbortSignal): Promise<Holders> {
    return this.#watched(signal, (ledger) => ledger.holders(signal));
  }

  claim(claims: readonly Claim[], signal: AbortSignal): Promise<Holders> {
    return this.#watched(signal, (ledger) => ledger.claim(claims, signal));
  }

  release(releases: readonly Release[], signal: AbortSignal): Promise<void> {
    return this.#watched(signal, (ledger) => ledger.release(releases, signal));
  }

  close(): Promise<void> {
    return this.#options.ledger.close();
  }

  async #watched<T>(signal: AbortSignal, call: (ledger: Ledger) => Promise<T>): Promise<T> {
    try {
      return await call(this.#options.ledger);
    } catch (thrown) {
      const error = coerceError(thrown);
      if (!signal.aborted) this.#doubtBecauseOf(error);
      throw error;
    }
  }

  /** A refusal is an answer. Everything else that is not one, a defect of ours included, is no ground to destroy on. */
  #doubtBecauseOf(error: Error): void {
    if (!(error instanceof RefusedError)) this.#become('unavailable', error);
    else if (error.reason === 'LedgerFrozen') this.#become('frozen', error);
  }

  #become(health: LedgerHealth, error: Error | undefined): void {
    if (!this.#options.isConfigured || this.#health === health) return;
    const { log, clock } = this.#options;
    const before = this.#health;
    this.#health = health;
    this.#deadSince = health === 'available' ? undefined : (this.#deadSince ?? clock.now());
    if (health !== 'available') {
      log.warn({ reason: error?.message, health }, 'The ledger cannot be used; nothing is destroyed until it can');
      this.#doubt.resolve();
    } else if (before !== 'unknown') log.info('The ledger can be used again');
    for (const listener of this.#listeners) listener();
  }
}
