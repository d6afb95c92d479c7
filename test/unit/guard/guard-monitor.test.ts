import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { composeClearance } from '../../../src/guard/clearance.ts';
import { GuardMonitor } from '../../../src/guard/guard-monitor.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { VirtualClock } from '../runtime/virtual-clock.ts';

const MINUTE_MS = 60_000;
const OPEN = ['somebody can: close it'];

let clock: VirtualClock;
let stop: AbortController;
const examine = vi.fn<(signal: AbortSignal) => Promise<readonly string[]>>();

beforeEach(() => {
  clock = new VirtualClock();
  stop = new AbortController();
  examine.mockReset().mockResolvedValue([]);
});
afterEach(() => stop.abort());

function start(): { readonly monitor: GuardMonitor; readonly changes: unknown[] } {
  const monitor = new GuardMonitor({ examine, clock, log: createLogger({ name: 'test', level: 'silent' }) });
  const changes: unknown[] = [];
  monitor.onChange(() => changes.push(monitor.openRoutes));
  void monitor.run(stop.signal);
  return { monitor, changes };
}

describe('the guard', () => {
  it('is unknown before it was examined', async () => {
    examine.mockReturnValue(new Promise(() => undefined));
    const { monitor } = start();
    await clock.advance(0);
    expect(monitor.openRoutes).toBeUndefined();
  });

  it('is examined at the start and every three minutes, and who listens hears of changes only', async () => {
    const { monitor, changes } = start();
    await clock.advance(0);
    expect(monitor.openRoutes).toEqual([]);
    await clock.advance(3 * MINUTE_MS - 1);
    expect(examine).toHaveBeenCalledTimes(1);
    await clock.advance(1);
    expect(examine).toHaveBeenCalledTimes(2);
    expect(changes).toEqual([[]]);
  });

  it('is examined at once when the policies change', async () => {
    const { monitor, changes } = start();
    await clock.advance(0);
    examine.mockResolvedValue(OPEN);
    monitor.examineNow();
    await clock.advance(0);
    expect(changes).toEqual([[], OPEN]);
  });

  it('is examined again when they change in the midst of an examination', async () => {
    const first = Promise.withResolvers<readonly string[]>();
    examine.mockReturnValueOnce(first.promise).mockResolvedValue(OPEN);
    const { monitor } = start();
    await clock.advance(0);
    monitor.examineNow();
    first.resolve([]);
    await clock.advance(0);
    expect(monitor.openRoutes).toEqual(OPEN);
  });

  it('is examined every few seconds while it is open, so that a policy that is put back is seen soon', async () => {
    examine.mockResolvedValue(OPEN);
    const { monitor } = start();
    await clock.advance(0);
    expect(monitor.openRoutes).toEqual(OPEN);
    examine.mockResolvedValue([]);
    await clock.advance(5_000);
    expect(monitor.openRoutes).toEqual([]);
  });

  it('is taken for what it was for ten minutes while nothing answers, and then for unknown', async () => {
    const { monitor, changes } = start();
    await clock.advance(0);
    examine.mockRejectedValue(new Error('down'));
    await clock.advance(10 * MINUTE_MS - 1);
    expect(monitor.openRoutes).toEqual([]);
    await clock.advance(1);
    expect(monitor.openRoutes).toBeUndefined();
    expect(changes).toEqual([[], undefined]);
    examine.mockResolvedValue([]);
    await clock.advance(5_000);
    expect(monitor.openRoutes).toEqual([]);
  });

  it('stays open while nothing answers, and is then unknown', async () => {
    examine.mockResolvedValueOnce(OPEN).mockRejectedValue(new Error('down'));
    const { monitor } = start();
    await clock.advance(MINUTE_MS);
    expect(monitor.openRoutes).toEqual(OPEN);
    await clock.advance(9 * MINUTE_MS);
    expect(monitor.openRoutes).toBeUndefined();
  });

  it('is not believed longer because an examination hangs', async () => {
    const { monitor } = start();
    await clock.advance(0);
    examine.mockImplementation(
      (signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    await clock.advance(10 * MINUTE_MS);
    expect(monitor.openRoutes).toBeUndefined();
    expect(examine.mock.calls.length).toBeGreaterThan(2);
  });

  it('leaves no timer behind', async () => {
    start();
    await clock.advance(0);
    stop.abort();
    await clock.advance(0);
    expect(clock.timers).toBe(0);
  });
});

describe('the clearance', () => {
  const SINCE = new Date('2026-03-02T09:00:00Z');

  it('is the word of the ledger and of the guard, and tells of changes of either', () => {
    const listeners: (() => void)[] = [];
    const heard = vi.fn();
    const part = { onChange: (listener: () => void) => void listeners.push(listener) };
    const clearance = composeClearance(
      { ...part, health: () => 'frozen', deadSince: () => SINCE },
      { ...part, openRoutes: OPEN },
    );
    clearance.onChange(heard);
    expect(clearance.current()).toEqual({ ledger: 'frozen', ledgerDeadSince: SINCE, openRoutes: OPEN });
    for (const listener of listeners) listener();
    expect(heard).toHaveBeenCalledTimes(2);
  });
});
