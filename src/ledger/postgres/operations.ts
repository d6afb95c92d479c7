import type { Intent, IntentOutcome } from '../../runtime/plan.ts';
import { type Database, query } from './query.ts';

/**
 * Guarantee: when this returns, exactly one operation for (subject, action) is recorded. A second record changes nothing, not
 * even the detail: what was planned when the operation began is what it is held to.
 */
export async function recordIntent(database: Database, intent: Intent, signal: AbortSignal): Promise<void> {
  const values = [intent.subjectUID, intent.action, intent.subject, JSON.stringify(intent.detail)];
  await query(database, { name: 'record-intent', text: RECORD, values }, signal);
}

/**
 * Closes an operation; the first outcome stands and repeating it is harmless. Throws when no such operation was recorded,
 * because then something was destroyed without leave.
 */
export async function concludeIntent(database: Database, outcome: IntentOutcome, signal: AbortSignal): Promise<void> {
  const values = [outcome.subjectUID, outcome.action, JSON.stringify(outcome.result)];
  const { rowCount } = await query(database, { name: 'conclude-intent', text: CONCLUDE, values }, signal);
  if (rowCount !== 1) {
    throw new Error(`Cannot conclude "${outcome.action}" of ${outcome.subjectUID}: it was never recorded`);
  }
}

const RECORD = `
  INSERT INTO molecule.operations (subject_uid, action, subject, detail)
  VALUES ($1, $2, $3, $4::jsonb)
  ON CONFLICT ON CONSTRAINT operations_subject_action_key DO NOTHING`;

const CONCLUDE = `
  UPDATE molecule.operations
  SET concluded_at = coalesce(concluded_at, now()), result = coalesce(result, $3::jsonb)
  WHERE subject_uid = $1 AND action = $2`;
