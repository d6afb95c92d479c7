import type { KubeClient } from '../kube/client.ts';
import { isRetryable } from '../kube/errors.ts';
import { backoffMs } from '../platform/backoff.ts';
import type { Clock } from '../platform/clock.ts';
import { coerceError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { EventWriter, nameOf, type Occurrence } from './event-writer.ts';
import type { RuntimeMetrics } from './metrics.ts';
import type { EventEffect } from './plan.ts';
import { TokenBuckets } from './token-buckets.ts';

/** Tells people what happened. Never waits and never fails: a pass does not depend on who is told of it. */
export interface EventSink {
  emit(event: EventEffect): void;
}

export interface EventRecorderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
  /** Gives up what is not written yet. */
  readonly signal: AbortSignal;
}

/** Different Events that may wait while the apiserver is slow or down; those beyond are dropped and counted. */
const MAX_WAITING = 1_000;
/** About one object: so many at once, then one in five minutes, as other controllers do it. */
const SPAM = { burst: 25, refillMs: 300_000 };
const ATTEMPTS = 5;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 10_000;

/** Writes Events one after the other in the background. What is said again while it waits is written once, with its count. */
export class EventRecorder implements EventSink {
  readonly #options: EventRecorderOptions;
  readonly #writer: EventWriter;
  readonly #spam = new TokenBuckets(SPAM);
  readonly #waiting = new Map<string, Occurrence>();
  #drained: Promise<void> | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#writer = new EventWriter(options.client);
  }

  emit(event: EventEffect): void {
    const { clock } = this.#options;
    if (!this.#spam.take(event.regarding.uid, clock.monotonicMs())) {
      this.#drop('spam');
      return;
    }
    const name = nameOf(event);
    const times = (this.#waiting.get(name)?.times ?? 0) + 1;
    if (times === 1 && this.#waiting.size >= MAX_WAITING) {
      this.#drop('overflow');
      return;
    }
    this.#waiting.set(name, { event, times, lastAt: clock.now() });
    this.#drained ??= this.#drain();
  }

  /** Resolves when everything that was told is written or given up. */
  async flush(): Promise<void> {
    await this.#drained;
  }

  async #drain(): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#write(next);
    this.#drained = undefined;
  }

  #next(): Occurrence | undefined {
    for (const [name, occurrence] of this.#waiting) {
      this.#waiting.delete(name);
      return occurrence;
    }
    return undefined;
  }

  async #write(occurrence: Occurrence): Promise<void> {
    const { clock, log, random, signal } = this.#options;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        return await this.#writer.write(occurrence, signal);
      } catch (error) {
        if (signal.aborted) break;
        if (attempt === ATTEMPTS || !isRetryable(error)) {
          log.warn({ reason: coerceError(error).message, event: occurrence.event.reason }, 'Cannot write an Event');
          break;
        }
        const delayMs = backoffMs(attempt, { firstMs: FIRST_RETRY_MS, capMs: LONGEST_RETRY_MS, random });
        // Only the signal ends the sleep early, and the loop with it.
        await clock.sleep(delayMs, signal).catch(() => undefined);
      }
    }
    this.#drop('unwritten');
  }

  #drop(reason: 'spam' | 'overflow' | 'unwritten'): void {
    this.#options.metrics.droppedEvents.inc({ reason });
  }
}
