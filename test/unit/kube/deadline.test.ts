import { describe, expect, it } from 'vitest';
import { untilAborted, withDeadline } from '../../../src/kube/deadline.ts';
import { TransportError } from '../../../src/kube/errors.ts';
import { VirtualClock } from '../runtime/virtual-clock.ts';

const clock = new VirtualClock();
const never = new Promise<never>(() => undefined);
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('withDeadline', () => {
  it('gives back what the task gives, and leaves no timer', async () => {
    const { signal } = new AbortController();
    expect(await withDeadline({ clock, signal, timeoutMs: 10 }, async () => 'done')).toBe('done');
    expect(clock.timers).toBe(0);
  });

  it('aborts the task by a TransportError when time is up', async () => {
    const { signal } = new AbortController();
    const outcome = withDeadline({ clock, signal, timeoutMs: 10 }, aborted);
    clock.advanceSync(10);
    await expect(outcome).rejects.toBeInstanceOf(TransportError);
  });

  it('aborts the task when its signal is', async () => {
    const controller = new AbortController();
    const outcome = withDeadline({ clock, signal: controller.signal, timeoutMs: 60_000 }, aborted);
    controller.abort(new Error('stopping'));
    await expect(outcome).rejects.toThrow('stopping');
  });

  it('does not begin for a signal that is aborted already', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(withDeadline({ clock, signal, timeoutMs: 10 }, async () => expect.unreachable())).rejects.toThrow(
      'stopped',
    );
  });
});

describe('untilAborted', () => {
  it('is the promise where that is first', async () => {
    expect(await untilAborted(Promise.resolve(1), new AbortController().signal)).toBe(1);
  });

  it.each(['before', 'while it waits'])('rejects with the reason of a signal that is aborted %s', async (when) => {
    const controller = new AbortController();
    const reason = new Error('stopping');
    if (when === 'before') controller.abort(reason);
    const outcome = untilAborted(never, controller.signal);
    controller.abort(reason);
    await expect(outcome).rejects.toBe(reason);
  });
});
