import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../../src/kube/errors.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { createEventSink, type EventSink } from '../../../src/runtime/events.ts';
import type { EventEffect } from '../../../src/runtime/plan.ts';
import { alreadyExists, FakeClient } from './fake-client.ts';
import { VirtualClock } from './virtual-clock.ts';

const EVENT: EventEffect = {
  type: 'Warning',
  reason: 'Refused',
  action: 'Create',
  note: 'It was refused',
  regarding: { apiVersion: 'example.test/v1', kind: 'Widget', namespace: 'ns', name: 'w', uid: 'uid-w' },
};
const { signal } = new AbortController();

let client: FakeClient;
let lines: string[];
let sink: EventSink;

beforeEach(() => {
  client = new FakeClient();
  lines = [];
  const log = createLogger({ name: 'test', destination: { write: (line: string) => void lines.push(line) } });
  sink = createEventSink({ client, clock: new VirtualClock(), log });
});

async function posted(
  event: EventEffect,
): Promise<{ readonly metadata: { readonly name: string }; readonly note: string }> {
  await sink.emit(event, signal);
  return client.calls.at(-1)?.body as { readonly metadata: { readonly name: string }; readonly note: string };
}

describe('an Event', () => {
  it('says what happened, to what, when and by whom', async () => {
    expect(await posted(EVENT)).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace: 'ns', name: expect.stringMatching(/^w\.[0-9a-f]{16}$/) },
      eventTime: '2026-01-01T00:00:00.000000Z',
      type: 'Warning',
      reason: 'Refused',
      action: 'Create',
      note: 'It was refused',
      regarding: EVENT.regarding,
      reportingController: expect.stringContaining('/operator'),
      reportingInstance: expect.stringMatching(/./),
    });
  });

  it('has one name for one thing said', async () => {
    const names: string[] = [];
    for (const event of [
      EVENT,
      { ...EVENT },
      { ...EVENT, note: 'other' },
      { ...EVENT, reason: 'Other' },
      { ...EVENT, action: 'Other' },
      { ...EVENT, regarding: { ...EVENT.regarding, uid: 'other' } },
    ]) {
      names.push((await posted(event)).metadata.name);
    }
    expect(names[0]).toBe(names[1]);
    expect(new Set(names).size).toBe(5);
  });

  it('that was told before is no failure and no log line', async () => {
    client.answer = () => alreadyExists();
    await sink.emit(EVENT, signal);
    expect(lines).toEqual([]);
  });

  it('that cannot be written is logged and fails nothing', async () => {
    client.answer = () => new ApiError('no right to create events', { code: 403 });
    await sink.emit(EVENT, signal);
    expect(lines).toEqual([expect.stringContaining('no right to create events')]);
  });

  it('that is cut off by shutdown is not logged', async () => {
    client.answer = () => new Error('aborted');
    await sink.emit(EVENT, AbortSignal.abort());
    expect(lines).toEqual([]);
  });

  it('keeps its note within 1024 bytes, cut between characters', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 300, maxLength: 1_200 }), async (note) => {
        const { note: written } = await posted({ ...EVENT, note });
        const limit = Math.min(Buffer.byteLength(note), 1_024);
        expect(note.startsWith(written)).toBe(true);
        expect(Buffer.byteLength(written)).toBeLessThanOrEqual(limit);
        expect(Buffer.byteLength(written)).toBeGreaterThan(limit - 4);
      }),
    );
  });
});
