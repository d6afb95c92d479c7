import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TransportError, UnreadableEventError, WatchErrorEvent } from '../../../src/kube/errors.ts';
import { decodeWatch } from '../../../src/kube/watch-stream.ts';

async function* chunksOf(bytes: Buffer, cuts: readonly number[] = []): AsyncGenerator<Buffer> {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  let start = 0;
  for (const place of [...places, bytes.length]) {
    yield bytes.subarray(start, place);
    start = place;
  }
}

/** Everything that was delivered, and what ended it. */
async function decode(
  text: string,
  cuts: readonly number[] = [],
): Promise<{ readonly events: readonly unknown[]; readonly error: unknown }> {
  const events: unknown[] = [];
  try {
    for await (const event of decodeWatch(chunksOf(Buffer.from(text), cuts))) events.push(event);
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', resourceVersion: '1' } };

describe('a watch body', () => {
  it('gives the same events however it is cut into chunks, also within characters', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 8 }),
        fc.array(fc.nat()),
        async (notes, cuts) => {
          const objects = notes.map((note) => ({ ...POD, note }));
          const { events, error } = await decode(objects.map((object) => line('ADDED', object)).join(''), cuts);
          expect({ events, error }).toEqual({
            events: objects.map((object) => ({ type: 'ADDED', object })),
            error: undefined,
          });
        },
      ),
    );
  });

  it.each(['ADDED', 'MODIFIED', 'DELETED'])('delivers %s with the raw object', async (type) => {
    expect((await decode(line(type, POD))).events).toEqual([{ type, object: POD }]);
  });

  it('delivers a bookmark as its version, and says where the initial events end', async () => {
    const plain = { ...POD, metadata: { resourceVersion: '7' } };
    const end = { ...POD, metadata: { resourceVersion: '8', annotations: { 'k8s.io/initial-events-end': 'true' } } };
    expect((await decode(line('BOOKMARK', plain) + line('BOOKMARK', end))).events).toEqual([
      { type: 'BOOKMARK', resourceVersion: '7', initialEventsEnd: false },
      { type: 'BOOKMARK', resourceVersion: '8', initialEventsEnd: true },
    ]);
  });

  it('skips empty lines', async () => {
    expect(await decode(`\n${line('ADDED', POD)}\r\n\n`)).toEqual({
      events: [{ type: 'ADDED', object: POD }],
      error: undefined,
    });
  });

  it.each([
    { title: 'is cut in its last line', rest: '{"type":"ADDED","obj', message: 'last line was cut', isCut: true },
    {
      title: 'ends without the newline of its last event',
      rest: line('ADDED', POD).trimEnd(),
      message: 'last line was cut',
      isCut: true,
    },
    { title: 'holds garbage', rest: 'garbage\n', message: 'not JSON' },
    { title: 'holds JSON that is no event', rest: '{"type":1}\n', message: 'not an event' },
    { title: 'holds an event without an object', rest: '{"type":"ADDED","object":null}\n', message: 'not an event' },
    { title: 'holds an event of an unknown type', rest: line('MOVED', POD), message: 'unknown event type "MOVED"' },
  ])('that $title delivers what came before and throws', async ({ rest, message, isCut = false }) => {
    const { events, error } = await decode(line('ADDED', POD) + rest);
    expect(events).toHaveLength(1);
    expect(error).toBeInstanceOf(TransportError);
    expect(error instanceof UnreadableEventError).toBe(!isCut);
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
  });

  it('throws the ERROR event as what it says', async () => {
    const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
    const { error } = await decode(line('ERROR', status) + line('ADDED', POD));
    expect(error).toBeInstanceOf(WatchErrorEvent);
    expect(error).toMatchObject({ code: 410, reason: 'Expired', message: 'too old resource version' });
  });

  it('throws an ERROR event that says nothing as a failure of the server', async () => {
    expect((await decode(line('ERROR', {}))).error).toMatchObject({ code: 500, reason: '' });
  });
});
