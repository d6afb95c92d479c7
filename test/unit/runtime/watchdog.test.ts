import { expect, it } from 'vitest';
import { createWatchdog, SilenceError } from '../../../src/runtime/watchdog.ts';
import { VirtualClock } from './virtual-clock.ts';

it('is aborted when nothing was heard for the whole time, and not before', () => {
  const clock = new VirtualClock();
  const watchdog = createWatchdog({ clock, signal: new AbortController().signal, silenceMs: 100 });
  clock.advanceSync(60);
  watchdog.touch();
  clock.advanceSync(99);
  expect(watchdog.signal.aborted).toBe(false);
  clock.advanceSync(1);
  expect(watchdog.signal.reason).toBeInstanceOf(SilenceError);
});

it('follows its signal, also one that was aborted before', () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const live = createWatchdog({ clock, signal: controller.signal, silenceMs: 100 });
  controller.abort('reason');
  const late = createWatchdog({ clock, signal: controller.signal, silenceMs: 100 });
  expect([live.signal.reason, late.signal.reason]).toEqual(['reason', 'reason']);
  live.close();
  late.close();
  expect(clock.timers).toBe(0);
});

it('never bites once it is closed', () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const watchdog = createWatchdog({ clock, signal: controller.signal, silenceMs: 100 });
  watchdog.close();
  clock.advanceSync(1_000);
  controller.abort();
  expect(watchdog.signal.aborted).toBe(false);
});
