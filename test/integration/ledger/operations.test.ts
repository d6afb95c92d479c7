import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../src/ledger/port.ts';
import { openLedger } from '../../../src/ledger/postgres/ledger.ts';
import { LedgerUnavailableError } from '../../../src/ledger/unavailable.ts';
import { createLogger } from '../../../src/platform/log.ts';
import type { Intent } from '../../../src/runtime/plan.ts';
import { createPostgresServer, type PostgresServer } from './postgres-server.ts';

const INTENT: Intent = {
  action: 'delete_workspace',
  subjectUID: '0c3f8e1e-6f6d-4f0e-9b2f-3b7f5b1c9a11',
  subject: 'Workspace acme/writer',
  detail: { volume: 'ws-1234', pods: ['ws-1234'] },
};
const OUTCOME = { action: INTENT.action, subjectUID: INTENT.subjectUID, result: { volume: 'retained' } };
const { signal } = new AbortController();
const lines: string[] = [];
const log = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } });
let server: PostgresServer;
let ledger: Ledger;

beforeAll(async () => {
  server = await createPostgresServer();
});
afterAll(() => server.remove());

beforeEach(async () => {
  await server.psql('postgres', 'CREATE DATABASE ledger');
  ledger = openLedger({ url: server.url('ledger'), migrations: 'src/ledger/migrations', log });
});
afterEach(async () => {
  await ledger.close();
  await server.psql('postgres', 'DROP DATABASE ledger WITH (FORCE)');
});

function rows(): Promise<string> {
  return server.psql('ledger', 'SELECT action, subject, detail, result, concluded_at IS NULL FROM molecule.operations');
}

describe('the ledger', () => {
  it('records an intent as not concluded, migrating an empty database first', async () => {
    await ledger.record(INTENT, signal);
    expect(await rows()).toBe('delete_workspace|Workspace acme/writer|{"pods": ["ws-1234"], "volume": "ws-1234"}||t');
  });

  it('resumes the first record of an operation when it is recorded again, also at the same time', async () => {
    await ledger.record(INTENT, signal);
    const first = await rows();
    await Promise.all(Array.from({ length: 10 }, () => ledger.record({ ...INTENT, detail: { other: true } }, signal)));
    expect(await rows()).toBe(first);
  });

  it('keeps operations apart by subject and by action', async () => {
    await ledger.record(INTENT, signal);
    await ledger.record({ ...INTENT, action: 'deprovision_workspace' }, signal);
    await ledger.record({ ...INTENT, subjectUID: 'another' }, signal);
    await ledger.conclude(OUTCOME, signal);
    expect(await server.psql('ledger', 'SELECT count(*), count(concluded_at) FROM molecule.operations')).toBe('3|1');
  });

  it('concludes once: repeating it succeeds and the first outcome stands', async () => {
    await ledger.record(INTENT, signal);
    await ledger.conclude(OUTCOME, signal);
    const concluded = await server.psql('ledger', 'SELECT result, concluded_at FROM molecule.operations');
    expect(concluded).toContain('{"volume": "retained"}|2');
    await ledger.conclude({ ...OUTCOME, result: { volume: 'gone' } }, signal);
    await ledger.record(INTENT, signal);
    expect(await server.psql('ledger', 'SELECT result, concluded_at FROM molecule.operations')).toBe(concluded);
  });

  it('refuses to conclude what was never recorded, and does not call that unavailable', async () => {
    const error = await ledger.conclude(OUTCOME, signal).catch((thrown: unknown) => thrown);
    expect(String(error)).toBe(
      `Error: Cannot conclude "delete_workspace" of ${INTENT.subjectUID}: it was never recorded`,
    );
  });

  it('rejects a call that is aborted while the database keeps it waiting, and is usable afterwards', async () => {
    await ledger.prepare(signal);
    const blocker = new Client({ connectionString: server.url('ledger') });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE molecule.operations IN ACCESS EXCLUSIVE MODE');
    const controller = new AbortController();
    const outcome = expect(ledger.record(INTENT, controller.signal)).rejects.toThrow('shutting down');
    const waiting = `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
    await expect.poll(() => server.psql('ledger', waiting), { timeout: 10_000 }).toBe('1');
    controller.abort(new Error('shutting down'));
    await outcome;
    await blocker.end();
    await ledger.record(INTENT, signal);
    expect(await rows()).toContain('delete_workspace');
  });

  it('rejects as unavailable when the server keeps a statement waiting too long', async () => {
    await ledger.prepare(signal);
    const blocker = new Client({ connectionString: server.url('ledger') });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE molecule.operations IN ACCESS EXCLUSIVE MODE');
    await expect(ledger.record(INTENT, signal)).rejects.toThrow(LedgerUnavailableError);
    await blocker.end();
  });

  it('does not start a call whose signal is aborted already', async () => {
    await expect(ledger.record(INTENT, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    expect(await server.psql('ledger', `SELECT to_regclass('molecule.operations') IS NULL`)).toBe('t');
  });

  it('rejects calls after it was closed', async () => {
    const other = openLedger({ url: server.url('ledger'), migrations: 'src/ledger/migrations', log });
    await other.close();
    await expect(other.record(INTENT, signal)).rejects.toThrow('Cannot use the ledger: it is closed');
  });
});

describe('the ledger while its database is down', () => {
  it('survives a crash of the server: says so in the log, rejects as unavailable, works again when it is back', async () => {
    await ledger.record(INTENT, signal);
    lines.length = 0;
    await server.stop();
    await expect.poll(() => lines.join(''), { timeout: 10_000 }).toContain('Lost an idle connection to the ledger');
    await expect(ledger.record(INTENT, signal)).rejects.toThrow(LedgerUnavailableError);
    await server.start();
    await ledger.conclude(OUTCOME, signal);
    expect(await rows()).toContain('retained');
    expect(lines.join('')).not.toContain('secret-word');
  });

  it('opens without a server, and migrates as soon as there is one', async () => {
    await server.stop();
    const other = openLedger({ url: server.url('ledger'), migrations: 'src/ledger/migrations', log });
    await expect(other.prepare(signal)).rejects.toThrow(LedgerUnavailableError);
    await server.start();
    await other.record(INTENT, signal);
    expect(await rows()).toContain('delete_workspace');
    await other.close();
  });
});
