import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../../kube/errors.ts';
import { coerceError } from '../../platform/errors.ts';
import { describe } from './kinds.ts';
import type { Leftover, Step, StepSource } from './steps.ts';

export interface StepOptions extends StepSource {
  /** Milliseconds; for each step. */
  readonly timeoutMs: number;
  /** @default half a second */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 500;
/** Policies are obeyed for about a second after they are gone; a conflict means that somebody wrote in between. */
const PASSING_CODES: readonly number[] = [403, 409];

/** Does a step until nothing is left of it. Rejects with what is left when that lasts, which costs nothing: run again, it goes on there. */
export async function takeStep(step: Step, options: StepOptions): Promise<void> {
  const { timeoutMs, intervalMs = INTERVAL_MS, signal } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const leftovers = await step.find(options);
    if (leftovers.length === 0) return;
    const refusal = await actOnAll(step, leftovers, options);
    if (performance.now() > deadline) throw new Error(whatIsLeft(step, leftovers, refusal));
    await delay(intervalMs, undefined, { signal });
  }
}

/** Returns the last refusal that may pass. */
async function actOnAll(step: Step, leftovers: readonly Leftover[], source: StepSource): Promise<Error | undefined> {
  let refusal: Error | undefined;
  for (const leftover of leftovers) {
    source.signal.throwIfAborted();
    try {
      await step.act?.(leftover, source);
    } catch (thrown) {
      const error = coerceError(thrown);
      if (!(error instanceof ApiError)) throw error;
      // Gone meanwhile is what was wanted.
      if (error.code === 404) continue;
      if (!PASSING_CODES.includes(error.code)) throw error;
      refusal = error;
    }
  }
  return refusal;
}

function whatIsLeft(step: Step, [first, ...others]: readonly Leftover[], refusal: Error | undefined): string {
  const name = first === undefined ? '' : describe(first.resource, first.object.metadata);
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const finalizers = first?.object.metadata.finalizers ?? [];
  const because =
    refusal !== undefined ? `: ${refusal.message}` : finalizers.length > 0 ? `: held by ${finalizers.join(', ')}` : '';
  return `Cannot finish "${step.title}": ${name}${more} left${because}; see to it and run the same command again, it goes on from there`;
}
