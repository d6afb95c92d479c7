import { untilAborted } from '../kube/deadline.ts';
import type { Clock } from '../platform/clock.ts';
import { coerceError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { AuditHead } from './audit/chain.ts';
import { frozen } from './frozen.ts';

/** Remembers one head, outside of the database. */
export interface HeadMemory {
  /** Undefined when nothing was ever remembered, or an administrator made it forget. */
  recall(signal: AbortSignal): Promise<RememberedHead | undefined>;
  /** Returns false when somebody else wrote since `over` was recalled. */
  remember(head: AuditHead, over: RememberedHead | undefined, signal: AbortSignal): Promise<boolean>;
}

export interface RememberedHead {
  readonly head: AuditHead;
  readonly resourceVersion: string;
}

export interface HeadKeeperOptions {
  readonly memory: HeadMemory;
  readonly audit: {
    contains(head: AuditHead, signal: AbortSignal): Promise<boolean>;
    latest(signal: AbortSignal): Promise<AuditHead>;
  };
  readonly clock: Clock;
  readonly log: Logger;
}

const EVERY_MS = 10_000;

/**
 * Keeps the cluster's memory of the ledger, by which a ledger that was set back to an earlier state, or exchanged, is noticed.
 * Guarantee: the memory only ever goes forward along one chain; it is never overwritten by a ledger that does not have what is
 * remembered.
 */
export class HeadKeeper {
  readonly #options: HeadKeeperOptions;
  readonly #closing = new AbortController();
  #underWay: Promise<void> | undefined;
  #following: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: HeadKeeperOptions) {
    this.#options = options;
  }

  /** What the ledger must have. */
  async recall(signal: AbortSignal): Promise<AuditHead | undefined> {
    return (await this.#options.memory.recall(signal))?.head;
  }

  /**
   * Returns when the cluster remembers everything that is in the ledger at this moment; callers at once share the calls. Rejects
   * with a RefusedError when this ledger is not the one that is remembered.
   */
  async catchUp(signal: AbortSignal): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    // What is under way may have looked at the ledger before the caller wrote to it.
    const { promise } = this.#underWay === undefined ? this.#start() : this.#follow(this.#underWay);
    await untilAborted(promise, signal);
  }

  /** Something was written: it is remembered soon, together with what follows. */
  note(): void {
    if (this.#cancelTimer !== undefined || this.#closing.signal.aborted) return;
    this.#cancelTimer = this.#options.clock.schedule(EVERY_MS, () => {
      this.catchUp(this.#closing.signal).catch((error: unknown) => {
        if (this.#closing.signal.aborted) return;
        const reason = coerceError(error).message;
        this.#options.log.warn({ reason }, 'Cannot remember in the cluster how far the ledger is');
      });
    });
  }

  close(): void {
    this.#cancelTimer?.();
    this.#closing.abort(new Error('Cannot use the ledger: it is closed'));
  }

  #start(): { readonly promise: Promise<void> } {
    const promise = this.#run().finally(() => {
      this.#underWay = undefined;
    });
    this.#underWay = promise;
    return { promise };
  }

  #follow(underWay: Promise<void>): { readonly promise: Promise<void> } {
    this.#following ??= underWay
      .catch(() => undefined)
      .then(() => {
        this.#following = undefined;
        return this.#start().promise;
      });
    return { promise: this.#following };
  }

  async #run(): Promise<void> {
    const { memory, audit } = this.#options;
    const { signal } = this.#closing;
    for (;;) {
      const over = await memory.recall(signal);
      const latest = await audit.latest(signal);
      if (over !== undefined && !(await audit.contains(over.head, signal))) throw frozen();
      if (over !== undefined && over.head.seq >= latest.seq) return;
      if (await memory.remember(latest, over, signal)) return;
    }
  }
}
