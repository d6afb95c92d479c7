import { describe, expect, it } from 'vitest';
import { createKeyedLimiter } from '../../../src/assets/limiter.ts';

const { signal } = new AbortController();

/** Who has entered, in order. */
function watch(limits: { readonly running: number; readonly perKey: number }) {
  const limiter = createKeyedLimiter(limits);
  const entered: string[] = [];
  const enter = (who: string, until: AbortSignal = signal): Promise<() => void> => {
    const turn = limiter.enter(who.slice(0, 1), until);
    turn.then(
      () => entered.push(who),
      () => undefined,
    );
    return turn;
  };
  return { enter, entered, settled: () => new Promise((resolve) => setImmediate(resolve)) };
}

describe('a limit by key', () => {
  it('keeps those with one key from holding all places', async () => {
    const { enter, entered, settled } = watch({ running: 3, perKey: 2 });
    const turns = ['a1', 'a2', 'a3', 'a4', 'b1', 'c1'].map((who) => enter(who));
    await settled();
    expect(entered).toEqual(['a1', 'a2', 'b1']);
    (await turns[0])?.();
    await settled();
    expect(entered).toEqual(['a1', 'a2', 'b1', 'c1']);
    (await turns[4])?.();
    await settled();
    expect(entered).toEqual(['a1', 'a2', 'b1', 'c1', 'a3']);
  });

  it('gives both places back when somebody gives up, whichever they wait for', async () => {
    const { enter, entered, settled } = watch({ running: 2, perKey: 1 });
    const leave = await enter('a1');
    const leaveOther = await enter('b1');
    const waitingForKey = new AbortController();
    const waitingForAll = new AbortController();
    const attempts = [enter('a2', waitingForKey.signal), enter('c1', waitingForAll.signal)];
    await settled();
    waitingForKey.abort(new Error('enough'));
    waitingForAll.abort(new Error('enough'));
    for (const attempt of attempts) await expect(attempt).rejects.toThrow('enough');
    leave();
    leaveOther();
    for (const who of ['a3', 'c2']) await enter(who);
    expect(entered).toEqual(['a1', 'b1', 'a3', 'c2']);
  });
});
