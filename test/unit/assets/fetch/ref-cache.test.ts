import { beforeEach, describe, expect, it } from 'vitest';
import { FetchError, type ForgeSource } from '../../../../src/assets/fetch/forge.ts';
import { createRefCache, type RefCache, type RefQuestion } from '../../../../src/assets/fetch/ref-cache.ts';
import { credentialFor } from '../loopback.ts';

const COMMIT = 'a'.repeat(40);
const SOURCE: ForgeSource = { forge: 'gitea', baseURL: 'https://git.example', owner: 'o', repo: 'r', ref: 'main' };
const INTERVAL_MS = 300_000;
const { signal } = new AbortController();

let nowMs: number;
let random: number;
let asked: ForgeSource[];
let answer: () => Promise<string>;
let refs: RefCache;

beforeEach(() => {
  nowMs = 1_000_000;
  random = 0;
  asked = [];
  answer = async () => COMMIT;
  refs = createRefCache({
    forge: {
      resolve: (source) => {
        asked.push(source);
        return answer();
      },
    },
    now: () => nowMs,
    random: () => random,
  });
});

function look(change: Partial<ForgeSource> = {}, question: Partial<RefQuestion> = {}) {
  return refs.look({ ...SOURCE, ...change }, { intervalMs: INTERVAL_MS, signal, ...question });
}

describe('RefCache', () => {
  it('asks once for a thousand who follow one ref, and again when the interval is over', async () => {
    const all = await Promise.all(Array.from({ length: 1000 }, () => look()));
    expect(new Set(all.map((found) => JSON.stringify(found)))).toEqual(
      new Set([JSON.stringify({ kind: 'resolved', commit: COMMIT, dueInMs: INTERVAL_MS })]),
    );
    nowMs += INTERVAL_MS - 1;
    expect(await look({ subPath: 'another/folder' })).toMatchObject({ dueInMs: 1 });
    expect(asked).toHaveLength(1);
    nowMs += 1;
    await look();
    await look();
    expect(asked).toHaveLength(2);
  });

  it.each<[string, Partial<ForgeSource>, Partial<RefQuestion>]>([
    ['forge', { forge: 'github' }, {}],
    ['address', { baseURL: 'https://other.example' }, {}],
    ['owner', { owner: 'other' }, {}],
    ['repository', { repo: 'other' }, {}],
    ['ref', { ref: 'other' }, {}],
    ['credential', {}, { credential: credentialFor('other', 'https://git.example') }],
  ])('never takes the answer about another %s', async (_what, change, question) => {
    await look();
    await look(change, question);
    expect(asked).toHaveLength(2);
  });

  it('asks as often as the most impatient wants, and the patient ones know it too', async () => {
    await look({}, { intervalMs: 600_000 });
    nowMs += 30_000;
    await look({}, { intervalMs: 30_000 });
    nowMs += 570_000;
    expect(await look({}, { intervalMs: 600_000 })).toMatchObject({ dueInMs: 30_000 });
    expect(asked).toHaveLength(2);
  });

  it('stretches intervals at random by up to a tenth, so that sources do not stay aligned', async () => {
    random = 0.5;
    expect(await look()).toMatchObject({ dueInMs: 315_000 });
    random = 0.999;
    expect(await look({ ref: 'other' })).toMatchObject({ dueInMs: 329_970 });
  });

  it('asks nobody for a commit', async () => {
    expect(await look({ ref: COMMIT.toUpperCase() })).toEqual({
      kind: 'resolved',
      commit: COMMIT,
      dueInMs: INTERVAL_MS,
    });
    expect(asked).toEqual([]);
  });

  it('asks again within the interval for who wants a younger answer', async () => {
    await look();
    nowMs += 1_999;
    await look({}, { maxAgeMs: 2_000 });
    expect(asked).toHaveLength(1);
    nowMs += 1;
    await look({}, { maxAgeMs: 2_000 });
    expect(asked).toHaveLength(2);
  });

  it('asks at once for who wants an answer from now on, and does not join a question that was under way', async () => {
    const gate = Promise.withResolvers<string>();
    answer = () => gate.promise;
    const earlier = look();
    answer = async () => 'b'.repeat(40);
    expect(await look({}, { maxAgeMs: 0 })).toMatchObject({ commit: 'b'.repeat(40) });
    gate.resolve(COMMIT);
    await earlier;
    expect(asked).toHaveLength(2);
  });

  it('remembers a failure for everybody and repeats the question ever more rarely, at most every five minutes', async () => {
    answer = () => Promise.reject(new FetchError('Unreachable', 'No answer'));
    const waits: number[] = [];
    for (let failures = 0; failures < 7; failures++) {
      const found = await look();
      expect(found).toMatchObject({ kind: 'failed', error: { code: 'Unreachable' } });
      expect(await look()).toEqual(found);
      waits.push(found.dueInMs);
      nowMs += found.dueInMs;
    }
    expect(waits).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    expect(asked).toHaveLength(7);
    answer = async () => COMMIT;
    await look();
    nowMs += INTERVAL_MS;
    answer = () => Promise.reject(new FetchError('Unreachable', 'No answer'));
    expect(await look()).toMatchObject({ dueInMs: 15_000 });
  });

  it('waits as long as the forge asked for', async () => {
    answer = () => Promise.reject(new FetchError('RateLimited', 'Too many', { retryAfterMs: 900_000 }));
    expect(await look()).toMatchObject({ kind: 'failed', dueInMs: 900_000 });
  });

  it('rejects for a fault of our own and does not remember it', async () => {
    answer = () => Promise.reject(new TypeError('x is not a function'));
    await expect(look()).rejects.toThrow(TypeError);
    await expect(look()).rejects.toThrow(TypeError);
    expect(asked).toHaveLength(2);
  });
});
