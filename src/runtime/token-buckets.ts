import { LruMap } from './lru-map.ts';

interface Bucket {
  readonly tokens: number;
  readonly filledMs: number;
}

/** Keys that are remembered. One that was forgotten begins with a full bucket. */
const CAPACITY = 4096;

/** A token bucket per key: `burst` at once, then one per `refillMs`. Reads no clock. */
export class TokenBuckets {
  readonly #burst: number;
  readonly #refillMs: number;
  readonly #buckets = new LruMap<string, Bucket>(CAPACITY);

  constructor(options: { readonly burst: number; readonly refillMs: number }) {
    this.#burst = options.burst;
    this.#refillMs = options.refillMs;
  }

  /** Takes a token of the key. False: there is none left. */
  take(key: string, nowMs: number): boolean {
    const { tokens, filledMs } = this.#buckets.get(key) ?? { tokens: this.#burst, filledMs: nowMs };
    const available = Math.min(this.#burst, tokens + (nowMs - filledMs) / this.#refillMs);
    const isAdmitted = available >= 1;
    this.#buckets.set(key, { tokens: isAdmitted ? available - 1 : available, filledMs: nowMs });
    return isAdmitted;
  }
}
