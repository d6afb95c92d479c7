import { Registry } from '@prometheus-io/client';
import { beforeEach, describe, expect, it } from 'vitest';
import type { WatchEvent } from '../../../src/kube/client.ts';
import { type KubeObject, keyOf } from '../../../src/kube/objects.ts';
import { createLogger } from '../../../src/platform/log.ts';
import type { Leadership } from '../../../src/runtime/leader-election.ts';
import { type ControllerHandle, Manager } from '../../../src/runtime/manager.ts';
import { createRuntimeMetrics } from '../../../src/runtime/metrics.ts';
import type { Plan } from '../../../src/runtime/plan.ts';
import type { Store } from '../../../src/runtime/store.ts';
import { faultOf, isDeaf } from '../../../src/runtime/watch-health.ts';
import { FakeClient, made, PODS, WIDGETS } from './fake-client.ts';
import { settle, VirtualClock } from './virtual-clock.ts';

type Event = WatchEvent<KubeObject>;

/** A watch that the test feeds while it is open. */
class Feed {
  readonly #events: Event[] = [];
  #wake: () => void = () => undefined;

  send(...events: readonly Event[]): void {
    this.#events.push(...events);
    this.#wake();
  }

  async *stream(signal: AbortSignal): AsyncGenerator<Event> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else {
        await new Promise<void>((resolve, reject) => {
          this.#wake = resolve;
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      }
    }
  }
}

const added = (name: string, version: string): Event => ({ type: 'ADDED', object: made(WIDGETS, { name, version }) });
const synced = (resourceVersion: string): Event => ({ type: 'BOOKMARK', resourceVersion, initialEventsEnd: true });

let clock: VirtualClock;
let client: FakeClient;
let registry: Registry;
let manager: Manager;
let widgets: Store<KubeObject>;
let widgetFeed: Feed;
let podFeed: Feed;
let handle: ControllerHandle;
let stop: AbortController;
let kill: AbortController;
let passes: string[];
let gather: (name: string, signal: AbortSignal) => Promise<string>;
let plan: Plan;
let leadership: Leadership & { lead(): void; lose(): void };

beforeEach(() => {
  clock = new VirtualClock();
  client = new FakeClient();
  widgetFeed = new Feed();
  podFeed = new Feed();
  client.scripts.push(
    (signal) => widgetFeed.stream(signal),
    (signal) => podFeed.stream(signal),
  );
  stop = new AbortController();
  kill = new AbortController();
  passes = [];
  gather = async (name) => name;
  plan = { outcome: { kind: 'settled' } };
  leadership = createLeadership();
  leadership.lead();
  manager = createManager();
});

/** Watches Widgets and Pods, in this order, and runs one controller on both. */
function createManager(): Manager {
  registry = new Registry();
  const made = new Manager({
    client,
    clock,
    random: () => 1,
    log: createLogger({ name: 'test', level: 'silent' }),
    metrics: createRuntimeMetrics(registry),
    intents: { approve: async () => undefined, record: async () => undefined, conclude: async () => undefined },
    events: { emit: () => undefined },
    leadership,
  });
  widgets = made.store({
    resource: WIDGETS,
    project: (object) => object,
    indexes: { name: ({ metadata }) => [metadata.name] },
  });
  const pods = made.store({ resource: PODS, project: (object) => object });
  handle = made.controller({
    controller: {
      name: 'widget',
      gather: async (key, signal) => {
        passes.push(key.name);
        return gather(key.name, signal);
      },
      plan: () => plan,
    },
    concurrency: 1,
  });
  handle.watch(widgets, (before, after) =>
    [before, after].flatMap((widget) => (widget === undefined ? [] : [keyOf(widget)])),
  );
  handle.watch(pods, () => [{ namespace: 'ns', name: 'of-pod' }]);
  return made;
}

function createLeadership(): typeof leadership {
  const gained = Promise.withResolvers<void>();
  let isLeader = false;
  return {
    gained: gained.promise,
    isLeader: () => isLeader,
    lead: () => {
      isLeader = true;
      gained.resolve();
    },
    lose: () => {
      isLeader = false;
    },
  };
}

function faults(): readonly string[] {
  return manager.watches.flatMap((watch) => {
    const fault = faultOf(watch);
    return fault === undefined ? [] : [`${watch.resource.kind}: ${fault}`];
  });
}

async function metric(line: string): Promise<number> {
  manager.measure();
  const found = (await registry.metrics()).split('\n').find((other) => other.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1));
}

function run(): Promise<void> {
  return manager.run({ stop: stop.signal, kill: kill.signal });
}

describe('a manager', () => {
  it('should wait for readiness of every store before the first pass', async () => {
    void run();
    widgetFeed.send(added('a', '1'), synced('1'));
    await clock.advance(1_000);
    expect({ passes, hasSynced: manager.hasSynced }).toEqual({ passes: [], hasSynced: false });
    expect(faults()).toEqual(['Pod: it has not synced']);
    podFeed.send(synced('1'));
    await settle();
    expect({ passes, hasSynced: manager.hasSynced, faults: faults() }).toEqual({
      passes: ['a'],
      hasSynced: true,
      faults: [],
    });
    expect(widgets.byIndex('name', 'a')).toHaveLength(1);
  });

  it('lets fresh events overtake the first list, that of the store which synced last included', async () => {
    let open: () => void = () => undefined;
    gather = async (name) => {
      await new Promise<void>((resolve) => {
        open = resolve;
      });
      return name;
    };
    void run();
    podFeed.send(synced('1'));
    widgetFeed.send(added('a', '1'), added('b', '2'), added('c', '3'), synced('3'));
    await settle();
    expect(await metric('workqueue_depth{name="widget"}')).toBe(2);
    widgetFeed.send(added('new', '4'));
    await settle();
    for (let turn = 0; turn < 3; turn += 1) {
      open();
      await settle();
    }
    expect(passes).toEqual(['a', 'new', 'b', 'c']);
  });

  it('gives a controller the keys of every store that it watches, and those put in by hand', async () => {
    void run();
    podFeed.send(synced('1'));
    widgetFeed.send(synced('1'));
    await settle();
    podFeed.send({ type: 'ADDED', object: made(PODS, { name: 'p', version: '2' }) });
    await settle();
    handle.enqueue({ namespace: 'ns', name: 'by-hand' });
    await settle();
    expect(passes).toEqual(['of-pod', 'by-hand']);
  });

  it('holds a key until the store of what it wrote has seen it, and no other store', async () => {
    plan = {
      writes: [
        { kind: 'apply', resource: WIDGETS, object: made(WIDGETS, { name: 'a', version: '' }), fieldManager: 'test' },
      ],
      outcome: { kind: 'settled' },
    };
    client.answer = () => made(WIDGETS, { name: 'a', version: '50' });
    void run();
    podFeed.send(synced('60'));
    widgetFeed.send(added('a', '1'), synced('1'));
    await settle();
    handle.enqueue({ namespace: 'ns', name: 'a' });
    await settle();
    expect(passes).toEqual(['a']);
    widgetFeed.send({ type: 'BOOKMARK', resourceVersion: '50', initialEventsEnd: false });
    await settle();
    expect(passes).toEqual(['a', 'a']);
  });

  it('does not take a kind of another group for the one that it watches', async () => {
    const foreign = { ...WIDGETS, group: 'other.test' };
    plan = {
      writes: [
        { kind: 'apply', resource: foreign, object: made(foreign, { name: 'a', version: '' }), fieldManager: 'test' },
      ],
      outcome: { kind: 'settled' },
    };
    client.answer = () => made(foreign, { name: 'a', version: '50' });
    void run();
    podFeed.send(synced('1'));
    widgetFeed.send(added('a', '1'), synced('1'));
    await settle();
    handle.enqueue({ namespace: 'ns', name: 'a' });
    await settle();
    expect(passes).toEqual(['a', 'a']);
  });

  it('is out of step in a kind from which nothing was heard for two bookmarks and more', async () => {
    void run();
    widgetFeed.send(synced('1'));
    podFeed.send(synced('1'));
    await clock.advance(80_000);
    podFeed.send({ type: 'BOOKMARK', resourceVersion: '9', initialEventsEnd: false });
    await clock.advance(70_000);
    expect(faults()).toEqual([]);
    await clock.advance(1_000);
    expect(faults()).toEqual(['Widget: silent for 151 s']);
  });

  it('counts what becomes due and how long it waits', async () => {
    void run();
    podFeed.send(synced('1'));
    widgetFeed.send(added('a', '1'), synced('1'));
    await settle();
    const text = await registry.metrics();
    expect(text).toContain('workqueue_adds_total{name="widget"} 1');
    expect(text).toContain('workqueue_queue_duration_seconds_count{name="widget"} 1');
    expect(text).toContain('workqueue_work_duration_seconds_count{name="widget"} 1');
    expect(text).toContain('controller_runtime_max_concurrent_reconciles{controller="widget"} 1');
  });
});

describe('a watch', () => {
  it('is deaf after five minutes of silence, counted from the start where nothing was ever heard', async () => {
    void run();
    await clock.advance(80_000);
    podFeed.send(synced('1'));
    const deaf = (): readonly string[] => manager.watches.filter(isDeaf).map(({ resource }) => resource.kind);
    await clock.advance(220_000);
    expect(deaf()).toEqual([]);
    await clock.advance(1);
    expect(deaf()).toEqual(['Widget']);
    expect(await metric('molecule_watch_age_seconds{kind="Widget"}')).toBe(300.001);
    expect(await metric('molecule_watch_age_seconds{kind="Pod"}')).toBe(220.001);
  });

  it('is counted while it is open', async () => {
    void run();
    await settle();
    expect(await metric('molecule_open_watches{kind="Widget"}')).toBe(1);
    stop.abort(new Error('stopping'));
    await settle();
    expect(await metric('molecule_open_watches{kind="Widget"}')).toBe(0);
  });
});

describe('a running pass', () => {
  it('is measured before it is over', async () => {
    gather = async (_name, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    void run();
    podFeed.send(synced('1'));
    widgetFeed.send(added('a', '1'), synced('1'));
    await clock.advance(3_000);
    expect(await metric('workqueue_unfinished_work_seconds{name="widget"}')).toBe(3);
    expect(await metric('workqueue_longest_running_processor_seconds{name="widget"}')).toBe(3);
    kill.abort(new Error('now'));
    await settle();
    expect(await metric('workqueue_unfinished_work_seconds{name="widget"}')).toBe(0);
    expect(await metric('workqueue_longest_running_processor_seconds{name="widget"}')).toBe(0);
  });
});

describe('leadership', () => {
  it('is waited for with warm stores, and then everything is due', async () => {
    leadership = createLeadership();
    manager = createManager();
    void run();
    podFeed.send(synced('1'));
    widgetFeed.send(added('a', '1'), synced('1'));
    await settle();
    widgetFeed.send(added('b', '2'));
    await clock.advance(60_000);
    expect({ passes, faults: faults(), size: widgets.size }).toEqual({ passes: [], faults: [], size: 2 });
    leadership.lead();
    await settle();
    expect(passes.sort()).toEqual(['a', 'b']);
  });

  it('that never comes does not keep a stop waiting', async () => {
    leadership = createLeadership();
    manager = createManager();
    const over = run();
    podFeed.send(synced('1'));
    widgetFeed.send(added('a', '1'), synced('1'));
    await settle();
    stop.abort(new Error('stopping'));
    await over;
    expect(passes).toEqual([]);
  });

  it('that is lost lets no pass begin, also of what is due already', async () => {
    void run();
    podFeed.send(synced('1'));
    widgetFeed.send(synced('1'));
    await settle();
    leadership.lose();
    handle.enqueue({ namespace: 'ns', name: 'a' });
    await clock.advance(60_000);
    expect(passes).toEqual([]);
  });
});

describe('shutdown', () => {
  it('starts no new pass, lets the running one end, and then is over', async () => {
    let open: () => void = () => undefined;
    gather = async (name) => {
      await new Promise<void>((resolve) => {
        open = resolve;
      });
      return name;
    };
    let isOver = false;
    void run().then(() => {
      isOver = true;
    });
    podFeed.send(synced('1'));
    widgetFeed.send(added('a', '1'), added('b', '2'), synced('2'));
    await settle();
    stop.abort(new Error('stopping'));
    await settle();
    expect({ passes, isOver }).toEqual({ passes: ['a'], isOver: false });
    open();
    await settle();
    expect({ passes, isOver, timers: clock.timers }).toEqual({ passes: ['a'], isOver: true, timers: 0 });
  });

  it('cuts the running pass off in its second stage', async () => {
    gather = async (_name, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const over = run();
    podFeed.send(synced('1'));
    widgetFeed.send(added('a', '1'), synced('1'));
    await settle();
    stop.abort(new Error('stopping'));
    kill.abort(new Error('now'));
    await over;
    expect(passes).toEqual(['a']);
  });

  it.each(['before the start', 'before everything has synced'])('%s ends without a pass', async (when) => {
    if (when === 'before the start') stop.abort(new Error('stopping'));
    const over = run();
    widgetFeed.send(added('a', '1'), synced('1'));
    await settle();
    stop.abort(new Error('stopping'));
    await over;
    expect(passes).toEqual([]);
  });
});
