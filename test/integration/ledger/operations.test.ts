import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ThrowawayDatabase } from '../../../hack/postgres/database.ts';
import type { Ledger } from '../../../src/ledger/port.ts';
import { LedgerUnavailableError } from '../../../src/ledger/unavailable.ts';
import type { Intent } from '../../../src/runtime/plan.ts';
import { createDatabase } from '../../support/postgres.ts';
import { openTestLedger } from './open.ts';
import { holdLock, sql } from './sql.ts';

const INTENT: Intent = {
  action: 'delete_workspace',
  subjectUID: '0c3f8e1e-6f6d-4f0e-9b2f-3b7f5b1c9a11',
  subject: 'Workspace acme/writer',
  detail: { volume: 'ws-1234', pods: ['ws-1234'] },
};
const OUTCOME = { action: INTENT.action, subjectUID: INTENT.subjectUID, result: { volume: 'retained' } };
const ROWS =
  'SELECT action, subject, detail, result, started_at, concluded_at FROM molecule.operations ORDER BY started_at';
const isEmbedded = inject('postgres').kind === 'embedded';
const { signal } = new AbortController();
let database: ThrowawayDatabase;
let ledger: Ledger;

beforeEach(async () => {
  database = await createDatabase();
  ledger = openTestLedger(database.url);
});
afterEach(async () => {
  await ledger.close();
  await database.drop();
});

describe('the ledger', () => {
  it('records an intent as not concluded, migrating an empty database first', async () => {
    await ledger.record(INTENT, signal);
    const { action, subject, detail } = INTENT;
    expect(await sql(database.url, ROWS)).toEqual([
      { action, subject, detail, result: null, started_at: expect.any(Date), concluded_at: null },
    ]);
  });

  it('resumes the first record of an operation when it is recorded again, also at the same time', async () => {
    await ledger.record(INTENT, signal);
    const first = await sql(database.url, ROWS);
    await Promise.all(Array.from({ length: 10 }, () => ledger.record({ ...INTENT, detail: { other: true } }, signal)));
    expect(await sql(database.url, ROWS)).toEqual(first);
  });

  it('keeps operations apart by subject and by action', async () => {
    await ledger.record(INTENT, signal);
    await ledger.record({ ...INTENT, action: 'deprovision_workspace' }, signal);
    await ledger.record({ ...INTENT, subjectUID: 'another' }, signal);
    await ledger.conclude(OUTCOME, signal);
    const rows = await sql(database.url, ROWS);
    expect(rows.map(({ concluded_at }) => concluded_at !== null)).toEqual([true, false, false]);
  });

  it('concludes once: repeating it, or recording it again, succeeds and the first outcome stands', async () => {
    await ledger.record(INTENT, signal);
    await ledger.conclude(OUTCOME, signal);
    const concluded = await sql(database.url, ROWS);
    expect(concluded).toMatchObject([{ result: { volume: 'retained' }, concluded_at: expect.any(Date) }]);
    await ledger.conclude({ ...OUTCOME, result: { volume: 'gone' } }, signal);
    await ledger.record(INTENT, signal);
    expect(await sql(database.url, ROWS)).toEqual(concluded);
  });

  it('refuses to conclude what was never recorded, and does not call that unavailable', async () => {
    const error = await ledger.conclude(OUTCOME, signal).catch((thrown: unknown) => thrown);
    const text = `Error: Cannot conclude "delete_workspace" of ${INTENT.subjectUID}: it was never recorded`;
    expect(String(error)).toBe(text);
  });

  it('does not start a call whose signal is aborted already', async () => {
    await expect(ledger.record(INTENT, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    expect(await sql(database.url, `SELECT 1 FROM pg_namespace WHERE nspname = 'molecule'`)).toEqual([]);
  });

  it('rejects calls after it was closed, also one that was migrated before', async () => {
    const fresh = openTestLedger(database.url);
    await fresh.close();
    await expect(fresh.record(INTENT, signal)).rejects.toThrow('Cannot use the ledger: it is closed');
    const used = openTestLedger(database.url, { maxConnections: 1 });
    await used.prepare(signal);
    await used.close();
    await expect(used.record(INTENT, signal)).rejects.toThrow('Cannot use the ledger: it is closed');
  });
});

describe.skipIf(isEmbedded)('the ledger on a server that keeps it waiting (not on the embedded Postgres)', () => {
  const LOCK = 'LOCK TABLE molecule.operations IN ACCESS EXCLUSIVE MODE';
  const WAITING = `wait_event_type = 'Lock' AND datname = current_database()`;

  it('rejects a call that is aborted meanwhile, and is usable afterwards', async () => {
    await ledger.prepare(signal);
    const other = await holdLock(database.url, LOCK);
    const controller = new AbortController();
    const outcome = expect(ledger.record(INTENT, controller.signal)).rejects.toThrow('shutting down');
    await expect
      .poll(() => sql(database.url, `SELECT 1 AS one FROM pg_stat_activity WHERE ${WAITING}`), { timeout: 10_000 })
      .toHaveLength(1);
    controller.abort(new Error('shutting down'));
    await outcome;
    await other.release();
    await ledger.record(INTENT, signal);
    expect(await sql(database.url, ROWS)).toHaveLength(1);
  });

  it('rejects as unavailable when its connection is cut meanwhile, and connects again', async () => {
    await ledger.prepare(signal);
    const other = await holdLock(database.url, LOCK);
    const outcome = expect(ledger.record(INTENT, signal)).rejects.toThrow(LedgerUnavailableError);
    const cut = `SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity WHERE ${WAITING}`;
    await expect.poll(() => sql(database.url, cut), { timeout: 10_000 }).toEqual([{ done: true }]);
    await outcome;
    await other.release();
    await ledger.record(INTENT, signal);
    expect(await sql(database.url, ROWS)).toHaveLength(1);
  });

  it('rejects as unavailable when that lasts too long', async () => {
    await ledger.prepare(signal);
    const other = await holdLock(database.url, LOCK);
    await expect(ledger.record(INTENT, signal)).rejects.toThrow(LedgerUnavailableError);
    await other.release();
  });
});
