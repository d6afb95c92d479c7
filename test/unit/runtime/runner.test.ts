import { Registry } from '@prometheus-io/client';
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../../src/kube/errors.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { RefusedError } from '../../../src/runtime/classify.ts';
import type { Controller, PlanContext } from '../../../src/runtime/controller.ts';
import { Executor } from '../../../src/runtime/executor.ts';
import { createRuntimeMetrics } from '../../../src/runtime/metrics.ts';
import type { Outcome, Plan } from '../../../src/runtime/plan.ts';
import { Queue } from '../../../src/runtime/queue.ts';
import { Runner } from '../../../src/runtime/runner.ts';
import { Store } from '../../../src/runtime/store.ts';
import { conflict, FakeClient, made, WIDGETS } from './fake-client.ts';
import { settle, VirtualClock } from './virtual-clock.ts';

const WRITE = {
  kind: 'patch',
  resource: WIDGETS,
  key: { namespace: 'ns', name: 'w' },
  uid: 'uid-w',
  patch: { spec: { size: 1 } },
  fieldManager: 'test',
} as const;
const STATUS = {
  resource: WIDGETS,
  key: { namespace: 'ns', name: 'w' },
  uid: 'u',
  resourceVersion: '1',
  patch: {},
  fieldManager: 'test',
};

let clock: VirtualClock;
let client: FakeClient;
let queue: Queue;
let store: Store<{ readonly metadata: { readonly name: string } }>;
let registry: Registry;
let lines: Record<string, unknown>[];
let stopping: AbortController;
/** Name and time of every pass that began. */
let passes: string[];
let contexts: PlanContext[];
let isLeader: boolean;

beforeEach(() => {
  clock = new VirtualClock();
  client = new FakeClient();
  queue = new Queue({ clock, random: () => 1, firstBackoffMs: 100, longestBackoffMs: 1_000 });
  store = new Store();
  registry = new Registry();
  lines = [];
  stopping = new AbortController();
  passes = [];
  contexts = [];
  isLeader = true;
});

function start(controller: Partial<Controller<string>>, concurrency = 4): Promise<void> {
  const runner = new Runner<string>({
    controller: {
      name: 'widget',
      gather: async ({ name }) => name,
      plan: () => ({ outcome: { kind: 'settled' } }),
      ...counted(controller),
    },
    queue,
    executor: new Executor({
      client,
      intents: { approve: async () => undefined, record: async () => undefined, conclude: async () => undefined },
      events: { emit: () => undefined },
    }),
    concurrency,
    storesOf: ({ kind }) => (kind === 'Widget' ? [store] : []),
    isLeader: () => isLeader,
    clock,
    random: () => 1,
    log: createLogger({ name: 'test', destination: { write: (line: string) => void lines.push(JSON.parse(line)) } }),
    metrics: createRuntimeMetrics(registry),
  });
  return runner.run(stopping.signal);
}

function counted(controller: Partial<Controller<string>>): Partial<Controller<string>> {
  return {
    gather: async (key, signal) => {
      passes.push(`${key.name}@${clock.monotonicMs()}`);
      return controller.gather === undefined ? key.name : controller.gather(key, signal);
    },
    plan: (snapshot, context) => {
      contexts.push(context);
      return controller.plan?.(snapshot, context) ?? { outcome: { kind: 'settled' } };
    },
  };
}

function planning(plan: Partial<Plan>): Partial<Controller<string>> {
  return { plan: () => ({ outcome: { kind: 'settled' }, ...plan }) };
}

async function metric(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  const { values = [] } = (await registry.getSingleMetric(name)?.get()) ?? {};
  return values.find((value) => Object.entries(labels).every(([label, text]) => value.labels[label] === text))?.value;
}

describe('passes', () => {
  it('should never run two instances of a key at once', async () => {
    const gates: (() => void)[] = [];
    void start({ gather: async (key) => new Promise((resolve) => gates.push(() => resolve(key.name))) });
    queue.add('ns/a');
    await settle();
    queue.add('ns/a');
    queue.add('ns/a');
    await clock.advance(1_000);
    expect(passes).toEqual(['a@0']);
    gates[0]?.();
    await settle();
    expect(passes).toEqual(['a@0', 'a@1000']);
    gates[1]?.();
    await clock.advance(1_000);
    expect(passes).toHaveLength(2);
  });

  it('should respect the maximum of concurrent executions', async () => {
    const gates: (() => void)[] = [];
    void start({ gather: async (key) => new Promise((resolve) => gates.push(() => resolve(key.name))) }, 2);
    for (const name of ['a', 'b', 'c']) queue.add(`ns/${name}`);
    await settle();
    expect(passes).toEqual(['a@0', 'b@0']);
    expect(await metric('controller_runtime_active_workers')).toBe(2);
    gates[0]?.();
    await settle();
    expect(passes).toEqual(['a@0', 'b@0', 'c@0']);
  });

  it('are given the whole key, also of cluster-scoped objects', async () => {
    const keys: unknown[] = [];
    void start({ gather: async (key) => void keys.push(key) });
    queue.add('ns/a');
    queue.add('/node');
    await settle();
    expect(keys).toEqual([
      { namespace: 'ns', name: 'a' },
      { namespace: '', name: 'node' },
    ]);
  });

  it('end with the queue, after the running one', async () => {
    const gates: (() => void)[] = [];
    let isOver = false;
    void start({ gather: async (key) => new Promise((resolve) => gates.push(() => resolve(key.name))) }).then(() => {
      isOver = true;
    });
    queue.add('ns/a');
    await settle();
    queue.close();
    await settle();
    expect(isOver).toBe(false);
    gates[0]?.();
    await settle();
    expect(isOver).toBe(true);
  });
});

describe('after a pass', () => {
  const outcomes: readonly { readonly outcome: Outcome; readonly at: readonly string[]; readonly result: string }[] = [
    { outcome: { kind: 'settled' }, at: [], result: 'success' },
    { outcome: { kind: 'settled', resyncAfterMs: 1_000 }, at: ['w@1100'], result: 'requeue_after' },
    { outcome: { kind: 'progressing', recheckAfterMs: 1_000 }, at: ['w@1000'], result: 'requeue_after' },
    { outcome: { kind: 'waiting', recheckAfterMs: 1_000 }, at: ['w@1000'], result: 'requeue_after' },
    { outcome: { kind: 'stalled' }, at: [], result: 'success' },
  ];
  it.each(outcomes)('that is $outcome.kind the key comes back at $at', async ({ outcome, at, result }) => {
    void start(planning({ outcome }));
    queue.add('ns/w');
    await clock.advance(1_999);
    expect(passes).toEqual(['w@0', ...at]);
    expect(await metric('controller_runtime_reconcile_total', { controller: 'widget', result })).toBe(at.length + 1);
    expect(lines).toEqual([]);
  });

  it('over an object that is gone, nothing follows', async () => {
    void start({ gather: async () => undefined });
    queue.add('ns/w');
    await clock.advance(10_000);
    expect({ passes, contexts }).toEqual({ passes: ['w@0'], contexts: [] });
  });

  it('that added a finalizer the next one follows at once, whatever the plan said', async () => {
    const finalizer = {
      resource: WIDGETS,
      key: STATUS.key,
      uid: 'u',
      resourceVersion: '1',
      observed: [],
      finalizer: 'f',
      fieldManager: 'test',
    };
    let turn = 0;
    void start({
      plan: () => ({ ...(turn++ === 0 ? { addFinalizer: finalizer } : {}), outcome: { kind: 'stalled' } }),
    });
    queue.add('ns/w');
    await settle();
    expect(passes).toEqual(['w@0']);
    store.advance('101');
    await settle();
    expect(passes).toEqual(['w@0', 'w@0']);
  });
});

describe('a failure', () => {
  const failing = (error: unknown): Partial<Controller<string>> => ({ gather: async () => Promise.reject(error) });

  it.each([
    { title: 'of gather that nobody foresaw', controller: failing(new TypeError('x is undefined')), level: 'warn' },
    { title: 'of gather that is no Error', controller: failing('text'), level: 'warn' },
    {
      title: 'of plan',
      controller: {
        plan: () => {
          throw new Error('bug');
        },
      },
      level: 'warn',
    },
  ])('$title is retried with backoff and logged', async ({ controller }) => {
    void start(controller);
    queue.add('ns/w');
    await clock.advance(300);
    expect(passes).toEqual(['w@0', 'w@100', 'w@300']);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({ level: 40, controller: 'widget', key: 'ns/w', errorClass: 'transient' });
    expect(await metric('controller_runtime_reconcile_errors_total', { controller: 'widget' })).toBe(3);
    expect(await metric('workqueue_retries_total', { name: 'widget' })).toBe(3);
  });

  it('by conflict is retried in silence', async () => {
    let failures = 2;
    client.answer = () => (failures-- > 0 ? conflict() : undefined);
    void start(planning({ status: STATUS }));
    queue.add('ns/w');
    await clock.advance(1_000);
    expect(passes).toEqual(['w@0', 'w@100', 'w@300']);
    expect(lines).toEqual([]);
    expect(await metric('controller_runtime_reconcile_errors_total')).toBeUndefined();
  });

  it('that is a refusal is told to the next plan in its own words, until a pass goes through', async () => {
    let refusals = 1;
    client.answer = () => (refusals-- > 0 ? new ApiError('exceeded quota', { code: 403 }) : undefined);
    void start(planning({ writes: [WRITE] }));
    queue.add('ns/w');
    await clock.advance(100);
    store.advance('101');
    queue.add('ns/w');
    await clock.advance(1_000);
    expect(contexts.map(({ lastFailure }) => lastFailure)).toEqual([
      undefined,
      { message: 'exceeded quota' },
      undefined,
    ]);
  });

  it('that is a refusal with a reason of its own is told with that', async () => {
    client.answer = () => new RefusedError('down', { reason: 'LedgerUnavailable' });
    void start(planning({ writes: [WRITE] }));
    queue.add('ns/w');
    await clock.advance(1_000);
    expect(contexts.at(-1)?.lastFailure).toEqual({ reason: 'LedgerUnavailable', message: 'down' });
  });

  it('that the server repeats is told as well, once it is no hiccup any more', async () => {
    client.answer = () => new ApiError('failed calling webhook', { code: 500 });
    void start(planning({ writes: [WRITE] }));
    queue.add('ns/w');
    await clock.advance(5_000);
    const told = contexts.map(({ lastFailure }) => lastFailure);
    expect(told.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
    expect(told.slice(4).every((words) => words?.message === 'failed calling webhook')).toBe(true);
    expect(told.length).toBeGreaterThan(5);
  });

  it('of the status itself is not told, because a status that tells it would be refused as well', async () => {
    client.answer = () => new ApiError('status.phase: Too long', { code: 422 });
    void start(planning({ status: STATUS }));
    queue.add('ns/w');
    await clock.advance(10_000);
    expect(contexts.length).toBeGreaterThan(5);
    expect(contexts.filter(({ lastFailure }) => lastFailure !== undefined)).toEqual([]);
  });

  it('that is a conflict is never told, however often it comes', async () => {
    client.answer = () => new ApiError('the object has been modified', { code: 409, reason: 'Conflict' });
    void start(planning({ status: STATUS }));
    queue.add('ns/w');
    await clock.advance(10_000);
    expect(contexts.length).toBeGreaterThan(5);
    expect(contexts.filter(({ lastFailure }) => lastFailure !== undefined)).toEqual([]);
  });

  it('by shutdown is nobody’s failure', async () => {
    void start({
      gather: async (_key, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    queue.add('ns/w');
    await settle();
    stopping.abort(new Error('stopping'));
    await clock.advance(10_000);
    expect({ passes, lines }).toEqual({ passes: ['w@0'], lines: [] });
  });

  it('logs the cause of what it reports', async () => {
    void start(failing(new RefusedError('The ledger does not answer', { cause: new Error('ECONNREFUSED') })));
    queue.add('ns/w');
    await settle();
    expect(lines[0]).toMatchObject({
      errorClass: 'refused',
      reason: 'The ledger does not answer',
      cause: 'ECONNREFUSED',
    });
  });
});

describe('the echo of a write', () => {
  it('is waited for, and the key that became due meanwhile then runs at once', async () => {
    client.answer = () => made(WIDGETS, { name: 'w', version: '50' });
    void start(planning({ status: STATUS }));
    queue.add('ns/w');
    await settle();
    queue.add('ns/w');
    queue.add('ns/other');
    await clock.advance(10);
    expect(passes).toEqual(['w@0', 'other@0']);
    store.advance('50');
    await settle();
    expect(passes).toEqual(['w@0', 'other@0', 'w@10']);
    expect(await metric('molecule_unseen_writes_total')).toBeUndefined();
  });

  it('is waited for after a failure too, without losing the backoff', async () => {
    let turn = 0;
    client.answer = ({ subresource }) =>
      subresource === 'status' ? made(WIDGETS, { name: 'w', version: String(50 + turn++) }) : new Error('no');
    const write = {
      kind: 'patch',
      resource: WIDGETS,
      key: STATUS.key,
      uid: 'u',
      patch: {},
      fieldManager: 'test',
    } as const;
    void start(planning({ writes: [write], status: STATUS }));
    queue.add('ns/w');
    await clock.advance(150);
    expect(passes).toEqual(['w@0']);
    store.advance('50');
    await settle();
    expect(passes).toEqual(['w@0', 'w@150']);
    store.advance('51');
    await clock.advance(199);
    expect(passes).toEqual(['w@0', 'w@150']);
    await clock.advance(1);
    expect(passes).toEqual(['w@0', 'w@150', 'w@350']);
  });

  it('that never comes holds a key for five seconds, and is counted', async () => {
    client.answer = () => made(WIDGETS, { name: 'w', version: '50' });
    void start(planning({ status: STATUS }));
    queue.add('ns/w');
    await settle();
    queue.add('ns/w');
    await clock.advance(4_999);
    expect(passes).toEqual(['w@0']);
    await clock.advance(1);
    expect(passes).toEqual(['w@0', 'w@5000']);
    expect(await metric('molecule_unseen_writes_total', { controller: 'widget' })).toBe(1);
  });

  it('leaves no timer behind when the runner ends', async () => {
    client.answer = () => made(WIDGETS, { name: 'w', version: '50' });
    const run = start(planning({ status: STATUS }));
    queue.add('ns/w');
    await settle();
    queue.close();
    await run;
    expect(clock.timers).toBe(0);
  });
});
