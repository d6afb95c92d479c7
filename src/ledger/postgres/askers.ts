import { type AuditEntry, appendAudit } from './audit.ts';
import { type Database, type RunStatement, transaction } from './query.ts';

export async function addAsker(
  database: Database,
  subjectUID: string,
  asker: string,
  signal: AbortSignal,
): Promise<void> {
  await transaction(database, signal, async (run) => {
    const asked = await insertAsker(run, subjectUID, asker);
    if (asked.length > 0) await appendAudit(run, asked);
  });
}

/** What the audit is to be told: nothing of somebody who is known already. */
export async function insertAsker(
  run: RunStatement,
  subjectUID: string,
  asker: string,
): Promise<readonly AuditEntry[]> {
  const { rowCount } = await run({ text: INSERT, values: [subjectUID, asker] });
  return rowCount === 0 ? [] : [{ event: 'DELETION_ASKED', subjectUID, subject: '', actor: asker, detail: {} }];
}

const INSERT = `
  INSERT INTO molecule.askers (subject_uid, asker) VALUES ($1, $2)
  ON CONFLICT ON CONSTRAINT askers_pkey DO NOTHING`;
