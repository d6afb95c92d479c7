import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffMs } from '../../../src/platform/backoff.ts';
import { Queue } from '../../../src/runtime/queue.ts';
import { VirtualClock } from './virtual-clock.ts';

const BACKOFF = { firstMs: 10, capMs: 200, random: () => 0.5 };
const MIN_INTERVAL_MS = 7;

interface ModelKey {
  dueMs: number | undefined;
  isRunning: boolean;
  failures: number;
  lastStartMs: number;
}

type Step =
  | { readonly kind: 'add'; readonly key: string; readonly afterMs: number; readonly priority: 'fresh' | 'backlog' }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'take' }
  | { readonly kind: 'done'; readonly end: 'ok' | 'again' | 'retry' | 'held' };

const key = fc.constantFrom('x/a', 'x/b', 'x/c', 'y/a', 'y/b');
/** Of a namespace; and no limit at all. */
const PASSES = [1, 2, undefined] as const;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    key,
    afterMs: fc.nat(60),
    priority: fc.constantFrom('fresh' as const, 'backlog' as const),
  }),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(40) }),
  fc.record({ kind: fc.constant('take' as const) }),
  fc.record({
    kind: fc.constant('done' as const),
    end: fc.constantFrom('ok' as const, 'again' as const, 'retry' as const, 'held' as const),
  }),
);

/** What the queue promises, without heaps, timers and sets: every key has at most one time at which it is due. */
class Model {
  readonly keys = new Map<string, ModelKey>();

  key(name: string): ModelKey {
    const known = this.keys.get(name) ?? {
      dueMs: undefined,
      isRunning: false,
      failures: 0,
      lastStartMs: -MIN_INTERVAL_MS,
    };
    this.keys.set(name, known);
    return known;
  }

  due(name: string, atMs: number): void {
    const item = this.key(name);
    item.dueMs = Math.min(item.dueMs ?? Number.POSITIVE_INFINITY, Math.max(atMs, item.lastStartMs + MIN_INTERVAL_MS));
  }

  /** What is due and whose namespace has not as many passes as it may. */
  free(nowMs: number, perNamespace = Number.POSITIVE_INFINITY): readonly string[] {
    const passesOf = (namespace: string): number =>
      [...this.keys].filter(([name, { isRunning }]) => isRunning && name.startsWith(`${namespace}/`)).length;
    return this.ready(nowMs).filter((name) => passesOf(name.split('/')[0] ?? '') < perNamespace);
  }

  ready(nowMs: number): readonly string[] {
    return [...this.keys]
      .filter(([, { dueMs, isRunning }]) => !isRunning && dueMs !== undefined && dueMs <= nowMs)
      .map(([name]) => name);
  }
}

it.each(PASSES)(
  'agrees with a model that has no timers, whatever is asked; passes of a namespace: %s',
  async (most) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const clock = new VirtualClock();
        const queue = new Queue({
          clock,
          random: BACKOFF.random,
          firstBackoffMs: BACKOFF.firstMs,
          longestBackoffMs: BACKOFF.capMs,
          minIntervalMs: MIN_INTERVAL_MS,
          ...(most === undefined ? {} : { perNamespace: most }),
        });
        const model = new Model();
        const running: { readonly name: string; readonly previousStartMs: number }[] = [];
        for (const action of steps) {
          const nowMs = clock.monotonicMs();
          if (action.kind === 'add') {
            queue.add(action.key, { afterMs: action.afterMs, priority: action.priority });
            model.due(action.key, nowMs + action.afterMs);
          } else if (action.kind === 'advance') {
            clock.advanceSync(action.ms);
          } else if (action.kind === 'take' && model.free(nowMs, most).length > 0) {
            const name = (await queue.take()) ?? '';
            expect(model.free(nowMs, most)).toContain(name);
            const item = model.key(name);
            running.push({ name, previousStartMs: item.lastStartMs });
            Object.assign(item, { dueMs: undefined, isRunning: true, lastStartMs: nowMs });
          } else if (action.kind === 'done') {
            const ended = running.shift();
            if (ended !== undefined) finish({ queue, model, nowMs, ended, end: action.end });
          }
          expect(queue.depth).toBe(model.ready(clock.monotonicMs()).length);
          expect(clock.timers).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  },
);

function finish(options: {
  readonly queue: Queue;
  readonly model: Model;
  readonly nowMs: number;
  readonly ended: { readonly name: string; readonly previousStartMs: number };
  readonly end: 'ok' | 'again' | 'retry' | 'held';
}): void {
  const { queue, model, nowMs, ended, end } = options;
  const { name, previousStartMs } = ended;
  const item = model.key(name);
  item.isRunning = false;
  if (end === 'held') item.lastStartMs = previousStartMs;
  else item.failures = end === 'retry' ? item.failures + 1 : 0;
  if (end === 'again') model.due(name, nowMs + 25);
  if (end === 'retry') model.due(name, nowMs + backoffMs(item.failures, BACKOFF));
  queue.done(name, end === 'again' ? { kind: 'ok', afterMs: 25 } : { kind: end });
}
