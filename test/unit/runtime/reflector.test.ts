import { Registry } from '@prometheus-io/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WatchEvent } from '../../../src/kube/client.ts';
import { ApiError, TransportError, UnreadableEventError, WatchErrorEvent } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { createLogger, type Logger } from '../../../src/platform/log.ts';
import { createRuntimeMetrics } from '../../../src/runtime/metrics.ts';
import { Reflector } from '../../../src/runtime/reflector.ts';
import { Store } from '../../../src/runtime/store.ts';
import { CONFIG_MAPS, FakeClient, made } from './fake-client.ts';
import { VirtualClock } from './virtual-clock.ts';

type Event = WatchEvent<KubeObject>;
type Script = readonly (Event | Error | number | 'open')[];

let clock: VirtualClock;
let client: FakeClient;
let store: Store<KubeObject>;
let registry: Registry;
let reflector: Reflector<KubeObject>;
let log: Logger;
let stopping: AbortController;
let running: Promise<void>;

beforeEach(() => {
  clock = new VirtualClock();
  client = new FakeClient();
  store = new Store();
  registry = new Registry();
  log = createLogger({ name: 'test', level: 'silent' });
  stopping = new AbortController();
});

afterEach(async () => {
  stopping.abort(new Error('end of the test'));
  await running;
  expect(clock.timers).toBe(0);
});

/** Each script is one watch: events, errors to throw, milliseconds to wait, `open` to stay open until aborted. */
function start(...scripts: Script[]): void {
  client.scripts.push(...scripts.map((script) => (signal: AbortSignal) => play(script, signal)));
  reflector = new Reflector({
    client,
    resource: CONFIG_MAPS,
    store,
    project: (object) => object,
    clock,
    random: () => 1,
    log,
    metrics: createRuntimeMetrics(registry),
  });
  running = reflector.run(stopping.signal);
}

async function* play(script: Script, signal: AbortSignal): AsyncGenerator<Event> {
  for (const step of script) {
    if (step instanceof Error) throw step;
    if (step === 'open') await clock.sleep(1e9, signal);
    else if (typeof step === 'number') await clock.sleep(step, signal);
    else yield step;
  }
}

const added = (name: string, version: string): Event => ({
  type: 'ADDED',
  object: made(CONFIG_MAPS, { name, version }),
});
const modified = (name: string, version: string): Event => ({
  type: 'MODIFIED',
  object: made(CONFIG_MAPS, { name, version }),
});
const deleted = (name: string, version: string): Event => ({
  type: 'DELETED',
  object: made(CONFIG_MAPS, { name, version }),
});
const bookmark = (resourceVersion: string): Event => ({ type: 'BOOKMARK', resourceVersion, initialEventsEnd: false });
const synced = (resourceVersion: string): Event => ({ type: 'BOOKMARK', resourceVersion, initialEventsEnd: true });
const expired = new ApiError('too old resource version', { code: 410, reason: 'Expired' });
const broken = new TransportError('Cannot read the watch: its last line was cut');

function content(): readonly string[] {
  return [...store.list()].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
}

/** The version that each watch resumed from; `list` for one that asked for everything. */
function starts(): readonly string[] {
  return client.watches.map(({ resourceVersion, sendInitialEvents }) =>
    sendInitialEvents === true ? 'list' : (resourceVersion ?? ''),
  );
}

async function total(name: string, wanted: { readonly reason?: string } = {}): Promise<number> {
  const { values = [] } = (await registry.getSingleMetric(name)?.get()) ?? {};
  const matching = values.filter(({ labels }) => wanted.reason === undefined || labels.reason === wanted.reason);
  return matching.reduce((sum, { value }) => sum + value, 0);
}

describe('the first list', () => {
  it('appears as a whole, at its end, and later versions within it count', async () => {
    start([added('a', '1'), added('b', '2'), 1_000, modified('a', '3'), deleted('b', '4'), synced('5'), 'open']);
    await clock.advance(999);
    expect({ content: content(), hasSynced: store.hasSynced }).toEqual({ content: [], hasSynced: false });
    await clock.advance(1);
    expect({ content: content(), hasSynced: store.hasSynced }).toEqual({ content: ['a@3'], hasSynced: true });
    expect(store.hasSeen('5')).toBe(true);
    expect(await total('molecule_watch_relists_total')).toBe(1);
  });

  it('that is cut before its end is thrown away', async () => {
    start([added('a', '1'), broken], [added('b', '2'), synced('3'), 'open']);
    await clock.advance(10_000);
    expect(starts()).toEqual(['list', 'list']);
    expect(content()).toEqual(['b@2']);
  });

  it('asks for a random time between four and five minutes', async () => {
    start([synced('1'), 'open']);
    await clock.advance(0);
    expect(client.watches[0]).toMatchObject({ timeoutSeconds: 300, sendInitialEvents: true });
  });
});

describe('a watch', () => {
  it('keeps the store equal to the server', async () => {
    start([synced('1'), added('a', '2'), added('b', '3'), modified('a', '4'), deleted('b', '5'), 'open']);
    await clock.advance(0);
    expect(content()).toEqual(['a@4']);
    expect(store.hasSeen('5')).toBe(true);
  });

  it.each([
    { title: 'ended by the server', end: [] },
    { title: 'cut in a line', end: [broken] },
    { title: 'refused with a rotated token', end: [new ApiError('Unauthorized', { code: 401 })] },
  ])('that is $title resumes from its last version', async ({ end }) => {
    start([synced('1'), added('a', '7'), ...end], [modified('a', '8'), 'open']);
    await clock.advance(1_000);
    expect(starts()).toEqual(['list', '7']);
    expect(content()).toEqual(['a@8']);
  });

  it.each([
    {
      title: 'ended by an ERROR event',
      end: new WatchErrorEvent('etcd leader changed', { code: 500 }),
      reason: 'error_event',
    },
    { title: 'with a line that is no event', end: new UnreadableEventError('a line is not JSON'), reason: 'garbage' },
    { title: 'whose version has expired', end: expired, reason: 'expired' },
  ])('$title asks for everything, because what came before may not have been all', async ({ end, reason }) => {
    start([synced('1'), added('a', '7'), end], [added('b', '8'), synced('9'), 'open']);
    await clock.advance(1_000);
    expect(starts()).toEqual(['list', 'list']);
    expect(content()).toEqual(['b@8']);
    expect(await total('molecule_watch_relists_total', { reason })).toBe(1);
    expect(await total('molecule_watch_errors_total', { reason })).toBe(1);
  });

  it('that is quiet resumes from its last bookmark', async () => {
    start([synced('1'), 60_000, bookmark('20'), 60_000, bookmark('30'), broken], ['open']);
    await clock.advance(130_000);
    expect(starts()).toEqual(['list', '30']);
    expect(store.hasSeen('30')).toBe(true);
  });

  it('whose version has expired lists anew, and what went meanwhile is gone', async () => {
    start(
      [synced('1'), added('a', '2'), added('b', '3'), broken],
      [expired],
      [added('b', '3'), added('c', '9'), synced('10'), 'open'],
    );
    await clock.advance(5_000);
    expect(starts()).toEqual(['list', '3', 'list']);
    expect(content().toSorted()).toEqual(['b@3', 'c@9']);
    expect(await total('molecule_watch_relists_total')).toBe(2);
  });

  it('that fails five times in a row doubts its version', async () => {
    start([synced('1'), broken], [broken], [broken], [broken], [broken], [synced('2'), 'open']);
    await clock.advance(60_000);
    expect(starts()).toEqual(['list', '1', '1', '1', '1', 'list']);
    expect(await total('molecule_watch_errors_total')).toBe(5);
  });

  it('that stays silent for a minute and a half is given up and resumed', async () => {
    start([synced('1'), 60_000, bookmark('5'), 'open'], ['open']);
    await clock.advance(149_999);
    expect(client.watches).toHaveLength(1);
    await clock.advance(1_000);
    expect(starts()).toEqual(['list', '5']);
    expect(await total('molecule_watch_errors_total', { reason: 'silence' })).toBe(1);
  });

  it('ends by its signal alone', async () => {
    start([synced('1'), 'open']);
    await clock.advance(0);
    stopping.abort(new Error('stopping'));
    await running;
    expect(await total('molecule_watch_errors_total')).toBe(0);
  });
});

describe('the pause before the next attempt', () => {
  it('grows up to thirty seconds while a server ends every watch at once, with or without an error', async () => {
    start([synced('1')], ...Array.from({ length: 30 }, (_none, index) => (index % 2 === 0 ? [] : [broken])));
    await clock.advance(60_000);
    const inTheFirstMinute = client.watches.length;
    await clock.advance(300_000);
    expect(inTheFirstMinute).toBeLessThan(12);
    expect(client.watches.length - inTheFirstMinute).toBeLessThanOrEqual(11);
    expect(client.watches.length - inTheFirstMinute).toBeGreaterThanOrEqual(9);
  });

  it('is never over thirty seconds for a kind that is not served, and only the first refusal is news', async () => {
    const lines: string[] = [];
    const notServed = new ApiError('404 page not found', { code: 404 });
    log = { warn: (_fields: unknown, text: string) => lines.push(text), debug: () => undefined } as unknown as Logger;
    start(...Array.from({ length: 400 }, () => [notServed]));
    await clock.advance(3_600_000);
    expect(client.watches.length).toBeGreaterThanOrEqual(120);
    expect(lines).toEqual(['Watch broke']);
  });

  it('is at least what the server asks for', async () => {
    start([new ApiError('slow down', { code: 429, retryAfterMs: 7_000 })], [synced('1'), 'open']);
    await clock.advance(6_999);
    expect(client.watches).toHaveLength(1);
    await clock.advance(1);
    expect(store.hasSynced).toBe(true);
  });

  it('counts as failing while every attempt is refused, and no longer once one gets through', async () => {
    const refused = new TransportError('refused');
    start([refused], [refused], [refused], ['open']);
    expect(reflector.isFailing).toBe(false);
    await clock.advance(700);
    expect(reflector.isFailing).toBe(true);
    await clock.advance(5_000);
    expect(reflector.isFailing).toBe(false);
  });

  it('is short again after a watch that lived', async () => {
    start([broken], [broken], [broken], [synced('1'), 60_000, bookmark('2'), broken], ['open']);
    await clock.advance(70_000);
    expect(starts()).toEqual(['list', 'list', 'list', 'list', '2']);
  });
});

describe('the age of the last contact', () => {
  it('is unknown at first, and counts from the last event or bookmark', async () => {
    start([1_000, synced('1'), 60_000, bookmark('2'), 'open']);
    await clock.advance(500);
    expect(reflector.contactAgeMs).toBeUndefined();
    await clock.advance(10_500);
    expect(reflector.contactAgeMs).toBe(10_000);
    await clock.advance(55_000);
    expect(reflector.contactAgeMs).toBe(5_000);
  });
});

describe('a server without WatchList', () => {
  it('whose list expires between two pages is asked for all pages again', async () => {
    const asked: unknown[] = [];
    const list = async (_resource: unknown, { continue: token }: { readonly continue?: string }) => {
      asked.push(token);
      if (asked.length === 2) throw expired;
      const items = [made(CONFIG_MAPS, { name: token ?? 'first', version: '1' })];
      return { items, resourceVersion: '9', ...(token === undefined ? { continue: 'more' } : {}) };
    };
    Object.assign(client, { list });
    start([new ApiError('sendInitialEvents is forbidden for watch', { code: 422 })], ['open']);
    await clock.advance(2_000);
    expect(asked).toEqual([undefined, 'more', undefined, 'more']);
    expect(content()).toEqual(['first@1', 'more@1']);
  });

  it('is asked for pages, and then watched from their version', async () => {
    const pages = [
      { items: [made(CONFIG_MAPS, { name: 'a', version: '1' })], resourceVersion: '9', continue: 'more' },
      { items: [made(CONFIG_MAPS, { name: 'b', version: '2' })], resourceVersion: '9' },
    ];
    const asked: unknown[] = [];
    Object.assign(client, {
      list: async (_resource: unknown, options: { readonly limit: number; readonly continue?: string }) => {
        asked.push([options.limit, options.continue]);
        return pages[asked.length - 1];
      },
    });
    const refused = new ApiError('sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch', {
      code: 422,
      reason: 'Invalid',
    });
    start([refused], [added('c', '10'), 'open']);
    await clock.advance(1_000);
    expect(asked).toEqual([
      [500, undefined],
      [500, 'more'],
    ]);
    expect(starts()).toEqual(['list', '9']);
    expect(content()).toEqual(['a@1', 'b@2', 'c@10']);
  });
});
