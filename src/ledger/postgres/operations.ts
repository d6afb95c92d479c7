import type { Intent, IntentOutcome } from '../../runtime/plan.ts';
import { notCovered } from '../approval-rules.ts';
import { appendAudit } from './audit.ts';
import { uuidOrNull } from './parameters.ts';
import { type Database, transaction } from './query.ts';

/**
 * Guarantee: when this returns, exactly one operation for (subject, action) is recorded. A second record changes nothing, not
 * even the detail: what was planned when the operation began is what it is held to. Throws a RefusedError when the intent names
 * an operation that does not cover its subject, or that was closed before it came to this one.
 */
export async function recordIntent(database: Database, intent: Intent, signal: AbortSignal): Promise<void> {
  const { subjectUID, action, subject, detail, operationID } = intent;
  const parentID = operationID === undefined ? null : uuidOrNull(operationID);
  await transaction(database, signal, async (run) => {
    if (operationID !== undefined) {
      const { rowCount } = await run({ text: COVERS, values: [parentID, subjectUID, action] });
      if (rowCount !== 1) throw notCovered(subject);
    }
    const values = [subjectUID, action, subject, JSON.stringify(detail), parentID];
    const { rowCount } = await run({ text: RECORD, values });
    if (rowCount === 0) return;
    const told = { action, ...(operationID === undefined ? {} : { parentID: operationID }) };
    await appendAudit(run, [{ event: 'OPERATION_STARTED', subjectUID, subject, actor: '', detail: told }]);
  });
}

/**
 * Closes an operation; the first outcome stands and repeating it is harmless. Throws when no such operation was recorded,
 * because then something was destroyed without leave.
 */
export async function concludeIntent(database: Database, outcome: IntentOutcome, signal: AbortSignal): Promise<void> {
  const { subjectUID, action, result } = outcome;
  const isRecorded = await transaction(database, signal, async (run) => {
    const values = [subjectUID, action, JSON.stringify(result)];
    const { rows } = await run({ text: CONCLUDE, values });
    const [row] = rows as readonly { readonly subject: string }[];
    if (row === undefined) {
      const { rowCount } = await run({ text: IS_RECORDED, values: [subjectUID, action] });
      return rowCount === 1;
    }
    const detail = { action, result };
    await appendAudit(run, [{ event: 'OPERATION_CONCLUDED', subjectUID, subject: row.subject, actor: '', detail }]);
    return true;
  });
  if (!isRecorded) throw new Error(`Cannot conclude "${action}" of ${subjectUID}: it was never recorded`);
}

const COVERS = `
  SELECT 1 FROM molecule.operation_members AS member JOIN molecule.operations AS parent ON parent.id = member.operation_id
  WHERE member.operation_id = $1::uuid AND member.uid = $2 AND (
    parent.concluded_at IS NULL
    OR EXISTS (SELECT FROM molecule.operations AS own WHERE own.subject_uid = $2 AND own.action = $3)
  )`;

const RECORD = `
  INSERT INTO molecule.operations (subject_uid, action, subject, detail, parent_id)
  VALUES ($1, $2, $3, $4::jsonb, $5::uuid)
  ON CONFLICT ON CONSTRAINT operations_subject_action_key DO NOTHING`;

const CONCLUDE = `
  UPDATE molecule.operations SET concluded_at = now(), result = $3::jsonb
  WHERE subject_uid = $1 AND action = $2 AND concluded_at IS NULL
  RETURNING subject`;

const IS_RECORDED = 'SELECT 1 FROM molecule.operations WHERE subject_uid = $1 AND action = $2';
