import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IdentityRegistry } from '../../../src/ledger/identity-registry.ts';
import type { Claim, Holders, Ledger, Release } from '../../../src/ledger/port.ts';
import { LedgerUnavailableError } from '../../../src/ledger/unavailable.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { settle, VirtualClock } from '../runtime/virtual-clock.ts';

/** The table in memory, with the rule of the real one: an id stays with its holder, unless that one is named as dead. */
class FakeLedger implements Pick<Ledger, 'holders' | 'claim' | 'release'> {
  readonly rows = new Map<string, string>();
  readonly statements: string[] = [];
  isDown = false;

  async holders(): Promise<Holders> {
    this.#note('holders');
    return new Map(this.rows);
  }

  async claim(claims: readonly Claim[]): Promise<Holders> {
    this.#note(`claim ${claims.length}`);
    for (const { id, holderUID, deadHolderUID } of claims) {
      if (!this.rows.has(id) || this.rows.get(id) === deadHolderUID) this.rows.set(id, holderUID);
    }
    return new Map(claims.map(({ id }) => [id, this.rows.get(id) ?? '']));
  }

  async release(releases: readonly Release[]): Promise<void> {
    this.#note(`release ${releases.length}`);
    for (const { id, holderUID } of releases) if (this.rows.get(id) === holderUID) this.rows.delete(id);
  }

  #note(statement: string): void {
    this.statements.push(statement);
    if (this.isDown) throw new LedgerUnavailableError('down');
  }
}

const claim = (id: string, holderUID: string, more: Partial<Claim> = {}): Claim => ({
  kind: 'claim',
  id,
  holderUID,
  holderKind: 'Workspace',
  holder: 'acme/writer',
  ...more,
});

let ledger: FakeLedger;
let clock: VirtualClock;
let lost: string[];
let lines: string[];
let registry: IdentityRegistry;
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  ledger = new FakeLedger();
  clock = new VirtualClock();
  lost = [];
  lines = [];
  stop = new AbortController();
  registry = new IdentityRegistry({
    ledger,
    clock,
    random: () => 0.5,
    log: createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } }),
    onLost: (id) => lost.push(id),
  });
});
afterEach(async () => {
  stop.abort();
  await running;
});

async function start(): Promise<void> {
  running = registry.run(stop.signal);
  await settle();
}

describe('IdentityRegistry', () => {
  it('reads everything once and asks for nothing that it knows: 5,000 ids after a restart are one statement', async () => {
    for (let index = 0; index < 5000; index += 1) ledger.rows.set(`id-${index}`, `uid-${index}`);
    for (let index = 0; index < 5000; index += 1) registry.submit(claim(`id-${index}`, `uid-${index}`));
    await start();
    expect(registry.holderOf('id-4999')).toBe('uid-4999');
    expect(ledger.statements).toEqual(['holders']);
  });

  it('claims together what came together', async () => {
    await start();
    for (let index = 0; index < 600; index += 1) registry.submit(claim(`id-${index}`, `uid-${index}`));
    await settle();
    expect(ledger.statements).toEqual(['holders', 'claim 500', 'claim 100']);
    expect(registry.holderOf('id-599')).toBe('uid-599');
    expect(lost).toEqual([]);
  });

  it('tells who claimed in vain, and knows the holder then', async () => {
    await start();
    ledger.rows.set('id', 'faster');
    registry.submit(claim('id', 'slower'));
    await settle();
    expect(lost).toEqual(['id']);
    expect(registry.holderOf('id')).toBe('faster');
  });

  it('lets a holder that is gone be succeeded', async () => {
    ledger.rows.set('id', 'dead');
    await start();
    registry.submit(claim('id', 'heir', { deadHolderUID: 'dead' }));
    await settle();
    expect(registry.holderOf('id')).toBe('heir');
    expect(lost).toEqual([]);
  });

  it('gives an id back', async () => {
    ledger.rows.set('id', 'uid');
    await start();
    registry.submit({ kind: 'release', id: 'id', holderUID: 'uid' });
    expect(registry.holderOf('id')).toBeUndefined();
    await settle();
    expect([...ledger.rows]).toEqual([]);
  });

  it('has nothing to give back for who never held it', async () => {
    ledger.rows.set('id', 'uid');
    await start();
    registry.submit({ kind: 'release', id: 'id', holderUID: 'another' });
    await settle();
    expect(ledger.statements).toEqual(['holders']);
    expect(registry.holderOf('id')).toBe('uid');
  });

  it('forgets a claim that was not carried out when its object goes', async () => {
    ledger.isDown = true;
    await start();
    registry.submit(claim('id', 'uid'));
    registry.submit({ kind: 'release', id: 'id', holderUID: 'uid' });
    ledger.isDown = false;
    await clock.advance(60_000);
    expect(ledger.statements).toEqual(['holders', 'holders']);
  });

  it('says once that the ledger is down, tries less and less often, and catches up when it is back', async () => {
    ledger.isDown = true;
    await start();
    registry.submit(claim('id', 'uid'));
    await clock.advance(600_000);
    expect(ledger.statements.length).toBeLessThan(25);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('Cannot claim ids in the ledger');
    expect(registry.holderOf('id')).toBeUndefined();
    ledger.isDown = false;
    await clock.advance(60_000);
    expect(registry.holderOf('id')).toBe('uid');
  });

  it('keeps a claim that is submitted while another one is on its way', async () => {
    await start();
    registry.submit(claim('first', 'uid'));
    queueMicrotask(() => registry.submit(claim('second', 'uid')));
    await settle();
    expect(registry.holderOf('second')).toBe('uid');
  });

  it('ends when it is told to, also while the ledger is down', async () => {
    ledger.isDown = true;
    await start();
    stop.abort();
    await running;
    expect(clock.timers).toBe(0);
  });
});
