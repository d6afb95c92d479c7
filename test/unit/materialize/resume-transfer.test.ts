import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { beforeEach, expect, it, vi } from 'vitest';
import { EXIT, MaterializeError } from '../../../src/materialize/exit-codes.ts';
import { resumeTransfer } from '../../../src/materialize/resume-transfer.ts';

const pauses = vi.hoisted((): number[] => []);
const pausing = vi.hoisted(() => new EventTarget());
vi.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number, _value: undefined, { signal }: { readonly signal: AbortSignal }) => {
    pauses.push(ms);
    pausing.dispatchEvent(new Event('pause'));
    if (signal.aborted) throw new Error('The operation was aborted');
  },
}));

const { signal } = new AbortController();
beforeEach(() => {
  pauses.length = 0;
});

/** An answer of `whole` from `start` on that breaks off after so many bytes. */
function answer(
  whole: string,
  { start, bytes }: { readonly start?: number; readonly bytes?: number },
): IncomingMessage {
  const part = whole.slice(start ?? 0);
  async function* body(): AsyncGenerator<Buffer> {
    if (part !== '' && bytes !== 0) yield Buffer.from(part.slice(0, bytes));
    // A break throws away what was not read yet, as that of a socket does.
    await new Promise(setImmediate);
    if (bytes !== undefined) throw new Error('aborted');
  }
  const headers = {
    'content-length': String(part.length),
    ...(start === undefined ? {} : { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` }),
  };
  return Object.assign(Readable.from(body()), {
    statusCode: start === undefined ? 200 : 206,
    headers,
  }) as unknown as IncomingMessage;
}

async function read(transfer: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of transfer) text += chunk.toString();
  return text;
}

it('ends after six breaks in a row without a byte, with pauses that grow to those of a server that starts anew', async () => {
  const asked: number[] = [];
  const askFrom = async (offset: number) => {
    asked.push(offset);
    return answer('whole', { start: offset, bytes: 0 });
  };
  const failed = read(resumeTransfer(answer('whole', { bytes: 2 }), { from: 0, askFrom, signal }));
  await expect(failed).rejects.toMatchObject({ name: 'MaterializeError', exitCode: EXIT.tryAgain });
  await expect(failed).rejects.toThrow('broke off');
  expect([asked, pauses]).toEqual([
    [2, 2, 2, 2, 2, 2],
    [0, 500, 1_000, 2_000, 4_000, 8_000],
  ]);
});

it('begins to count anew with every byte that comes', async () => {
  const askFrom = async (offset: number) => answer('a'.repeat(20), { start: offset, bytes: 1 });
  expect(await read(resumeTransfer(answer('a'.repeat(20), { bytes: 1 }), { from: 0, askFrom, signal }))).toBe(
    'a'.repeat(20),
  );
  expect(new Set(pauses)).toEqual(new Set([0]));
});

it('tells in the end what the server said when it was asked for the rest', async () => {
  const refused = new MaterializeError(EXIT.tryAgain, 'the asset server answered 404: it is being fetched');
  const askFrom = () => Promise.reject(refused);
  await expect(read(resumeTransfer(answer('whole', { bytes: 2 }), { from: 0, askFrom, signal }))).rejects.toBe(refused);
});

it('takes no rest that leaves bytes out', async () => {
  const askFrom = async (offset: number) => answer('whole', { start: Math.max(offset + 1, 3) });
  await expect(read(resumeTransfer(answer('whole', { bytes: 2 }), { from: 0, askFrom, signal }))).rejects.toThrow(
    'broke off',
  );
});

it('asks for the whole where an answer does not go on behind what is here, and takes what is missing from that', async () => {
  const asked: number[] = [];
  const askFrom = async (offset: number) => {
    asked.push(offset);
    return offset === 0 ? answer('whole', {}) : answer('whole', { start: offset + 1 });
  };
  for (const first of [answer('whole', { start: 3 }), { ...answer('whole', { start: 2 }), headers: {} }]) {
    const spoilt = Object.assign(first, { destroy: () => first }) as IncomingMessage;
    expect(await read(resumeTransfer(spoilt, { from: 2, askFrom, signal }))).toBe('ole');
  }
  expect(asked).toEqual([0, 0]);
});

it('is complete with its last byte, whether or not the end of the connection was clean', async () => {
  const askFrom = () => Promise.reject(new Error('Nothing is missing'));
  for (const first of [answer('whole', {}), answer('whole', { bytes: 5 })])
    expect(await read(resumeTransfer(first, { from: 0, askFrom, signal }))).toBe('whole');
});

it('is complete where the server has no more, and hands on nothing of how it says so', async () => {
  const askFrom = () => Promise.reject(new Error('Nothing is missing'));
  const none = Object.assign(answer('There are no more bytes than that', {}), { statusCode: 416 });
  expect(await read(resumeTransfer(none, { from: 5, askFrom, signal }))).toBe('');
});

it('begins behind what is here, whether the server sends the rest or all of it', async () => {
  const askFrom = () => Promise.reject(new Error('Nothing is missing'));
  for (const first of [answer('whole', { start: 2 }), answer('whole', {})])
    expect(await read(resumeTransfer(first, { from: 2, askFrom, signal }))).toBe('ole');
});

it('says in a pause as well why it is given up', async () => {
  const ended = new AbortController();
  pausing.addEventListener('pause', () => ended.abort(new Error('Stopped')), { once: true });
  const askFrom = () => Promise.reject(new Error('Nothing is asked'));
  const options = { from: 0, askFrom, signal: ended.signal };
  await expect(read(resumeTransfer(answer('whole', { bytes: 2 }), options))).rejects.toThrow('Stopped');
});
