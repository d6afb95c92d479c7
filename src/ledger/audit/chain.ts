import { createHash } from 'node:crypto';

/** A row of the audit, as text where the hash is over text. Hashes are lower-case hex. */
export interface AuditRow {
  readonly seq: number;
  /** UTC with microseconds: 2026-11-21T15:07:01.000000Z */
  readonly at: string;
  readonly event: string;
  readonly subjectUID: string;
  readonly subject: string;
  readonly actor: string;
  /** JSON, letter by letter as it is kept. */
  readonly detail: string;
  readonly previous: string;
  readonly hash: string;
}

/** A row by its number and hash; number 0 stands before the first one. */
export interface AuditHead {
  readonly seq: number;
  /** Lower-case hex. */
  readonly hash: string;
}

export interface ChainFault {
  /** The first row that is not as it was written. */
  readonly seq: number;
  readonly why: string;
}

export interface ChainReport {
  readonly rows: number;
  readonly fault?: ChainFault;
}

/** Hash of what stands before the first row. */
const START = '0'.repeat(64);

/** What the database computes too (migration 0003), written a second time, so that neither has to be believed. */
export function hashRow(row: Omit<AuditRow, 'hash'>): string {
  const hash = createHash('sha256').update(Buffer.from(row.previous, 'hex'));
  const { seq, at, event, subjectUID, subject, actor, detail } = row;
  for (const field of [String(seq), at, event, subjectUID, subject, actor, detail]) {
    const bytes = Buffer.from(field, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return hash.digest('hex');
}

/**
 * Looks for the first row that was changed, removed, added or moved. `end` is what the ledger says its last row is;
 * `remembered` is what somebody else knows of it.
 */
export async function verifyChain(
  rows: AsyncIterable<AuditRow> | Iterable<AuditRow>,
  ends: { readonly end: AuditHead; readonly remembered?: AuditHead },
): Promise<ChainReport> {
  const { end, remembered } = ends;
  let last: AuditHead = { seq: 0, hash: START };
  for await (const row of rows) {
    const why = faultOf(row, last, remembered);
    if (why !== undefined) return { rows: last.seq, fault: why };
    last = { seq: row.seq, hash: row.hash };
  }
  const count = { rows: last.seq };
  if (last.seq !== end.seq || last.hash !== end.hash)
    return { ...count, fault: { seq: last.seq + 1, why: 'it is missing, and every row after it' } };
  if (remembered !== undefined && remembered.seq > last.seq)
    return {
      ...count,
      fault: { seq: last.seq + 1, why: `it is missing: the cluster remembers row ${remembered.seq}` },
    };
  return count;
}

function faultOf(row: AuditRow, last: AuditHead, remembered: AuditHead | undefined): ChainFault | undefined {
  const seq = last.seq + 1;
  if (row.seq !== seq) return { seq, why: row.seq > seq ? 'it is missing' : `row ${row.seq} is there twice` };
  if (row.previous !== last.hash) return { seq, why: 'it does not follow the row before it' };
  if (row.hash !== hashRow(row)) return { seq, why: 'it is not what was written: its hash is another' };
  if (remembered?.seq === seq && remembered.hash !== row.hash)
    return { seq, why: 'it is not the row that the cluster remembers' };
  return undefined;
}
