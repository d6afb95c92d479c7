import { beforeEach, describe, expect, it } from 'vitest';
import type { WatchEvent } from '../../../src/kube/client.ts';
import { isAlreadyExists, isExpired, isNotServed } from '../../../src/kube/errors.ts';
import { HttpKubeClient } from '../../../src/kube/http-client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { NAMESPACES } from '../../memory-api/kinds.ts';
import { MemoryApi } from '../../memory-api/memory-api.ts';
import { createMemoryTransport } from '../../memory-api/memory-transport.ts';
import { settle, VirtualClock } from '../runtime/virtual-clock.ts';

/** What the comparison with the real apiserver cannot show: the past, time, kinds that go, and the way through the client. */

const WIDGETS = { group: 'example.test', version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true };
const WRITE = { fieldManager: 'test', signal: new AbortController().signal };
const READ = { signal: WRITE.signal };

let clock: VirtualClock;
let api: MemoryApi;
let client: HttpKubeClient;

beforeEach(async () => {
  clock = new VirtualClock();
  let uids = 0;
  api = new MemoryApi({
    now: () => clock.now(),
    newUID: () => {
      uids += 1;
      return `uid-${uids}`;
    },
    kinds: [WIDGETS],
    schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
  });
  client = new HttpKubeClient(createMemoryTransport(api), { clock, random: () => 0 });
  await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } }, WRITE);
});

async function createWidget(name: string): Promise<string> {
  const widget: KubeObject = { apiVersion: 'example.test/v1', kind: 'Widget', metadata: { name, namespace: 'ns' } };
  return (await client.create(WIDGETS, widget, WRITE)).metadata.resourceVersion ?? '';
}

/** Follows a watch until its end; what came is in `events`, and how it ended in `end`. */
function follow(options: Parameters<HttpKubeClient['watch']>[1]) {
  const events: WatchEvent<KubeObject>[] = [];
  const end = (async (): Promise<unknown> => {
    try {
      for await (const event of client.watch(WIDGETS, options)) events.push(event);
      return 'closed';
    } catch (error) {
      return error;
    }
  })();
  return { events, end };
}

const told = (events: readonly WatchEvent<KubeObject>[]): readonly string[] =>
  events.map((event) => (event.type === 'BOOKMARK' ? 'BOOKMARK' : `${event.type} ${event.object.metadata.name}`));

describe('a list in pages', () => {
  it('shows what was there at its first page', async () => {
    for (const name of ['a', 'b', 'c']) await createWidget(name);
    const first = await client.list(WIDGETS, { limit: 2, ...READ });
    await createWidget('aa');
    await client.delete(WIDGETS, { namespace: 'ns', name: 'c' }, READ);
    const second = await client.list(WIDGETS, { limit: 2, continue: first.continue ?? '', ...READ });
    expect([...first.items, ...second.items].map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
    expect(second).toMatchObject({ resourceVersion: first.resourceVersion });
    expect(second.continue).toBeUndefined();
  });

  it('cannot go on when its version is forgotten', async () => {
    for (const name of ['a', 'b']) await createWidget(name);
    const { continue: next = '' } = await client.list(WIDGETS, { limit: 1, ...READ });
    await createWidget('c');
    api.compact();
    expect(await client.list(WIDGETS, { limit: 1, continue: next, ...READ }).catch(isExpired)).toBe(true);
  });
});

describe('a watch', () => {
  it('cannot begin before what is forgotten, and can at it', async () => {
    const before = await createWidget('a');
    const at = await createWidget('b');
    api.compact();
    const late = follow({ resourceVersion: before, ...READ });
    expect(isExpired(await late.end)).toBe(true);
    const timely = follow({ resourceVersion: at, ...READ });
    await settle();
    await createWidget('c');
    await settle();
    expect(told(timely.events)).toEqual(['ADDED c']);
  });

  it('goes on when the past is forgotten, and ends when it is expired itself', async () => {
    const { events, end } = follow({ sendInitialEvents: true, ...READ });
    await settle();
    api.compact();
    await createWidget('a');
    await settle();
    expect(told(events)).toEqual(['BOOKMARK', 'ADDED a']);
    api.expireWatches();
    expect(isExpired(await end)).toBe(true);
  });

  it('says every minute how far it is, and ends at its time', async () => {
    const { events, end } = follow({ resourceVersion: '0', timeoutSeconds: 150, ...READ });
    await clock.advance(140_000);
    expect(told(events)).toEqual(['BOOKMARK', 'BOOKMARK']);
    await clock.advance(10_000);
    expect(await end).toBe('closed');
    expect(clock.timers).toBe(0);
  });

  it('ends when its reader stops, and leaves nothing behind', async () => {
    const stop = new AbortController();
    const { end } = follow({ resourceVersion: '0', timeoutSeconds: 150, signal: stop.signal });
    await settle();
    stop.abort(new Error('enough'));
    expect(await end).toEqual(new Error('enough'));
    expect(clock.timers).toBe(0);
  });
});

describe('a kind that goes', () => {
  it('takes its objects along whatever holds them, ends its watches, and can come back empty', async () => {
    await createWidget('a');
    await client.patch(WIDGETS, { namespace: 'ns', name: 'a' }, { metadata: { finalizers: ['x'] } }, WRITE);
    const { events, end } = follow({ sendInitialEvents: true, ...READ });
    await settle();
    api.removeKind(WIDGETS);
    expect(await end).toBe('closed');
    expect(told(events)).toEqual(['ADDED a', 'BOOKMARK', 'DELETED a']);
    expect(await client.list(WIDGETS, READ).catch(isNotServed)).toBe(true);
    api.addKind(WIDGETS);
    expect((await client.list(WIDGETS, READ)).items).toEqual([]);
  });
});

describe('what it does not know', () => {
  it.for([
    { method: 'PUT', path: '/api/v1/namespaces/ns' },
    { method: 'DELETE', path: '/apis/example.test/v1/namespaces/ns/widgets' },
    { method: 'GET', path: '/apis/example.test/v1/widgets?labelSelector=a+in+(b)' },
    {
      method: 'PATCH',
      path: '/api/v1/namespaces/ns',
      contentType: 'application/strategic-merge-patch+json',
      body: '{}',
    },
    { method: 'PATCH', path: '/api/v1/namespaces/ns', contentType: 'application/apply-patch+yaml', body: '{}' },
  ])('it throws at: $method $path $contentType', (request) => {
    expect(() => api.handle(request)).toThrow('The memory API');
  });
});

it('keeps every request for whoever asks what was sent', async () => {
  await createWidget('a');
  await createWidget('a').catch(isAlreadyExists);
  expect(api.requests.map(({ method, path }) => `${method} ${path.split('?')[0]}`)).toEqual([
    'POST /api/v1/namespaces',
    'POST /apis/example.test/v1/namespaces/ns/widgets',
    'POST /apis/example.test/v1/namespaces/ns/widgets',
  ]);
});
