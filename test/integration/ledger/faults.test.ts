import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { runOrThrow } from '../../../hack/lib/run.ts';
import { type RunningPostgres, startPostgres } from '../../../hack/postgres/start.ts';
import type { Ledger } from '../../../src/ledger/port.ts';
import { LedgerUnavailableError } from '../../../src/ledger/unavailable.ts';
import { HeadInMemory } from '../../memory-ledger/head-in-memory.ts';
import { openTestLedger } from './open.ts';
import { holdLock, sql } from './sql.ts';
import { approved, consumption, consumptions, latest, NOTHING, ONE } from './stories.ts';
import { wire } from './wire.ts';

const isEmbedded = inject('postgres').kind === 'embedded';
const { signal } = new AbortController();
const WAITING = `SELECT 1 AS one FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
let dir: string;
let server: RunningPostgres;
let memory: HeadInMemory;
let ledger: Ledger;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ledger-faults-'));
  server = await startPostgres({ dir });
});
afterAll(async () => {
  await server.remove();
});
beforeEach(async () => {
  await sql(server.access.url, 'DROP SCHEMA IF EXISTS molecule CASCADE');
  memory = new HeadInMemory();
  ledger = openTestLedger(server.access.url, { memory });
});
afterEach(() => ledger.close());

async function restart(): Promise<void> {
  server = await startPostgres({ dir, rememberedPort: server.access.port });
}

async function dataDirectory(): Promise<string> {
  const [row] = await sql(server.access.url, 'SHOW data_directory');
  return String(row?.data_directory);
}

function consume(uid: string, from = ledger): Promise<void> {
  return latest(ledger, uid).then((approval) => from.approve(consumption(approval, uid), signal));
}

describe.skipIf(isEmbedded)('a consumption (on a server of its own, not the embedded Postgres)', () => {
  it.each(['before', 'after'] as const)(
    'whose connection is lost at any message, %s it arrives, has happened wholly or not at all, and is not repeated',
    async (where) => {
      const { url, cutLater } = await wire(server.access.url);
      const through = openTestLedger(url, { memory, maxConnections: 1 });
      let cuts = 0;
      let lostAnswers = 0;
      for (let isCut = true; isCut; cuts += 1) {
        const uid = `uid-${cuts}`;
        await sql(server.access.url, 'DROP SCHEMA IF EXISTS molecule CASCADE');
        await ledger.close();
        ledger = openTestLedger(server.access.url, { memory });
        memory.head = undefined;
        const effect = consumption(await approved(ledger, uid), uid);
        await through.readCase(uid, 'x', signal);
        const wasCut = cutLater(cuts, where);
        const outcome = await through.approve(effect, signal).then(
          () => 'done',
          (error: unknown) => error,
        );
        isCut = wasCut();
        if (isCut) expect(outcome).toBeInstanceOf(LedgerUnavailableError);
        else expect(outcome).toBe('done');
        const counts = await consumptions(server.access.url);
        expect([NOTHING, ONE]).toContainEqual(counts);
        if (isCut && counts?.operations === 1) lostAnswers += 1;
        await through.approve(effect, signal);
        expect(await consumptions(server.access.url)).toEqual(ONE);
      }
      expect(cuts).toBeGreaterThan(8);
      // The answer to COMMIT, and to the reading of the chain's end after it; without loss of the answer only the latter.
      expect(lostAnswers).toBeGreaterThanOrEqual(where === 'after' ? 2 : 1);
      await through.close();
    },
    60_000,
  );

  it('whose server is restarted while it is under way has not happened, and happens once afterwards', async () => {
    await approved(ledger, 'uid');
    const other = await holdLock(server.access.url, 'LOCK TABLE molecule.audit_head IN ACCESS EXCLUSIVE MODE');
    const outcome = expect(consume('uid')).rejects.toThrow(LedgerUnavailableError);
    await expect.poll(() => sql(server.access.url, WAITING), { timeout: 10_000 }).toHaveLength(1);
    await server.stop();
    await outcome;
    await other.release();
    await restart();
    expect(await consumptions(server.access.url)).toEqual(NOTHING);
    await consume('uid');
    await consume('uid');
    expect(await consumptions(server.access.url)).toEqual(ONE);
  });

  it('that reaches a server which only lets read, as a standby does, is unavailable until there is another', async () => {
    await approved(ledger, 'uid');
    const writable = `${server.access.url}?options=-c%20default_transaction_read_only%3Doff`;
    const readOnly = (value: string): Promise<unknown> =>
      sql(writable, `ALTER ROLE CURRENT_USER SET default_transaction_read_only = ${value}`);
    await readOnly('on');
    const standby = openTestLedger(server.access.url, { memory });
    await expect(consume('uid', standby)).rejects.toThrow(LedgerUnavailableError);
    await standby.close();
    await readOnly('off');
    expect(await consumptions(server.access.url)).toEqual(NOTHING);
    await consume('uid');
    expect(await consumptions(server.access.url)).toEqual(ONE);
  });

  it('that has to wait too long is unavailable, has not happened, and holds up nobody', async () => {
    await approved(ledger, 'uid');
    const other = await holdLock(server.access.url, 'LOCK TABLE molecule.audit_head IN ACCESS EXCLUSIVE MODE');
    await expect(consume('uid')).rejects.toThrow('canceling statement due to statement timeout');
    await other.release();
    expect(await consumptions(server.access.url)).toEqual(NOTHING);
    await consume('uid');
    expect(await consumptions(server.access.url)).toEqual(ONE);
  });

  it('is not repeated in a database that was restored to the moment before it: the ledger is frozen', async () => {
    const approval = await approved(ledger, 'uid');
    await ledger.prepare(signal);
    const data = await dataDirectory();
    const backup = `${data}.backup`;
    await server.stop();
    await runOrThrow('cp', ['-a', data, backup]);
    await restart();
    await ledger.approve(consumption(approval, 'uid'), signal);
    expect(await consumptions(server.access.url)).toEqual(ONE);
    await server.stop();
    await rm(data, { recursive: true });
    await runOrThrow('mv', [backup, data]);
    await restart();
    expect(await latest(ledger, 'uid')).toMatchObject({ state: 'Approved' });
    for (const again of [ledger, openTestLedger(server.access.url, { memory })]) {
      await expect(consume('uid', again)).rejects.toMatchObject({ reason: 'LedgerFrozen' });
      await expect(again.prepare(signal)).rejects.toMatchObject({ reason: 'LedgerFrozen' });
      if (again !== ledger) await again.close();
    }
    // What goes on being asked makes the chain longer, and no more right.
    for (let count = 0; count < 10; count += 1) await ledger.addAsker(`uid-${count}`, 'alice', signal);
    await expect(consume('uid')).rejects.toMatchObject({ reason: 'LedgerFrozen' });
    expect(await consumptions(server.access.url)).toEqual(NOTHING);
    memory.head = undefined;
    await consume('uid');
    expect(await consumptions(server.access.url)).toEqual(ONE);
  });
});
