import type { ObjectKey, Resource } from '../kube/objects.ts';
import { coerceError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { classify, type ErrorClass } from './classify.ts';
import type { Clock } from './clock.ts';
import type { Controller } from './controller.ts';
import type { Executor, WrittenVersion } from './executor.ts';
import type { RuntimeMetrics } from './metrics.ts';
import type { Outcome } from './plan.ts';
import type { Queue } from './queue.ts';

export interface RunnerOptions<Snapshot> {
  readonly controller: Controller<Snapshot>;
  readonly queue: Queue;
  readonly executor: Executor;
  /** Passes at once. */
  readonly concurrency: number;
  /** Whether the store of that kind has seen a version; true for kinds that nobody watches. */
  readonly hasSeen: (resource: Resource, resourceVersion: string) => boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
}

/** How long a key waits for the echo of its own writes before it runs all the same. */
const ECHO_TIMEOUT_MS = 5_000;
const JITTER = 0.1;

type PassEnd = Parameters<Queue['done']>[1];

/**
 * Runs the passes of one controller. How a pass ends and what follows:
 *
 * | end         | next pass                                    | told                             |
 * |-------------|----------------------------------------------|----------------------------------|
 * | settled     | resync with jitter, or none                  | status if it changed             |
 * | progressing | by watch, at the latest after the recheck    | status                           |
 * | waiting     | by watch, at the latest after the recheck    | status                           |
 * | stalled     | by watch alone                               | status                           |
 * | retry       | backoff of the key                           | status                           |
 * | conflict    | backoff of the key                           | nothing                          |
 * | refused     | backoff of the key, its words in the next status | log                          |
 * | transient   | backoff of the key                           | log, metric                      |
 * | aborted     | none                                         | nothing                          |
 */
export class Runner<Snapshot> {
  readonly #options: RunnerOptions<Snapshot>;
  readonly #echoes = new Map<string, { readonly written: readonly WrittenVersion[]; readonly untilMs: number }>();
  readonly #failures = new Map<string, string>();

  constructor(options: RunnerOptions<Snapshot>) {
    this.#options = options;
  }

  /** Ends when the queue is closed and the running passes are over. `signal` cuts them off. */
  async run(signal: AbortSignal): Promise<void> {
    const { concurrency, metrics, controller } = this.#options;
    metrics.maxWorkers.set({ controller: controller.name }, concurrency);
    await Promise.all(Array.from({ length: concurrency }, () => this.#work(signal)));
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { queue } = this.#options;
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      const waitMs = this.#echoWaitMs(key);
      queue.done(key, waitMs > 0 ? { kind: 'ok', afterMs: waitMs } : await this.#measured(key, signal));
    }
  }

  /**
   * More than zero while a store has not seen what this key's last pass wrote: deciding now would be deciding from before
   * our own write. The event that shows the write brings the key back; the time is only a safety net.
   */
  #echoWaitMs(key: string): number {
    const echo = this.#echoes.get(key);
    if (echo === undefined) return 0;
    const { hasSeen, clock, metrics, controller } = this.#options;
    if (!echo.written.every(({ resource, resourceVersion }) => hasSeen(resource, resourceVersion))) {
      const waitMs = echo.untilMs - clock.monotonicMs();
      if (waitMs > 0) return waitMs;
      metrics.unseenWrites.inc({ controller: controller.name });
    }
    this.#echoes.delete(key);
    return 0;
  }

  async #measured(key: string, signal: AbortSignal): Promise<PassEnd> {
    const { metrics, clock } = this.#options;
    const controller = this.#options.controller.name;
    const startedMs = clock.monotonicMs();
    metrics.activeWorkers.inc({ controller });
    try {
      return await this.#pass(key, signal);
    } finally {
      metrics.activeWorkers.dec({ controller });
      metrics.reconcileSeconds.observe({ controller }, (clock.monotonicMs() - startedMs) / 1000);
    }
  }

  async #pass(key: string, signal: AbortSignal): Promise<PassEnd> {
    const { controller, executor, clock } = this.#options;
    try {
      const snapshot = await controller.gather(parseKey(key), signal);
      if (snapshot === undefined) return this.#succeed(key, { kind: 'stalled' });
      const lastFailure = this.#failures.get(key);
      const plan = controller.plan(snapshot, { now: clock.now(), ...(lastFailure === undefined ? {} : { lastFailure }) });
      const { written, failure } = await executor.execute(plan, signal);
      if (written.length > 0) this.#echoes.set(key, { written, untilMs: clock.monotonicMs() + ECHO_TIMEOUT_MS });
      if (failure !== undefined) return this.#fail(key, failure, signal);
      return this.#succeed(key, plan.outcome);
    } catch (error) {
      return this.#fail(key, coerceError(error), signal);
    }
  }

  #succeed(key: string, outcome: Outcome): PassEnd {
    this.#failures.delete(key);
    const end = this.#endOf(outcome);
    const result = end.kind === 'retry' ? 'requeue' : end.afterMs === undefined ? 'success' : 'requeue_after';
    this.#options.metrics.reconciles.inc({ controller: this.#options.controller.name, result });
    return end;
  }

  #endOf(outcome: Outcome): PassEnd {
    switch (outcome.kind) {
      case 'settled':
        return outcome.resyncAfterMs === undefined ? { kind: 'ok' } : { kind: 'ok', afterMs: this.#jittered(outcome.resyncAfterMs) };
      case 'progressing':
      case 'waiting':
        return { kind: 'ok', afterMs: outcome.recheckAfterMs };
      case 'stalled':
        return { kind: 'ok' };
      case 'retry':
        return { kind: 'retry' };
      default:
        return outcome satisfies never;
    }
  }

  #fail(key: string, error: Error, signal: AbortSignal): PassEnd {
    const { controller, log, metrics } = this.#options;
    const errorClass: ErrorClass = classify(error, signal);
    if (errorClass === 'aborted') return { kind: 'ok' };
    if (errorClass === 'refused') this.#failures.set(key, error.message);
    if (errorClass === 'conflict') {
      metrics.reconciles.inc({ controller: controller.name, result: 'requeue' });
      return { kind: 'retry' };
    }
    metrics.reconciles.inc({ controller: controller.name, result: 'error' });
    metrics.reconcileErrors.inc({ controller: controller.name });
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    log.warn({ controller: controller.name, key, errorClass, reason: error.message, cause }, 'Pass failed');
    return { kind: 'retry' };
  }

  /** Spreads resyncs, so that thousands of keys do not come due at once. */
  #jittered(delayMs: number): number {
    return delayMs * (1 - JITTER + 2 * JITTER * this.#options.random());
  }
}

function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
