import type { PoolClient } from 'pg';
import type { Logger } from '../../platform/log.ts';
import { type AuditHead, type AuditRow, type ChainReport, verifyChain } from '../audit/chain.ts';
import type { LedgerAddress } from './address.ts';
import { createPool } from './connect.ts';
import { withConnection } from './query.ts';

export interface VerifyOptions {
  readonly address: LedgerAddress;
  /** What the cluster knows of this ledger. */
  readonly remembered?: AuditHead;
  readonly log: Logger;
}

/** Reads the whole audit as it is at one moment, some rows at a time, and changes nothing. */
export async function verifyAudit(
  options: VerifyOptions,
  signal: AbortSignal,
): Promise<ChainReport & { readonly end: AuditHead }> {
  const { address, remembered } = options;
  const pool = createPool({ ...options, maxConnections: 1 });
  try {
    return await withConnection({ pool, address }, signal, async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const end = await readEnd(client);
      const known = remembered === undefined ? {} : { remembered };
      const report = await verifyChain(readRows(client), { end, ...known });
      await client.query('COMMIT');
      return { ...report, end };
    });
  } finally {
    await pool.end();
  }
}

async function readEnd(client: PoolClient): Promise<AuditHead> {
  const { rows } = await client.query<{ seq: string; hash: string }>(END);
  return { seq: Number(rows[0]?.seq ?? 0), hash: rows[0]?.hash ?? '' };
}

async function* readRows(client: PoolClient): AsyncGenerator<AuditRow> {
  for (let after = 0; ; ) {
    const { rows } = await client.query<Omit<AuditRow, 'seq'> & { readonly seq: string }>(PAGE, [after]);
    for (const row of rows) yield { ...row, seq: Number(row.seq) };
    const last = rows.at(-1);
    if (last === undefined) return;
    after = Number(last.seq);
  }
}

const END = `SELECT seq, encode(hash, 'hex') AS hash FROM molecule.audit_head`;

const PAGE = `
  SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, event,
    subject_uid AS "subjectUID", subject, actor, detail::text AS detail,
    encode(previous, 'hex') AS previous, encode(hash, 'hex') AS hash
  FROM molecule.audit
  WHERE seq > $1
  ORDER BY seq
  LIMIT 500`;
