import { beforeEach, describe, expect, it } from 'vitest';
import { SecretReader } from '../../../../src/controllers/workspace/secret-reader.ts';
import { ApiError, TransportError } from '../../../../src/kube/errors.ts';
import type { KubeObject } from '../../../../src/kube/objects.ts';

const { signal } = new AbortController();
const secret = (data: Readonly<Record<string, string>>, uid = 'uid-1') => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', namespace: 'acme', uid },
  data,
});

let nowMs: number;
let asked: string[];
let answer: () => Promise<object>;
let reader: SecretReader;

beforeEach(() => {
  nowMs = 0;
  asked = [];
  answer = async () => secret({ a: 'b2xk', b: 'Yg==' });
  reader = new SecretReader({
    client: {
      get: async <T extends KubeObject>(
        _resource: unknown,
        { namespace, name }: { namespace: string; name: string },
      ) => {
        asked.push(`${namespace}/${name}`);
        return (await answer()) as T;
      },
    },
    now: () => nowMs,
  });
});

const read = (dataKeys: readonly string[] = ['a'], { isUrgent = false, name = 's' } = {}) =>
  reader.read({ secret: { namespace: 'acme', name }, dataKeys, isUrgent }, signal);

async function digestOf(key: string): Promise<string | undefined> {
  const reading = await read([key], { isUrgent: true });
  return reading.kind === 'found' ? reading.digests.get(key) : undefined;
}

describe('SecretReader', () => {
  it.each(['constructor', '__proto__', 'toString'])('does not take %s for a key that is there', async (name) => {
    expect(await digestOf(name)).toBeUndefined();
  });

  it('asks once a minute for the same keys, however many want them', async () => {
    await read();
    nowMs = 59_999;
    await read();
    expect(asked).toEqual(['acme/s']);
    nowMs = 60_000;
    await read();
    expect(asked).toHaveLength(2);
  });

  it('asks once for those who come while it is asking, also for other keys', async () => {
    await Promise.all([read(['a']), read(['a']), read(['b'])]);
    expect(asked).toHaveLength(1);
  });

  it('asks at once for whoever insists', async () => {
    await read();
    await read(['a'], { isUrgent: true });
    expect(asked).toHaveLength(2);
  });

  it.each([
    [
      'a Secret that is not there',
      async () => Promise.reject(new ApiError('no', { code: 404, reason: 'NotFound' })),
      { kind: 'missing' },
    ],
    ['a key that is not there', async () => secret({}), { kind: 'found', digests: new Map() }],
  ])('looks again for %s after ten seconds', async (_name, given, reading) => {
    answer = given;
    expect(await read()).toEqual(reading);
    nowMs = 9_999;
    await read();
    expect(asked).toHaveLength(1);
    nowMs = 10_000;
    answer = async () => secret({ a: 'bmV3' });
    expect((await read()).kind).toBe('found');
    expect(asked).toHaveLength(2);
  });

  it('gives another digest for another value and for another Secret of that name, and never the value', async () => {
    const first = await digestOf('a');
    answer = async () => secret({ a: 'bmV3', b: 'Yg==' });
    const rotated = await digestOf('a');
    answer = async () => secret({ a: 'bmV3', b: 'Yg==' }, 'uid-2');
    const remade = await digestOf('a');
    expect(new Set([first, rotated, remade]).size).toBe(3);
    for (const digest of [first, rotated, remade]) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('gives another digest for the same value under another key', async () => {
    answer = async () => secret({ a: 'c2FtZQ==', b: 'c2FtZQ==' });
    expect(await digestOf('a')).not.toBe(await digestOf('b'));
  });

  it('holds on to the last answer while the apiserver fails, however old it is', async () => {
    const before = await read();
    nowMs = 3_600_000;
    answer = async () => Promise.reject(new TransportError('reset'));
    expect(await read()).toEqual(before);
  });

  it.each([
    ['gives no answer', new TransportError('reset')],
    ['refuses', new ApiError('forbidden', { code: 403 })],
  ])('says that nothing is known when the apiserver %s and never gave one', async (_name, error) => {
    answer = async () => Promise.reject(error);
    expect(await read()).toEqual({ kind: 'unread' });
  });

  it('rejects when it is aborted', async () => {
    const stop = new AbortController();
    answer = () => new Promise(() => undefined);
    const reading = reader.read(
      { secret: { namespace: 'acme', name: 's' }, dataKeys: ['a'], isUrgent: false },
      stop.signal,
    );
    stop.abort(new Error('End'));
    await expect(reading).rejects.toThrow('End');
  });

  it('remembers the ten thousand Secrets that were read last', async () => {
    for (let index = 0; index < 10_000; index += 1) await read(['a'], { name: `s${index}` });
    await read(['a'], { name: 's0', isUrgent: true });
    await read(['a'], { name: 'one-more' });
    asked.length = 0;
    await read(['a'], { name: 's0' });
    expect(asked).toEqual([]);
    await read(['a'], { name: 's1' });
    expect(asked).toEqual(['acme/s1']);
  });
});
