import { beforeEach, describe, expect, it } from 'vitest';
import { Queue, type QueueOptions } from '../../../src/runtime/queue.ts';
import { settle, VirtualClock } from './virtual-clock.ts';

let clock: VirtualClock;
/** The keys that takers got so far, with the time. */
let taken: string[];

beforeEach(() => {
  clock = new VirtualClock();
  taken = [];
});

function createQueue(options: Partial<QueueOptions> = {}): Queue {
  return new Queue({ clock, random: () => 1, firstBackoffMs: 100, longestBackoffMs: 1_000, ...options });
}

/** Takes once; what it gets is in `taken`. */
function take(queue: Queue): void {
  void queue.take().then((key) => taken.push(`${key}@${clock.monotonicMs()}`));
}

describe('a due key', () => {
  it('goes to the taker that came first', async () => {
    const queue = createQueue();
    take(queue);
    queue.add('a');
    await settle();
    expect(taken).toEqual(['a@0']);
  });

  it('dedupe should keep the earlier item', async () => {
    const queue = createQueue();
    queue.add('a', { afterMs: 50 });
    queue.add('a', { afterMs: 20 });
    queue.add('a', { afterMs: 80 });
    take(queue);
    take(queue);
    await clock.advance(500);
    expect(taken).toEqual(['a@20']);
  });

  it('should never be handed out twice at once', async () => {
    const queue = createQueue();
    queue.add('a');
    take(queue);
    take(queue);
    await settle();
    queue.add('a');
    await clock.advance(1_000);
    expect(taken).toEqual(['a@0']);
    queue.done('a', { kind: 'ok' });
    await settle();
    expect(taken).toEqual(['a@0', 'a@1000']);
  });

  it('that is running should not block the head of the line', async () => {
    const queue = createQueue();
    queue.add('a');
    take(queue);
    await settle();
    queue.add('a');
    queue.add('b');
    take(queue);
    await settle();
    expect(taken).toEqual(['a@0', 'b@0']);
  });

  it('leaves in the order in which it became due', async () => {
    const queue = createQueue();
    for (const key of ['a', 'b', 'c']) queue.add(key);
    for (let turn = 0; turn < 3; turn += 1) take(queue);
    await settle();
    expect(taken).toEqual(['a@0', 'b@0', 'c@0']);
  });

  it('of the backlog gets its turn although what is slow comes back fresh for ever', async () => {
    const queue = createQueue();
    for (const key of ['slow', 'other']) queue.add(key);
    queue.add('late', { priority: 'backlog' });
    for (let pass = 0; pass < 10; pass++) {
      take(queue);
      await clock.advance(10_000);
      const [key = ''] = taken.at(-1)?.split('@') ?? [];
      queue.done(key, { kind: 'ok', afterMs: 0 });
    }
    expect(taken.findIndex((key) => key.startsWith('late'))).toBe(5);
  });

  it('that is fresh goes before the backlog, and takes its own backlog entry along', async () => {
    const queue = createQueue();
    for (const key of ['a', 'b', 'c']) queue.add(key, { priority: 'backlog' });
    queue.add('new');
    queue.add('c');
    expect(queue.depth).toBe(4);
    for (let turn = 0; turn < 4; turn += 1) take(queue);
    await settle();
    expect(taken).toEqual(['new@0', 'c@0', 'a@0', 'b@0']);
  });

  it('is taken with the time that it waited', async () => {
    const waits: number[] = [];
    const queue = createQueue({ onTaken: (waitedMs) => waits.push(waitedMs) });
    queue.add('a', { afterMs: 30 });
    await clock.advance(100);
    take(queue);
    await settle();
    expect(waits).toEqual([70]);
  });
});

describe('the end of a pass', () => {
  const started = async (options: Partial<QueueOptions> = {}): Promise<Queue> => {
    const queue = createQueue(options);
    queue.add('a');
    take(queue);
    take(queue);
    take(queue);
    await settle();
    return queue;
  };

  it.each([
    { title: 'comes back after its delay', asked: undefined, end: { kind: 'ok', afterMs: 70 }, at: ['a@70'] },
    { title: 'does not come back without a delay', asked: undefined, end: { kind: 'ok' }, at: [] },
    { title: 'comes back when asked meanwhile', asked: 0, end: { kind: 'ok' }, at: ['a@0'] },
    {
      title: 'comes back once, at the earlier time, when asked first',
      asked: 40,
      end: { kind: 'ok', afterMs: 70 },
      at: ['a@40'],
    },
    {
      title: 'comes back once, at the earlier time, when asked last',
      asked: 90,
      end: { kind: 'ok', afterMs: 70 },
      at: ['a@70'],
    },
    { title: 'runs once for a failure and an event', asked: 0, end: { kind: 'retry' }, at: ['a@0'] },
  ] as const)('$title', async ({ asked, end, at }) => {
    const queue = await started();
    if (asked !== undefined) queue.add('a', { afterMs: asked });
    queue.done('a', end);
    await clock.advance(5);
    if (taken.length > 1) queue.done('a', { kind: 'ok' });
    await clock.advance(5_000);
    expect(taken.slice(1)).toEqual(at);
  });

  it('backs off exponentially up to the cap, and from the start again after a success', async () => {
    const queue = createQueue();
    const waitedMs: number[] = [];
    queue.add('a');
    for (const kind of ['retry', 'retry', 'retry', 'retry', 'retry', 'ok', 'retry'] as const) {
      const beforeMs = clock.monotonicMs();
      take(queue);
      await clock.advance(1_000);
      const at = Number(taken.at(-1)?.split('@')[1]);
      waitedMs.push(at - beforeMs);
      queue.done('a', kind === 'ok' ? { kind, afterMs: 0 } : { kind });
    }
    expect(waitedMs).toEqual([0, 100, 200, 400, 800, 1_000, 0]);
    take(queue);
    await clock.advance(100);
    expect(taken.at(-1)).toBe('a@7100');
  });

  it('is tried within half a minute of the end of a fault, however long it has failed', async () => {
    const queue = new Queue({ clock, random: () => 1 });
    queue.add('a');
    for (let failure = 0; failure < 100; failure += 1) {
      take(queue);
      await clock.advance(60_000);
      queue.done('a', { kind: 'retry' });
    }
    const endMs = clock.monotonicMs();
    take(queue);
    await clock.advance(60_000);
    expect(taken.at(-1)).toBe(`a@${endMs + 30_000}`);
  });

  it('is tried at once when something happens to it, however long it has failed', async () => {
    const queue = await started({ longestBackoffMs: 60_000, firstBackoffMs: 60_000 });
    queue.done('a', { kind: 'retry' });
    await clock.advance(1_000);
    queue.add('a');
    await settle();
    expect(taken).toEqual(['a@0', 'a@1000']);
  });

  it('spreads backoff between half and whole', async () => {
    const queue = await started({ random: () => 0 });
    queue.done('a', { kind: 'retry' });
    await clock.advance(49);
    expect(taken).toEqual(['a@0']);
    await clock.advance(1);
    expect(taken).toEqual(['a@0', 'a@50']);
  });

  it('of a held key keeps its backoff and waits until it is added', async () => {
    const queue = await started();
    queue.done('a', { kind: 'retry' });
    await clock.advance(100);
    queue.done('a', { kind: 'held' });
    await clock.advance(5_000);
    expect(taken).toEqual(['a@0', 'a@100']);
    queue.add('a');
    await settle();
    queue.done('a', { kind: 'retry' });
    take(queue);
    await clock.advance(199);
    expect(taken).toEqual(['a@0', 'a@100', 'a@5100']);
    await clock.advance(1);
    expect(taken.at(-1)).toBe('a@5300');
  });
});

describe('a distance between passes', () => {
  it('is kept from start to start, whoever asks', async () => {
    const queue = createQueue({ minIntervalMs: 1_000 });
    queue.add('a');
    take(queue);
    await clock.advance(300);
    queue.done('a', { kind: 'ok' });
    queue.add('a');
    take(queue);
    await clock.advance(699);
    expect(taken).toEqual(['a@0']);
    await clock.advance(1);
    expect(taken).toEqual(['a@0', 'a@1000']);
  });

  it('is forgotten once it has passed, timers and all', async () => {
    const queue = createQueue({ minIntervalMs: 1_000 });
    queue.add('a');
    take(queue);
    await settle();
    queue.done('a', { kind: 'ok' });
    expect(clock.timers).toBe(1);
    await clock.advance(1_000);
    expect(clock.timers).toBe(0);
    queue.add('a');
    expect(queue.depth).toBe(1);
  });
});

describe('a namespace with as many passes as it may have', () => {
  it('lets the keys of others go first, and gets its turn when one of its passes ends', async () => {
    const queue = createQueue({ perNamespace: 2 });
    for (const key of ['slow/a', 'slow/b', 'slow/c', 'slow/d', 'other/a']) queue.add(key);
    for (let turn = 0; turn < 4; turn += 1) take(queue);
    await settle();
    expect(taken).toEqual(['slow/a@0', 'slow/b@0', 'other/a@0']);
    expect(queue.depth).toBe(2);
    queue.done('slow/b', { kind: 'ok' });
    await settle();
    expect(taken.slice(3)).toEqual(['slow/c@0']);
  });

  it('keeps no taker from what becomes due later', async () => {
    const queue = createQueue({ perNamespace: 1 });
    for (let turn = 0; turn < 3; turn += 1) take(queue);
    queue.add('slow/a');
    queue.add('slow/b');
    queue.add('other/a', { afterMs: 50 });
    await clock.advance(50);
    expect(taken).toEqual(['slow/a@0', 'other/a@50']);
  });

  it('still sends what is fresh before its backlog', async () => {
    const queue = createQueue({ perNamespace: 1 });
    for (const key of ['slow/a', 'slow/b']) queue.add(key, { priority: 'backlog' });
    take(queue);
    take(queue);
    await settle();
    queue.add('slow/new');
    queue.done('slow/a', { kind: 'retry' });
    await settle();
    expect(taken).toEqual(['slow/a@0', 'slow/new@0']);
  });
});

describe('the whole queue', () => {
  it('has one timer for all keys', () => {
    const queue = createQueue();
    for (let turn = 100; turn > 0; turn -= 1) queue.add(`key-${turn}`, { afterMs: turn * 1_000 });
    expect(clock.timers).toBe(1);
  });

  it('forgets times that were overtaken, and none that still counts', async () => {
    const queue = createQueue();
    queue.add('a', { afterMs: 1_000 });
    for (let turn = 1; turn < 900; turn += 1) queue.add('b', { afterMs: 1_000 - turn });
    take(queue);
    take(queue);
    await clock.advance(1_000);
    expect(taken).toEqual(['b@101', 'a@1000']);
  });

  it('hands out nothing after it was closed, and lets waiting takers go', async () => {
    const queue = createQueue();
    queue.add('late', { afterMs: 10 });
    take(queue);
    queue.close();
    expect(clock.timers).toBe(0);
    queue.add('a');
    take(queue);
    await clock.advance(100);
    expect(taken).toEqual(['undefined@0', 'undefined@0']);
    expect(clock.timers).toBe(0);
  });
});
