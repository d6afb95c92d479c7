import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ThrowawayDatabase } from '../../../hack/postgres/database.ts';
import type { Ledger } from '../../../src/ledger/port.ts';
import { parseLedgerURL } from '../../../src/ledger/postgres/address.ts';
import { consumeApproval } from '../../../src/ledger/postgres/consume.ts';
import { verifyAudit } from '../../../src/ledger/postgres/read-audit.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { createDatabase } from '../../support/postgres.ts';
import { openTestLedger } from './open.ts';
import { sql } from './sql.ts';
import { ACTION, consumption, consumptions, HASH } from './stories.ts';

const APPROVALS = 1_000;
const CONSUMERS = 100;
const { signal } = new AbortController();
let database: ThrowawayDatabase;
let ledger: Ledger;
let pool: Pool;

beforeAll(async () => {
  database = await createDatabase();
  ledger = openTestLedger(database.url);
  await ledger.prepare(signal);
  pool = new Pool({ connectionString: database.url, max: CONSUMERS });
});
afterAll(async () => {
  await pool.end();
  await ledger.close();
  await database.drop();
});

describe.skipIf(inject('postgres').kind === 'embedded')('a thousand approvals (not on the embedded Postgres)', () => {
  it('that a hundred consumers each try to use are used a thousand times', async () => {
    await sql(
      database.url,
      `INSERT INTO molecule.approvals (subject_uid, action, subject, attempt, state, nonce, hash, expires_at, decided_by, decided_at)
       SELECT 'uid-' || n, '${ACTION}', 'Workspace acme/uid-' || n, 1, 'Approved', n::text, '${HASH}', now() + interval '1 hour', 'bob', now()
       FROM generate_series(1, ${APPROVALS}) AS n`,
    );
    const approvals = await sql(database.url, 'SELECT id, subject_uid FROM molecule.approvals');
    const effects = approvals.map(({ id, subject_uid }) => {
      const uid = String(subject_uid);
      return consumption(
        { id: String(id), attempt: 1, state: 'Approved', nonce: '', expiresAt: '', isExpired: false },
        uid,
      );
    });
    const connections = { pool, address: parseLedgerURL(database.url) };
    const outcomes = { consumed: 0, resumed: 0 };
    const consumer = async (): Promise<void> => {
      for (const effect of effects)
        outcomes[await consumeApproval(connections, effect, { remembered: undefined, signal })] += 1;
    };
    await Promise.all(Array.from({ length: CONSUMERS }, consumer));
    expect(outcomes).toEqual({ consumed: APPROVALS, resumed: APPROVALS * (CONSUMERS - 1) });
    expect(await consumptions(database.url)).toEqual({
      approvals: APPROVALS,
      operations: APPROVALS,
      members: APPROVALS,
      told: APPROVALS,
    });
    const log = createLogger({ name: 'test', level: 'silent' });
    const report = await verifyAudit({ address: connections.address, log }, signal);
    expect(report).toMatchObject({ rows: 2 * APPROVALS });
    expect(report.fault).toBeUndefined();
  }, 300_000);
});
