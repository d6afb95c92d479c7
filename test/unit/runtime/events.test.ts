import { Registry } from '@prometheus-io/client';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError, TransportError } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { EventRecorder } from '../../../src/runtime/events.ts';
import { createRuntimeMetrics } from '../../../src/runtime/metrics.ts';
import type { EventEffect } from '../../../src/runtime/plan.ts';
import { alreadyExists, type Call, FakeClient } from './fake-client.ts';
import { settle, VirtualClock } from './virtual-clock.ts';

const EVENT: EventEffect = {
  type: 'Warning',
  reason: 'Refused',
  action: 'Create',
  note: 'It was refused',
  regarding: { apiVersion: 'example.test/v1', kind: 'Widget', namespace: 'ns', name: 'w', uid: 'uid-w' },
};

interface Posted extends KubeObject {
  readonly note: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

/** The Events of one namespace as the apiserver keeps them. */
class EventServer {
  readonly events = new Map<string, Posted>();

  answer(call: Call): KubeObject | Error {
    const known = this.events.get(call.name);
    if (call.verb === 'create' && known !== undefined) return alreadyExists();
    if (call.verb === 'patch' && known === undefined) return new ApiError('gone', { code: 404, reason: 'NotFound' });
    const merged = { ...known, ...(call.body as Posted) };
    this.events.set(call.name, merged);
    return merged;
  }

  get series(): readonly (number | undefined)[] {
    return [...this.events.values()].map(({ series }) => series?.count);
  }
}

let clock: VirtualClock;
let client: FakeClient;
let server: EventServer;
let registry: Registry;
let lines: string[];
let ending: AbortController;
let recorder: EventRecorder;

beforeEach(() => {
  clock = new VirtualClock();
  client = new FakeClient();
  server = new EventServer();
  client.answer = (call) => server.answer(call);
  lines = [];
  ending = new AbortController();
  recorder = createRecorder();
});

/** As a new process would have one. */
function createRecorder(): EventRecorder {
  registry = new Registry();
  return new EventRecorder({
    client,
    clock,
    random: () => 1,
    log: createLogger({ name: 'test', destination: { write: (line: string) => void lines.push(line) } }),
    metrics: createRuntimeMetrics(registry),
    signal: ending.signal,
  });
}

function about(uid: string, note = EVENT.note): EventEffect {
  return { ...EVENT, note, regarding: { ...EVENT.regarding, uid } };
}

async function emit(...events: readonly EventEffect[]): Promise<void> {
  for (const event of events) recorder.emit(event);
  await recorder.flush();
}

async function dropped(reason: string): Promise<number> {
  const text = await registry.metrics();
  return Number(new RegExp(`molecule_events_dropped_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

describe('an Event', () => {
  it('says what happened, to what, when and by whom', async () => {
    await emit(EVENT);
    expect(client.calls.map(({ body }) => body)).toEqual([
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { namespace: 'ns', name: expect.stringMatching(/^w\.[0-9a-f]{16}$/) },
        eventTime: '2026-01-01T00:00:00.000000Z',
        type: 'Warning',
        reason: 'Refused',
        action: 'Create',
        note: 'It was refused',
        regarding: EVENT.regarding,
        reportingController: 'moleculesai.app/operator',
        reportingInstance: expect.stringMatching(/./),
      },
    ]);
  });

  it('is another one where anything that it says differs', async () => {
    await emit(
      EVENT,
      { ...EVENT, note: 'other' },
      { ...EVENT, reason: 'Other' },
      { ...EVENT, action: 'Other' },
      { ...EVENT, type: 'Normal' },
      about('other'),
    );
    expect(server.series).toEqual(Array.from({ length: 6 }, () => undefined));
  });

  it('keeps its note within 1024 bytes, cut between characters', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 300, maxLength: 1_200 }), async (note) => {
        recorder = createRecorder();
        server.events.clear();
        await emit({ ...EVENT, note });
        const written = [...server.events.values()][0]?.note ?? '';
        const limit = Math.min(Buffer.byteLength(note), 1_024);
        expect(note.startsWith(written)).toBe(true);
        expect(Buffer.byteLength(written)).toBeLessThanOrEqual(limit);
        expect(Buffer.byteLength(written)).toBeGreaterThan(limit - 4);
      }),
    );
  });
});

describe('what happens again', () => {
  it('is counted as the series of its Event', async () => {
    await emit(EVENT);
    await clock.advance(60_000);
    await emit(EVENT);
    await clock.advance(60_000);
    await emit(EVENT);
    expect(client.log.map((line) => line.split(' ')[0])).toEqual(['create', 'patch', 'patch']);
    expect([...server.events.values()]).toEqual([
      expect.objectContaining({
        eventTime: '2026-01-01T00:00:00.000000Z',
        series: { count: 3, lastObservedTime: '2026-01-01T00:02:00.000000Z' },
      }),
    ]);
  });

  it('is counted on by the next process, which asks for the count without a right to read', async () => {
    await emit(EVENT);
    await emit(EVENT);
    recorder = createRecorder();
    await emit(EVENT);
    await emit(EVENT);
    expect(server.series).toEqual([4]);
    expect(client.calls.slice(2).map(({ verb, body }) => [verb, (body as Posted).series?.count])).toEqual([
      ['create', undefined],
      ['patch', undefined],
      ['patch', 3],
      ['patch', 4],
    ]);
    expect(lines).toEqual([]);
  });

  it('after the apiserver dropped its Event is a new one', async () => {
    await emit(EVENT);
    server.events.clear();
    await emit(EVENT);
    expect(server.series).toEqual([undefined]);
    await emit(EVENT);
    expect(server.series).toEqual([2]);
  });

  it('while it waits is written once, with its count', async () => {
    await emit(about('first'), EVENT, EVENT, EVENT);
    expect(client.log).toHaveLength(2);
    expect(server.series).toEqual([undefined, 3]);
  });
});

describe('emitting', () => {
  it('does not wait for a server that does not answer, and drops what is too much', async () => {
    client.create = () => new Promise(() => undefined);
    for (let index = 0; index < 1_003; index += 1) recorder.emit(about(`uid-${index}`));
    await settle();
    // One is being written, a thousand wait.
    expect(await dropped('overflow')).toBe(2);
  });

  it('lets 25 about one object through at once, then one in five minutes, and none of it at the cost of others', async () => {
    const many = Array.from({ length: 30 }, (_none, index) => about('loud', `note ${index}`));
    await emit(...many, about('quiet'));
    expect(server.events.size).toBe(26);
    await clock.advance(299_000);
    await emit(about('loud', 'soon'));
    expect(server.events.size).toBe(26);
    await clock.advance(1_000);
    await emit(about('loud', 'later'), about('loud', 'once more'));
    expect(server.events.size).toBe(27);
    expect(await dropped('spam')).toBe(7);
  });

  it('tries again while there is no answer, in the order in which things happened', async () => {
    client.answer = () => new TransportError('no answer');
    recorder.emit(EVENT);
    recorder.emit(about('second'));
    await clock.advance(3_000);
    client.answer = (call) => server.answer(call);
    await clock.advance(4_000);
    await recorder.flush();
    expect([...server.events.keys()]).toHaveLength(2);
    expect([lines, await dropped('unwritten')]).toEqual([[], 0]);
  });

  it('gives an Event up after five attempts, and goes on with the next', async () => {
    client.answer = () => new TransportError('no answer');
    recorder.emit(EVENT);
    await clock.advance(60_000);
    expect(client.calls).toHaveLength(5);
    client.answer = (call) => server.answer(call);
    await emit(about('second'));
    expect([server.events.size, lines.length, await dropped('unwritten')]).toEqual([1, 1, 1]);
  });

  it('that is refused is logged once and fails nothing', async () => {
    client.answer = () => new ApiError('no right to create events', { code: 403 });
    await emit(EVENT);
    expect(client.calls).toHaveLength(1);
    expect(lines).toEqual([expect.stringContaining('no right to create events')]);
  });

  it('ends with its signal, without a word', async () => {
    client.answer = () => new TransportError('no answer');
    recorder.emit(EVENT);
    recorder.emit(about('second'));
    await settle();
    ending.abort(new Error('now'));
    await recorder.flush();
    expect([client.calls.length, lines, clock.timers]).toEqual([1, [], 0]);
  });
});
