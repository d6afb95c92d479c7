import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { frozen } from '../../../src/ledger/frozen.ts';
import { MonitoredLedger } from '../../../src/ledger/monitored-ledger.ts';
import { LedgerUnavailableError } from '../../../src/ledger/unavailable.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { MemoryLedger } from '../../memory-ledger/memory-ledger.ts';
import { settle, VirtualClock } from '../runtime/virtual-clock.ts';

/** Fails as it is told to, and counts how often it was asked how it is. */
class FailingLedger extends MemoryLedger {
  failure: Error | undefined;
  questions = 0;

  override async prepare(): Promise<undefined> {
    this.questions += 1;
    if (this.failure !== undefined) throw this.failure;
  }

  override async addAsker(subjectUID: string, asker: string): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    await super.addAsker(subjectUID, asker);
  }
}

const DOWN = new LedgerUnavailableError('down');
let clock: VirtualClock;
let ledger: FailingLedger;
let monitored: MonitoredLedger;
let changes: string[];
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  clock = new VirtualClock();
  ledger = new FailingLedger({ now: () => clock.now() });
  stop = new AbortController();
  running = Promise.resolve();
  monitor(true);
});
afterEach(async () => {
  stop.abort();
  await running;
  expect(clock.timers).toBe(0);
});

function monitor(isConfigured: boolean): void {
  changes = [];
  monitored = new MonitoredLedger({
    ledger,
    isConfigured,
    clock,
    log: createLogger({ name: 'test', level: 'silent' }),
  });
  monitored.onChange(() => changes.push(monitored.health()));
}

async function start(): Promise<void> {
  running = monitored.run(stop.signal);
  await settle();
}

function ask(signal = stop.signal): Promise<unknown> {
  return monitored.addAsker('uid', 'alice', signal).catch((error: unknown) => error);
}

describe('MonitoredLedger', () => {
  it('is unknown before it was asked, then available, and is not asked again', async () => {
    expect(monitored.health()).toBe('unknown');
    await start();
    await clock.advance(600_000);
    expect({ changes, questions: ledger.questions }).toEqual({ changes: ['available'], questions: 1 });
  });

  it('knows since when it is dead, however it is dead, and begins anew after every answer', async () => {
    expect(monitored.deadSince()).toBeUndefined();
    await start();
    expect(monitored.deadSince()).toBeUndefined();
    ledger.failure = DOWN;
    await ask();
    const since = clock.now();
    ledger.failure = frozen();
    await clock.advance(60_000);
    expect({ health: monitored.health(), since: monitored.deadSince() }).toEqual({ health: 'frozen', since });
    ledger.failure = undefined;
    await clock.advance(3_000);
    expect(monitored.deadSince()).toBeUndefined();
    ledger.failure = DOWN;
    await ask();
    expect(monitored.deadSince()).toEqual(clock.now());
  });

  it('hears of an outage from a call that passes through, and asks by itself until it is over', async () => {
    await start();
    ledger.failure = DOWN;
    expect(await ask()).toBe(DOWN);
    await clock.advance(60_000);
    expect(changes).toEqual(['available', 'unavailable']);
    expect(ledger.questions).toBeGreaterThan(10);
    ledger.failure = undefined;
    await clock.advance(3_000);
    expect(changes).toEqual(['available', 'unavailable', 'available']);
  });

  it('does not call a ledger available because it answers: only who looked at the whole of it does', async () => {
    await start();
    ledger.failure = frozen();
    await ask();
    ledger.failure = undefined;
    await ask();
    expect(monitored.health()).toBe('frozen');
    await clock.advance(3_000);
    expect(monitored.health()).toBe('available');
  });

  it('takes an approval that is refused for an answer', async () => {
    await start();
    const effect = { kind: 'bind', approvalID: 'nobody', hash: '' } as const;
    await expect(monitored.approve(effect, stop.signal)).rejects.toThrow('does not know');
    expect(changes).toEqual(['available']);
  });

  it('takes a defect of ours for an outage', async () => {
    await start();
    ledger.failure = new TypeError('permission denied for table audit');
    await ask();
    expect(monitored.health()).toBe('unavailable');
  });

  it('takes a call that was aborted for nothing', async () => {
    await start();
    ledger.failure = DOWN;
    await ask(AbortSignal.abort());
    expect(monitored.health()).toBe('available');
  });

  it('is down from the beginning, and available once it answers', async () => {
    ledger.failure = DOWN;
    await start();
    expect(changes).toEqual(['unavailable']);
    ledger.failure = undefined;
    await clock.advance(3_000);
    expect(changes).toEqual(['unavailable', 'available']);
  });

  it('is absent where none is configured, whatever it is asked', async () => {
    monitor(false);
    ledger.failure = DOWN;
    await start();
    await ask();
    expect({ health: monitored.health(), changes, questions: ledger.questions }).toEqual({
      health: 'absent',
      changes: [],
      questions: 0,
    });
  });
});
