import type { AuditHead } from '../audit/chain.ts';
import { type Database, query, type RunStatement } from './query.ts';

/** Whether the audit has this very row. */
export async function isInChain(run: RunStatement, head: AuditHead): Promise<boolean> {
  const { rowCount } = await run({ text: IN_CHAIN, values: [head.seq, head.hash] });
  return rowCount === 1;
}

/** Where the audit ends now. */
export async function readHead(database: Database, signal: AbortSignal): Promise<AuditHead> {
  const { rows } = await query(database, { text: HEAD, values: [] }, signal);
  const [row] = rows as readonly { readonly seq: string; readonly hash: string }[];
  if (row === undefined) throw new RangeError('Cannot read the end of the audit: its row is missing');
  return { seq: Number(row.seq), hash: row.hash };
}

/** The beginning of an empty audit is in every chain. */
const IN_CHAIN = `
  SELECT 1 FROM molecule.audit WHERE seq = $1 AND hash = decode($2, 'hex')
  UNION ALL
  SELECT 1 WHERE $1::bigint = 0`;

const HEAD = `SELECT seq, encode(hash, 'hex') AS hash FROM molecule.audit_head`;
