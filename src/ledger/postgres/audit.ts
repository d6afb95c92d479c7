import type { AuditEvent } from '../audit/events.ts';
import type { RunStatement } from './query.ts';

export interface AuditEntry {
  readonly event: AuditEvent;
  readonly subjectUID: string;
  /** Kind namespace/name, for people; empty where only the uid is known. */
  readonly subject: string;
  /** The user who is responsible; empty: the operator by itself. */
  readonly actor: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The last statement of a transaction: until that ends nobody else can append, and it must not wait for anybody then. */
export async function appendAudit(run: RunStatement, entries: readonly AuditEntry[]): Promise<void> {
  const rows = entries.map(({ event, subjectUID, subject, actor, detail }) => ({
    event,
    subject_uid: subjectUID,
    subject,
    actor,
    detail,
  }));
  await run({ text: APPEND, values: [JSON.stringify(rows)] });
}

/** `json` and not `jsonb`: the detail stays as it is written, letter by letter, because the hash is over its text. */
const APPEND = `
  INSERT INTO molecule.audit (event, subject_uid, subject, actor, detail)
  SELECT event, subject_uid, subject, actor, detail
  FROM json_to_recordset($1::json) AS entry (event text, subject_uid text, subject text, actor text, detail json)`;
