import { backoffMs } from '../platform/backoff.ts';
import type { Clock } from '../platform/clock.ts';
import { coerceError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { ClaimSink } from '../runtime/controller.ts';
import type { ClaimEffect } from '../runtime/plan.ts';
import type { Claim, Ledger, Release } from './port.ts';

export interface IdentityRegistryOptions {
  readonly ledger: Pick<Ledger, 'holders' | 'claim' | 'release'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** An id turned out to be another's than who claimed it. */
  readonly onLost: (id: string) => void;
}

const BATCH = 500;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;

/**
 * What the ledger knows of ids, in memory: read once with one statement, and changed by our own claims alone, which go out
 * together in the background. So a pass asks for nothing and waits for nothing, in a steady state there are no statements at
 * all, and while the ledger is down agents start as ever; what could not be claimed is claimed when it is back.
 */
export class IdentityRegistry implements ClaimSink {
  readonly #options: IdentityRegistryOptions;
  #holders = new Map<string, string>();
  readonly #claims = new Map<string, Claim>();
  readonly #releases = new Map<string, Release>();
  #wake = Promise.withResolvers<void>();

  constructor(options: IdentityRegistryOptions) {
    this.#options = options;
  }

  /** uid of who holds an id; undefined: nobody, or the ledger has not told yet. */
  holderOf(id: string): string | undefined {
    return this.#holders.get(id);
  }

  submit(effect: ClaimEffect): void {
    if (effect.kind === 'claim') this.#claims.set(effect.id, effect);
    else this.#submitRelease(effect);
    this.#wake.resolve();
  }

  /** Works until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#persist(() => this.#load(signal), signal);
    while (!signal.aborted) {
      await this.#untilSubmitted(signal);
      await this.#persist(() => this.#flush(signal), signal);
    }
  }

  /** Who never got as far as the ledger has nothing there to release. */
  #submitRelease(release: Release): void {
    const { id, holderUID } = release;
    if (this.#claims.get(id)?.holderUID === holderUID) this.#claims.delete(id);
    if (this.#holders.get(id) !== holderUID) return;
    this.#holders.delete(id);
    this.#releases.set(id, release);
  }

  async #load(signal: AbortSignal): Promise<void> {
    this.#holders = new Map(await this.#options.ledger.holders(signal));
  }

  async #flush(signal: AbortSignal): Promise<void> {
    const { ledger, onLost } = this.#options;
    for (let batch = take(this.#releases); batch.length > 0; batch = take(this.#releases)) {
      await ledger.release(batch, signal);
      forget(this.#releases, batch);
    }
    for (let batch = this.#takeClaims(); batch.length > 0; batch = this.#takeClaims()) {
      const holders = await ledger.claim(batch, signal);
      for (const [id, uid] of holders) this.#holders.set(id, uid);
      forget(this.#claims, batch);
      for (const { id, holderUID } of batch) if (holders.get(id) !== holderUID) onLost(id);
    }
  }

  /** Without those that the ledger is known to have: a restart asks for every id once more. */
  #takeClaims(): readonly Claim[] {
    for (const [id, { holderUID }] of this.#claims) if (this.#holders.get(id) === holderUID) this.#claims.delete(id);
    return take(this.#claims);
  }

  async #untilSubmitted(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#wake.resolve();
    signal.addEventListener('abort', stop, { once: true });
    if (!signal.aborted) await this.#wake.promise;
    signal.removeEventListener('abort', stop);
    this.#wake = Promise.withResolvers<void>();
  }

  /** Repeats until it succeeds; whatever fails is told once, because agents do not depend on it. */
  async #persist(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        const reason = coerceError(error).message;
        if (failures === 1)
          log.warn({ reason }, 'Cannot claim ids in the ledger; the elder object keeps an id until then');
        const delayMs = backoffMs(failures, { firstMs: FIRST_BACKOFF_MS, capMs: LONGEST_BACKOFF_MS, random });
        await clock.sleep(delayMs, signal).catch(() => undefined);
      }
    }
  }
}

function take<T>(queue: ReadonlyMap<string, T>): readonly T[] {
  return [...queue.values()].slice(0, BATCH);
}

/** What was submitted anew meanwhile stays. */
function forget<T extends { readonly id: string }>(queue: Map<string, T>, done: readonly T[]): void {
  for (const item of done) if (queue.get(item.id) === item) queue.delete(item.id);
}
