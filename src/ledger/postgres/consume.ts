import type { ApprovalEffect } from '../../runtime/plan.ts';
import { judgeConsume, withoutSubject } from '../approval-rules.ts';
import type { AuditHead } from '../audit/chain.ts';
import { frozen } from '../frozen.ts';
import { lockApproval } from './approvals.ts';
import { appendAudit } from './audit.ts';
import { isInChain } from './head.ts';
import { type Database, type RunStatement, transaction } from './query.ts';

type Consume = Extract<ApprovalEffect, { readonly kind: 'consume' }>;

/**
 * Uses the approval up and begins its operation, all in one transaction; `resumed` when that was done before.
 *
 * Guarantee: of any number of calls, at once or one after the other, from any number of processes, one consumes, and there is one
 * operation. It also holds for a call that lost its connection during COMMIT: a repeated one waits for the lock of the lost one, if
 * that is still under way, and finds either nothing of it or the operation. Throws a RefusedError when the rules do not allow
 * it, and when `remembered` is not in the chain of this ledger.
 */
export async function consumeApproval(
  database: Database,
  effect: Consume,
  options: { readonly remembered: AuditHead | undefined; readonly signal: AbortSignal },
): Promise<'consumed' | 'resumed'> {
  const { remembered, signal } = options;
  return transaction(database, signal, async (run) => {
    const approval = await lockApproval(run, effect.approvalID);
    if (remembered !== undefined && !(await isInChain(run, remembered))) throw frozen();
    if (judgeConsume(approval, effect) === 'taken') return 'resumed';
    const { id, subjectUID, action, subject, attempt, decidedBy: actor } = approval;
    const { members, detail, hash } = effect;
    const uids = members.map(({ uid }) => uid);
    if (!uids.includes(subjectUID)) throw withoutSubject(subject);
    const operationID = await begin(run, [subjectUID, action, subject, JSON.stringify(detail), id]);
    await run({ text: INSERT_MEMBERS, values: [operationID, encodeMembers(members)] });
    const { rowCount } = await run({ text: CONSUME, values: [id, hash, operationID] });
    // It was judged a moment ago and is locked; only time and askers go on.
    if (rowCount !== 1) {
      judgeConsume(await lockApproval(run, id), effect);
      throw new RangeError(`Cannot consume the approval of ${subject}: it changed although it was locked`);
    }
    await appendAudit(run, [
      { event: 'APPROVAL_CONSUMED', subjectUID, subject, actor, detail: { attempt, hash } },
      { event: 'OPERATION_STARTED', subjectUID, subject, actor, detail: { action, members: uids, detail } },
    ]);
    return 'consumed';
  });
}

async function begin(run: RunStatement, values: readonly string[]): Promise<string> {
  const { rows } = await run({ text: BEGIN_OPERATION, values });
  const [row] = rows as readonly { readonly id: string }[];
  if (row === undefined) throw new RangeError('Cannot begin the operation: another approval was used for it');
  return row.id;
}

function encodeMembers(members: Consume['members']): string {
  return JSON.stringify(
    members.map(({ uid, subject, claimUID, retainSeconds }) => ({
      uid,
      subject,
      claim_uid: claimUID ?? null,
      retain_seconds: retainSeconds ?? null,
    })),
  );
}

/** An operation on the object that was begun without an approval, or under another one, goes on under this. */
const BEGIN_OPERATION = `
  INSERT INTO molecule.operations AS known (subject_uid, action, subject, detail, approval_id)
  VALUES ($1, $2, $3, $4::jsonb, $5::uuid)
  ON CONFLICT ON CONSTRAINT operations_subject_action_key DO UPDATE SET approval_id = excluded.approval_id
  WHERE known.approval_id IS NULL
  RETURNING id`;

const INSERT_MEMBERS = `
  INSERT INTO molecule.operation_members (operation_id, uid, subject, claim_uid, erase_after)
  SELECT $1::uuid, uid, subject, claim_uid, now() + make_interval(secs => retain_seconds)
  FROM jsonb_to_recordset($2::jsonb)
    AS member (uid text, subject text, claim_uid text, retain_seconds double precision)`;

/** The rules once more, in the statement that takes effect. */
const CONSUME = `
  UPDATE molecule.approvals SET state = 'Consumed', operation_id = $3::uuid, consumed_at = now()
  WHERE id = $1::uuid AND state = 'Approved' AND hash = $2 AND expires_at > clock_timestamp()
    AND NOT EXISTS (
      SELECT FROM molecule.askers WHERE askers.subject_uid = approvals.subject_uid AND asker = decided_by
    )`;
