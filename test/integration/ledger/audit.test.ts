import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ThrowawayDatabase } from '../../../hack/postgres/database.ts';
import { LEASES } from '../../../src/apis/v1alpha1/resources.ts';
import type { Connect } from '../../../src/cli/connect.ts';
import { runMolecule } from '../../../src/cli/molecule.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import type { Ledger } from '../../../src/ledger/port.ts';
import { createDatabase } from '../../support/postgres.ts';
import { type Captured, capture } from '../../unit/cli/capture.ts';
import { openTestLedger } from './open.ts';
import { sql } from './sql.ts';

const { signal } = new AbortController();
let database: ThrowawayDatabase;
let ledger: Ledger;
/** Annotation of the Lease; undefined: there is none. */
let remembered: string | undefined;

beforeEach(async () => {
  database = await createDatabase();
  ledger = openTestLedger(database.url);
  remembered = undefined;
  for (const uid of ['a', 'b', 'é"\u2028']) await ledger.addAsker(uid, `alice of ${uid}`, signal);
});
afterEach(async () => {
  await ledger.close();
  await database.drop();
});

const connect: Connect = async () => {
  const get = async (resource: { readonly plural: string }) => {
    if (resource.plural !== LEASES.plural || remembered === undefined)
      throw new ApiError('not found', { code: 404, reason: 'NotFound' });
    return { metadata: { annotations: { 'moleculesai.app/ledger-head': remembered } } };
  };
  return { client: { get } as never, server: '', namespace: 'acme', close: () => undefined };
};

async function verify(...argv: readonly string[]): Promise<Captured> {
  return capture(
    (io) =>
      runMolecule(['audit', 'verify', ...argv], {
        io,
        connect,
        now: () => new Date(),
        programURL: import.meta.url,
        signal,
      }),
    { env: { LEDGER_URL: database.url } },
  );
}

/** As the owner of the tables can, who is not held by a trigger. */
async function tamper(statement: string): Promise<void> {
  await sql(database.url, `ALTER TABLE molecule.audit DISABLE TRIGGER USER; ${statement}`);
}

async function hashOf(seq: number): Promise<string> {
  const [row] = await sql(database.url, `SELECT encode(hash, 'hex') AS hash FROM molecule.audit WHERE seq = ${seq}`);
  return String(row?.hash);
}

describe('audit verify', () => {
  it('computes what the database computed, and says where the chain ends', async () => {
    const end = await hashOf(3);
    expect(await verify()).toEqual({
      code: 0,
      stdout: `The audit is intact: 3 rows, the last one has the hash ${end}.\nIt was not compared with what the cluster remembers: there is no Lease "molecule-operator-ledger" in molecule-system\n`,
      stderr: '',
    });
    remembered = `2:${await hashOf(2)}`;
    expect((await verify()).stdout).toContain('The cluster remembers row 2 of it.');
    expect(JSON.parse((await verify('-o', 'json')).stdout)).toMatchObject({
      kind: 'AuditVerification',
      intact: true,
      rows: 3,
      end: { seq: 3, hash: end },
      fault: null,
      remembered: { seq: 2 },
    });
  });

  it.each([
    [
      'a field that was changed',
      `UPDATE molecule.audit SET actor = 'bob' WHERE seq = 2`,
      2,
      'it is not what was written: its hash is another',
    ],
    [
      'a time that was changed',
      `UPDATE molecule.audit SET at = at + interval '1 microsecond' WHERE seq = 2`,
      2,
      'it is not what was written: its hash is another',
    ],
    ['a row that is missing', 'DELETE FROM molecule.audit WHERE seq = 1', 1, 'it is missing'],
    ['an end that is missing', 'DELETE FROM molecule.audit WHERE seq = 3', 3, 'it is missing, and every row after it'],
    [
      'rows that changed places',
      'UPDATE molecule.audit SET seq = -seq WHERE seq > 1; UPDATE molecule.audit SET seq = 5 + seq WHERE seq < 0',
      2,
      'it does not follow the row before it',
    ],
  ])('fails and tells of %s', async (_what, statement, seq, why) => {
    await tamper(statement);
    expect(await verify()).toEqual({
      code: 1,
      stdout: '',
      stderr: `Error: The audit is broken at row ${seq}: ${why}; what to do is in docs/ledger.md\n`,
    });
    expect(JSON.parse((await verify('-o', 'json')).stdout)).toMatchObject({ intact: false, fault: { seq, why } });
  });

  it('fails when the cluster remembers more than is there', async () => {
    remembered = `4:${'ab'.repeat(32)}`;
    const { code, stderr } = await verify();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'Error: The audit is broken at row 4: it is missing: the cluster remembers row 4; what to do is in docs/ledger.md\n',
    });
  });

  it('reads more rows than fit into one page', async () => {
    await sql(
      database.url,
      `INSERT INTO molecule.audit (event, subject_uid, subject, actor, detail)
       SELECT 'SNAPSHOT', n::text, '', '', '{"a" : [1,  2]}' FROM generate_series(1, 1200) AS n`,
    );
    expect((await verify()).stdout).toContain('The audit is intact: 1203 rows');
  });
});

describe('the table of the audit', () => {
  it.each([
    ['changed', `UPDATE molecule.audit SET actor = 'bob'`],
    ['removed', 'DELETE FROM molecule.audit'],
    ['emptied', 'TRUNCATE molecule.audit'],
  ])('cannot be %s, not even by its owner', async (_what, statement) => {
    await expect(sql(database.url, statement)).rejects.toThrow('the audit is append-only');
  });

  it('chains whatever is added, however it is numbered by who adds it', async () => {
    await sql(
      database.url,
      `INSERT INTO molecule.audit (seq, at, event, subject_uid, subject, actor, detail, previous, hash)
       VALUES (77, 'epoch', 'SNAPSHOT', '', '', '', '{}', '', '')`,
    );
    expect((await verify()).stdout).toContain('The audit is intact: 4 rows');
  });
});
