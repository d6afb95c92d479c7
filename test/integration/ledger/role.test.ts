import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type RunningPostgres, startPostgres } from '../../../hack/postgres/start.ts';
import { migrate } from '../../../src/ledger/migrate.ts';
import type { Ledger } from '../../../src/ledger/port.ts';
import { parseLedgerURL } from '../../../src/ledger/postgres/address.ts';
import { createPool } from '../../../src/ledger/postgres/connect.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { openTestLedger } from './open.ts';
import { sql } from './sql.ts';
import { ACTION, approved, consumption, consumptions, latest, ONE } from './stories.ts';

const isEmbedded = inject('postgres').kind === 'embedded';
const { signal } = new AbortController();
const lines: string[] = [];
const log = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } });
let server: RunningPostgres;

beforeAll(async () => {
  server = await startPostgres({ dir: await mkdtemp(join(tmpdir(), 'ledger-role-')) });
});
afterAll(() => server.remove());

/** URL of an empty database for this login, which can do in it what `rights` say. */
async function databaseOf(login: string, rights: string): Promise<string> {
  const { url } = server.access;
  await sql(url, `CREATE ROLE ${login} LOGIN PASSWORD 'word' ${rights}`);
  await sql(url, `CREATE DATABASE ${login} OWNER ${login}`);
  return urlOf(login, login);
}

function urlOf(login: string, database: string): string {
  const url = new URL(server.access.url);
  url.pathname = database;
  url.username = login;
  url.password = 'word';
  return url.href;
}

/** Everything that the operator does in a ledger. */
async function live(ledger: Ledger): Promise<void> {
  const claim = { kind: 'claim', id: 'id', holderUID: 'uid', holderKind: 'Workspace', holder: 'acme/w' } as const;
  await ledger.claim([claim], signal);
  await ledger.claim([{ ...claim, holderUID: 'heir', deadHolderUID: 'uid' }], signal);
  await ledger.release([{ kind: 'release', id: 'id', holderUID: 'heir' }], signal);
  await ledger.holders(signal);
  const metadata = { namespace: 'acme', name: 'w' };
  await ledger.approve(
    { kind: 'snapshot', subjectUID: 'uid', object: { apiVersion: 'v1', kind: 'W', metadata } },
    signal,
  );
  await ledger.readSnapshot('uid', signal);
  await ledger.approve(consumption(await approved(ledger, 'uid'), 'uid'), signal);
  const { operationID = '' } = await latest(ledger, 'uid');
  const intent = { action: ACTION, subjectUID: 'uid', subject: 'Workspace acme/w', detail: {}, operationID };
  await ledger.record(intent, signal);
  await ledger.mayErase(operationID, 'claim-uid', signal);
  await ledger.conclude({ ...intent, result: {} }, signal);
  const other = await approved(ledger, 'other');
  await ledger.approve({ kind: 'close', approvalID: other.id, as: 'Withdrawn' }, signal);
  await ledger.prepare(signal);
}

async function roleOf(url: string): Promise<unknown> {
  const pool = createPool({ address: parseLedgerURL(url), log });
  try {
    return (await pool.query('SELECT current_user AS name')).rows[0];
  } finally {
    await pool.end();
  }
}

describe.skipIf(isEmbedded)('the role of the ledger (on a server of its own, not the embedded Postgres)', () => {
  it('is gone without, and said to be missing, where the login may not create it', async () => {
    const url = await databaseOf('owner_only', '');
    const ledger = openTestLedger(url, { log });
    await live(ledger);
    await ledger.close();
    expect(lines.join('')).toContain('the role molecule_ledger is missing and owner_only may not create it');
    expect(await roleOf(url)).toEqual({ name: 'owner_only' });
  });

  it('is made by a login that may, and is what everyday statements run as', async () => {
    lines.length = 0;
    const url = await databaseOf('creator', 'CREATEROLE');
    const ledger = openTestLedger(url, { log });
    await live(ledger);
    await ledger.close();
    expect(await roleOf(url)).toEqual({ name: 'molecule_ledger' });
    expect(lines.join('')).not.toContain('The ledger warns');
  });

  it('is not taken on in a database where it was given no rights', async () => {
    const url = new URL(server.access.url);
    const superuser = url.username;
    url.pathname = 'owner_only';
    expect(await roleOf(url.href)).toEqual({ name: superuser });
    expect(await roleOf(urlOf('creator', 'creator'))).toEqual({ name: 'molecule_ledger' });
  });

  describe('of an operator whose login is a member of it and nothing else', () => {
    let url: string;

    beforeAll(async () => {
      const owner = await databaseOf('proprietor', '');
      await migrate({ address: parseLedgerURL(owner), directory: 'src/ledger/migrations', log }, signal);
      await sql(server.access.url, `CREATE ROLE operator LOGIN PASSWORD 'word' IN ROLE molecule_ledger`);
      url = urlOf('operator', 'proprietor');
    });

    it('suffices for everything, once the owner has migrated', async () => {
      const ledger = openTestLedger(url);
      await live(ledger);
      await ledger.close();
      expect(await consumptions(url)).toEqual({ ...ONE, operations: 1 });
    });

    it.each([
      `UPDATE molecule.audit SET actor = 'nobody'`,
      'DELETE FROM molecule.audit',
      'TRUNCATE molecule.audit',
      'UPDATE molecule.audit_head SET seq = 0',
      `INSERT INTO molecule.audit (seq, event, subject_uid, subject, actor, detail) VALUES (1, '', '', '', '', '{}')`,
      `UPDATE molecule.approvals SET expires_at = now() + interval '1 year'`,
      `UPDATE molecule.approvals SET nonce = ''`,
      'DELETE FROM molecule.approvals',
      'DELETE FROM molecule.askers',
      `UPDATE molecule.operation_members SET erase_after = now()`,
      'DELETE FROM molecule.operations',
      `UPDATE molecule.snapshots SET object = '{}'`,
      'CREATE TABLE molecule.another (id int)',
      'ALTER TABLE molecule.audit DISABLE TRIGGER ALL',
    ])('does not suffice for: %s', async (statement) => {
      await expect(sql(url, statement)).rejects.toThrow(/^(permission denied|must be owner)/);
    });
  });
});
