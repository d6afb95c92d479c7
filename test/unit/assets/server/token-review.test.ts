import { beforeEach, describe, expect, it } from 'vitest';
import { ASSET_AUDIENCE } from '../../../../src/apis/v1alpha1/names.ts';
import { createTokenReviewer } from '../../../../src/assets/server/token-review.ts';
import type { KubeClient } from '../../../../src/kube/client.ts';

const signal = new AbortController().signal;
const GOOD = {
  authenticated: true,
  audiences: [ASSET_AUDIENCE],
  user: {
    username: 'system:serviceaccount:tenant:agent',
    extra: { 'authentication.kubernetes.io/pod-name': ['ws-1'], 'authentication.kubernetes.io/pod-uid': ['uid-1'] },
  },
};

let asked: unknown[];
let answer: unknown;
let nowMs: number;

beforeEach(() => {
  asked = [];
  answer = GOOD;
  nowMs = 0;
});

function reviewer() {
  const create = async (resource: { plural: string }, object: { spec: unknown }): Promise<unknown> => {
    asked.push({ plural: resource.plural, spec: object.spec });
    if (answer instanceof Error) throw answer;
    return { ...object, status: answer };
  };
  return createTokenReviewer({ client: { create } as unknown as KubeClient, now: () => nowMs });
}

describe('token review', () => {
  it('asks about few at a time and refuses to line up a flood, so that the apiserver is left to others', async () => {
    const gate = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    const create = async (_resource: object, object: object): Promise<unknown> => {
      running += 1;
      most = Math.max(most, running);
      await gate.promise;
      running -= 1;
      return { ...object, status: GOOD };
    };
    const review = createTokenReviewer({ client: { create } as unknown as KubeClient, now: () => 0 });
    const asking = Array.from({ length: 300 }, (_, index) =>
      review(`a.b.${index}`, signal).then(
        () => 'answered',
        () => 'refused',
      ),
    );
    await Promise.race(asking);
    gate.resolve();
    const ends = await Promise.all(asking);
    expect(most).toBe(4);
    expect(ends.filter((end) => end === 'refused')).toHaveLength(300 - 4 - 256);
  });

  it('says which Pod it is, for our audience', async () => {
    expect(await reviewer()('a.b.c', signal)).toEqual({
      namespace: 'tenant',
      podName: 'ws-1',
      podUID: 'uid-1',
      serviceAccount: 'agent',
    });
    expect(asked).toEqual([{ plural: 'tokenreviews', spec: { token: 'a.b.c', audiences: [ASSET_AUDIENCE] } }]);
  });

  it.each([
    ['an unauthenticated token', { ...GOOD, authenticated: false }],
    ['an answer without a status', undefined],
    ['another audience', { ...GOOD, audiences: ['https://kubernetes.default.svc'] }],
    ['an apiserver that ignores audiences', { ...GOOD, audiences: undefined }],
    ['a user who is no service account', { ...GOOD, user: { ...GOOD.user, username: 'admin' } }],
    ['a token that is bound to no Pod', { ...GOOD, user: { ...GOOD.user, extra: {} } }],
    [
      'a Pod without uid',
      { ...GOOD, user: { ...GOOD.user, extra: { 'authentication.kubernetes.io/pod-name': ['ws-1'] } } },
    ],
  ])('rejects %s', async (_what, status) => {
    answer = status;
    expect(await reviewer()('a.b.c', signal)).toBe('rejected');
  });

  it.each(['', 'abc', 'a.b', 'a.b.c.d', `a.b.${'c'.repeat(9000)}`])(
    'does not bother the apiserver with what is no JWT',
    async (token) => {
      expect(await reviewer()(token, signal)).toBe('rejected');
      expect(asked).toEqual([]);
    },
  );

  it('asks again after 60 s, after 10 s for a rejection, and never for longer', async () => {
    const review = reviewer();
    await review('a.b.c', signal);
    nowMs = 59_999;
    await review('a.b.c', signal);
    expect(asked).toHaveLength(1);
    nowMs = 60_000;
    answer = undefined;
    expect(await review('a.b.c', signal)).toBe('rejected');
    nowMs = 69_999;
    await review('a.b.c', signal);
    expect(asked).toHaveLength(2);
    nowMs = 70_000;
    answer = GOOD;
    expect(await review('a.b.c', signal)).toMatchObject({ podUID: 'uid-1' });
  });

  it('does not remember that the apiserver was away, and does not take it for a no', async () => {
    answer = new Error('away');
    const review = reviewer();
    await expect(review('a.b.c', signal)).rejects.toThrow('away');
    answer = GOOD;
    expect(await review('a.b.c', signal)).toMatchObject({ podUID: 'uid-1' });
  });

  it('forgets the oldest of more than 4096 tokens', async () => {
    const review = reviewer();
    for (let index = 0; index <= 4096; index++) await review(`a.b.${index}`, signal);
    await review('a.b.4096', signal);
    expect(asked).toHaveLength(4097);
    await review('a.b.0', signal);
    expect(asked).toHaveLength(4098);
  });
});
