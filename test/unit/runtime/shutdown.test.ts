import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createShutdown } from '../../../src/runtime/shutdown.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const signals = new EventEmitter() as EventEmitter & Pick<NodeJS.Process, 'on'>;
afterEach(() => void signals.removeAllListeners());

it.each(['SIGTERM', 'SIGINT'])('asks to stop on %s, and to end at once on the second', (name) => {
  const { stop, kill } = createShutdown({ process: signals, graceMs: 1_000 });
  expect([stop.aborted, kill.aborted]).toEqual([false, false]);
  signals.emit(name);
  expect([stop.aborted, kill.aborted]).toEqual([true, false]);
  expect(stop.reason).toMatchObject({ message: `Stopping on ${name}` });
  signals.emit(name);
  expect(kill.aborted).toBe(true);
});

it('ends when the grace time is over, counted from the first signal', () => {
  const { kill } = createShutdown({ process: signals, graceMs: 1_000 });
  signals.emit('SIGTERM');
  vi.advanceTimersByTime(999);
  expect(kill.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(kill.reason).toMatchObject({ message: 'Stopping on SIGTERM: not done within 1 s' });
});

it('goes through both stages at once for what must not go on', () => {
  const { stop, kill, abort } = createShutdown({ process: signals, graceMs: 1_000 });
  const reason = new Error('lost the lease');
  abort(reason);
  expect([stop.reason, kill.reason]).toEqual([reason, reason]);
});
