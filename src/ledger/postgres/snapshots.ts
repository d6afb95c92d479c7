import { sha256Hex } from '../../platform/digest.ts';
import type { ApprovalEffect } from '../../runtime/plan.ts';
import { appendAudit } from './audit.ts';
import { type Database, transaction } from './query.ts';

/** The first one of a uid stands. The audit has its digest, so that it cannot be exchanged unseen. */
export async function keepSnapshot(
  database: Database,
  { subjectUID, object }: Extract<ApprovalEffect, { readonly kind: 'snapshot' }>,
  signal: AbortSignal,
): Promise<void> {
  const text = JSON.stringify(object);
  const { namespace = '', name } = object.metadata;
  await transaction(database, signal, async (run) => {
    const { rowCount } = await run({ text: KEEP, values: [subjectUID, text] });
    if (rowCount === 0) return;
    const subject = `${object.kind} ${namespace}/${name}`;
    await appendAudit(run, [
      { event: 'SNAPSHOT', subjectUID, subject, actor: '', detail: { sha256: sha256Hex(text) } },
    ]);
  });
}

const KEEP = `
  INSERT INTO molecule.snapshots (subject_uid, object) VALUES ($1, $2::json)
  ON CONFLICT ON CONSTRAINT snapshots_pkey DO NOTHING`;
