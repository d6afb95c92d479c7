import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditHead } from '../../../src/ledger/audit/chain.ts';
import { HeadKeeper } from '../../../src/ledger/head-keeper.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { HeadInMemory } from '../../memory-ledger/head-in-memory.ts';
import { settle, VirtualClock } from '../runtime/virtual-clock.ts';

const { signal } = new AbortController();
let clock: VirtualClock;
let memory: HeadInMemory;
/** Hash by number, from 1 on. */
let rows: string[];
let readings: number;
let lines: string[];
let keeper: HeadKeeper;

beforeEach(() => {
  clock = new VirtualClock();
  memory = new HeadInMemory();
  rows = ['one', 'two'];
  readings = 0;
  lines = [];
  keeper = open();
});

function open(): HeadKeeper {
  const latest = async (): Promise<AuditHead> => {
    readings += 1;
    return { seq: rows.length, hash: rows.at(-1) ?? '' };
  };
  return new HeadKeeper({
    memory,
    audit: { latest, contains: async ({ seq, hash }) => rows[seq - 1] === hash },
    clock,
    log: createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } }),
  });
}

describe('HeadKeeper', () => {
  it('remembers where the ledger ends, and writes nothing when that is known', async () => {
    await keeper.catchUp(signal);
    expect(memory.head).toEqual({ seq: 2, hash: 'two' });
    await keeper.catchUp(signal);
    await open().catchUp(signal);
    expect(memory.writes).toBe(1);
  });

  it.each([
    ['was set back', ['one']],
    ['was set back and went another way', ['one', 'zwei', 'drei']],
    ['is empty', []],
  ])('is frozen by a ledger that %s, and does not forget what it remembers', async (_what, others) => {
    await keeper.catchUp(signal);
    rows = others;
    await expect(keeper.catchUp(signal)).rejects.toMatchObject({ name: 'RefusedError', reason: 'LedgerFrozen' });
    await expect(open().catchUp(signal)).rejects.toMatchObject({ reason: 'LedgerFrozen' });
    expect(memory.head).toEqual({ seq: 2, hash: 'two' });
  });

  it('takes up whatever ledger there is once it was made to forget', async () => {
    await keeper.catchUp(signal);
    rows = ['eins'];
    memory.head = undefined;
    await keeper.catchUp(signal);
    expect(memory.head).toEqual({ seq: 1, hash: 'eins' });
  });

  it('lets many callers share the calls, and each returns only when what it wrote before is remembered', async () => {
    const calls = [keeper.catchUp(signal)];
    rows.push('three');
    for (let count = 0; count < 50; count += 1) calls.push(keeper.catchUp(signal));
    await Promise.all(calls);
    expect(memory.head).toEqual({ seq: 3, hash: 'three' });
    expect(readings).toBe(2);
  });

  it('begins anew when another process wrote meanwhile, and never goes back', async () => {
    const other = open();
    await Promise.all([keeper.catchUp(signal), other.catchUp(signal)]);
    expect(memory).toMatchObject({ head: { seq: 2, hash: 'two' }, writes: 1 });
    const stale = rows;
    rows = [...rows, 'three'];
    await other.catchUp(signal);
    rows = stale;
    await expect(keeper.catchUp(signal)).rejects.toMatchObject({ reason: 'LedgerFrozen' });
    expect(memory.head).toEqual({ seq: 3, hash: 'three' });
  });

  it('remembers what is only noted within ten seconds, all of it with one write', async () => {
    for (let count = 0; count < 20; count += 1) keeper.note();
    await clock.advance(9_000);
    expect(memory.writes).toBe(0);
    await clock.advance(1_000);
    expect(memory).toMatchObject({ head: { seq: 2 }, writes: 1 });
    await clock.advance(600_000);
    expect(readings).toBe(1);
  });

  it('rejects when the cluster does not answer, and goes on when it does', async () => {
    memory.failure = new Error('the apiserver is down');
    await expect(keeper.catchUp(signal)).rejects.toThrow('the apiserver is down');
    keeper.note();
    await clock.advance(10_000);
    expect(lines.join('')).toContain('the apiserver is down');
    memory.failure = undefined;
    await keeper.catchUp(signal);
    expect(memory.writes).toBe(1);
  });

  it('leaves no timer behind when it is closed', async () => {
    keeper.note();
    keeper.close();
    keeper.note();
    expect(clock.timers).toBe(0);
    await settle();
  });
});
