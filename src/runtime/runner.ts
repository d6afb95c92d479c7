import { ApiError } from '../kube/errors.ts';
import type { ObjectKey } from '../kube/objects.ts';
import type { Clock } from '../platform/clock.ts';
import { coerceError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { classify, type ErrorClass, RefusedError } from './classify.ts';
import type { Controller, PassFailure } from './controller.ts';
import { EchoGuard, type EchoGuardOptions } from './echo-guard.ts';
import type { Executor } from './executor.ts';
import type { RuntimeMetrics } from './metrics.ts';
import type { Outcome } from './plan.ts';
import type { PassEnd, Queue } from './queue.ts';

export interface RunnerOptions<Snapshot> {
  readonly controller: Controller<Snapshot>;
  readonly queue: Queue;
  readonly executor: Executor;
  /** Passes at once. */
  readonly concurrency: number;
  readonly storesOf: EchoGuardOptions['storesOf'];
  /** Asked before each pass. Once it says no, no pass begins any more. */
  readonly isLeader: () => boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
}

const JITTER = 0.1;
/** Failures in a row after which a failing server is no longer a hiccup. */
const TOLD_AFTER_FAILURES = 3;

/**
 * Runs the passes of one controller. How a pass ends and what follows:
 *
 * | end         | next pass                                    | told                             |
 * |-------------|----------------------------------------------|----------------------------------|
 * | settled     | resync with jitter, or none                  | status if it changed             |
 * | progressing | by watch, at the latest after the recheck    | status                           |
 * | waiting     | by watch, at the latest after the recheck    | status                           |
 * | stalled     | by watch alone                               | status                           |
 * | conflict    | backoff of the key                           | nothing                          |
 * | refused     | backoff of the key, its words in the next status | log                          |
 * | transient   | backoff of the key                           | log, metric                      |
 * | aborted     | none                                         | nothing                          |
 */
export class Runner<Snapshot> {
  readonly #options: RunnerOptions<Snapshot>;
  readonly #echoes: EchoGuard;
  /** What the next plan of a key is told that its last pass failed at. */
  readonly #failures = new Map<string, PassFailure>();
  /** Failures in a row; conflicts do not count, they are nobody's fault. */
  readonly #hiccups = new Map<string, number>();

  constructor(options: RunnerOptions<Snapshot>) {
    this.#options = options;
    const { clock, controller, metrics, queue, storesOf } = options;
    this.#echoes = new EchoGuard({
      clock,
      storesOf,
      onRelease: (key) => queue.add(key),
      onTimeout: () => metrics.unseenWrites.inc({ controller: controller.name }),
    });
  }

  /** Ends when the queue is closed and the running passes are over. `signal` cuts them off. */
  async run(signal: AbortSignal): Promise<void> {
    const { concurrency, metrics, controller } = this.#options;
    metrics.maxWorkers.set({ controller: controller.name }, concurrency);
    await Promise.all(Array.from({ length: concurrency }, () => this.#work(signal)));
    this.#echoes.close();
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { queue, isLeader } = this.#options;
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      if (!isLeader()) return;
      queue.done(key, this.#echoes.holds(key) ? { kind: 'held' } : await this.#measured(key, signal));
    }
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
      const seconds = (clock.monotonicMs() - startedMs) / 1000;
      metrics.reconcileSeconds.observe({ controller }, seconds);
      metrics.workSeconds.observe({ name: controller }, seconds);
    }
  }

  async #pass(key: string, signal: AbortSignal): Promise<PassEnd> {
    const { controller, executor, clock } = this.#options;
    try {
      const snapshot = await controller.gather(parseKey(key), signal);
      if (snapshot === undefined) return this.#succeed(key, { kind: 'stalled' });
      const lastFailure = this.#failures.get(key);
      const decided = controller.plan(snapshot, {
        now: clock.now(),
        ...(lastFailure === undefined ? {} : { lastFailure }),
      });
      const plan = { ...decided, basis: controller.basis?.(snapshot) ?? [] };
      const { written, failure, isUntellable = false } = await executor.execute(plan, signal);
      this.#echoes.expect(key, written);
      if (failure !== undefined) return this.#fail(key, failure, { signal, isUntellable });
      // Nothing else of the plan was done, and no generation changed that a watch would wake us for.
      if (plan.addFinalizer !== undefined) return this.#succeed(key, { kind: 'progressing', recheckAfterMs: 0 });
      return this.#succeed(key, plan.outcome);
    } catch (error) {
      return this.#fail(key, coerceError(error), { signal, isUntellable: false });
    }
  }

  #succeed(key: string, outcome: Outcome): PassEnd {
    this.#failures.delete(key);
    this.#hiccups.delete(key);
    const end = this.#endOf(outcome);
    const result = end.afterMs === undefined ? 'success' : 'requeue_after';
    this.#options.metrics.reconciles.inc({ controller: this.#options.controller.name, result });
    return end;
  }

  #endOf(outcome: Outcome): Extract<PassEnd, { readonly kind: 'ok' }> {
    switch (outcome.kind) {
      case 'settled':
        return outcome.resyncAfterMs === undefined
          ? { kind: 'ok' }
          : { kind: 'ok', afterMs: this.#jittered(outcome.resyncAfterMs) };
      case 'progressing':
      case 'waiting':
        return { kind: 'ok', afterMs: outcome.recheckAfterMs };
      case 'stalled':
        return { kind: 'ok' };
      default:
        return outcome satisfies never;
    }
  }

  #fail(
    key: string,
    error: Error,
    { signal, isUntellable }: { readonly signal: AbortSignal; readonly isUntellable: boolean },
  ): PassEnd {
    const { controller, log, metrics } = this.#options;
    const errorClass: ErrorClass = classify(error, signal);
    if (errorClass === 'aborted') return { kind: 'ok' };
    metrics.queueRetries.inc({ name: controller.name });
    if (errorClass === 'conflict') {
      metrics.reconciles.inc({ controller: controller.name, result: 'requeue' });
      return { kind: 'retry' };
    }
    // What the server says itself is told too, once it is more than a hiccup: a webhook that is down, an overload.
    const hiccups = this.#hiccups.get(key) ?? 0;
    this.#hiccups.set(key, hiccups + 1);
    const isPersistent = error instanceof ApiError && hiccups >= TOLD_AFTER_FAILURES;
    // A plan that wants to tell a failure may do nothing else; it must not try for ever what is never accepted.
    if (isUntellable) this.#failures.delete(key);
    else if (errorClass === 'refused' || isPersistent) this.#failures.set(key, failureOf(error));
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

function failureOf(error: Error): PassFailure {
  const { message } = error;
  return error instanceof RefusedError && error.reason !== undefined ? { reason: error.reason, message } : { message };
}

function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
