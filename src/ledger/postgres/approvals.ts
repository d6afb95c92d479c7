import { randomBytes } from 'node:crypto';
import type { ApprovalEffect } from '../../runtime/plan.ts';
import { type ApprovalFacts, judgeBind, judgeClose, judgeDecide, unknownApproval } from '../approval-rules.ts';
import { auditEventOf } from '../audit/events.ts';
import type { ApprovalState } from '../port.ts';
import { insertAsker } from './askers.ts';
import { appendAudit } from './audit.ts';
import { uuidOrNull } from './parameters.ts';
import { type Database, type RunStatement, transaction } from './query.ts';

type Effect<Kind extends ApprovalEffect['kind']> = Extract<ApprovalEffect, { readonly kind: Kind }>;

/** An approval as it is while nobody else can change it. */
export interface LockedApproval extends ApprovalFacts {
  readonly id: string;
  readonly subjectUID: string;
  readonly action: string;
  readonly subject: string;
  readonly attempt: number;
  readonly decidedBy: string;
}

/**
 * Guarantee: of any number of callers at once one opens the attempt. There is no next one while one is open or approved, nor after
 * one was used: the object that it was about is going.
 */
export async function openApproval(database: Database, effect: Effect<'open'>, signal: AbortSignal): Promise<void> {
  const { subjectUID, action, subject, ttlSeconds, asker } = effect;
  await transaction(database, signal, async (run) => {
    const asked = asker === undefined ? [] : await insertAsker(run, subjectUID, asker);
    const values = [subjectUID, action, subject, randomBytes(16).toString('hex'), ttlSeconds];
    const { rows } = await run({ text: OPEN, values });
    const opened = (rows as readonly { readonly attempt: number }[]).map(({ attempt }) => ({
      event: 'APPROVAL_REQUESTED' as const,
      subjectUID,
      subject,
      actor: asker ?? '',
      detail: { action, attempt },
    }));
    if (asked.length + opened.length > 0) await appendAudit(run, [...asked, ...opened]);
  });
}

export async function bindApproval(database: Database, effect: Effect<'bind'>, signal: AbortSignal): Promise<void> {
  await transaction(database, signal, async (run) => {
    const approval = await lockApproval(run, effect.approvalID);
    if (judgeBind(approval, effect) === 'taken') return;
    await run({ text: BIND, values: [approval.id, effect.hash] });
  });
}

export async function decideApproval(database: Database, effect: Effect<'decide'>, signal: AbortSignal): Promise<void> {
  const { verdict, hash, by } = effect;
  await transaction(database, signal, async (run) => {
    const approval = await lockApproval(run, effect.approvalID);
    if (judgeDecide(approval, effect) === 'taken') return;
    await run({ text: DECIDE, values: [approval.id, verdict, by] });
    const { attempt } = approval;
    await appendAudit(run, [{ ...approval, event: auditEventOf(verdict), actor: by, detail: { attempt, hash } }]);
  });
}

export async function closeApproval(database: Database, effect: Effect<'close'>, signal: AbortSignal): Promise<void> {
  await transaction(database, signal, async (run) => {
    const approval = await lockApproval(run, effect.approvalID);
    if (judgeClose(approval, effect) === 'taken') return;
    await run({ text: CLOSE, values: [approval.id, effect.as] });
    const detail = { attempt: approval.attempt, state: effect.as };
    await appendAudit(run, [{ ...approval, event: auditEventOf(effect.as), actor: '', detail }]);
  });
}

/**
 * Guarantee: until the transaction ends nobody else changes this approval, and what is returned is what everybody before has
 * committed, also somebody who was waited for. Throws a RefusedError when there is no such approval.
 */
export async function lockApproval(run: RunStatement, approvalID: string): Promise<LockedApproval> {
  const values = [uuidOrNull(approvalID)];
  await run({ text: LOCK, values });
  // A statement of its own: the first one does not see what others committed while it waited for them.
  const { rows } = await run({ text: READ, values });
  const [row] = rows as readonly ApprovalRow[];
  if (row === undefined) throw unknownApproval();
  const { id, action, subject, attempt, state } = row;
  return {
    id,
    subjectUID: row.subject_uid,
    action,
    subject,
    attempt,
    state,
    hash: row.hash ?? undefined,
    decidedBy: row.decided_by ?? '',
    isExpired: row.is_expired,
    isSelfApproved: row.is_self_approved,
  };
}

interface ApprovalRow {
  readonly id: string;
  readonly subject_uid: string;
  readonly action: string;
  readonly subject: string;
  readonly attempt: number;
  readonly state: ApprovalState;
  readonly hash: string | null;
  readonly decided_by: string | null;
  readonly is_expired: boolean;
  readonly is_self_approved: boolean;
}

/** Whole seconds, rounded up. */
const OPEN = `
  INSERT INTO molecule.approvals (subject_uid, action, subject, attempt, nonce, expires_at)
  SELECT $1, $2, $3, coalesce(max(attempt), 0) + 1, $4,
    date_trunc('second', now() + make_interval(secs => $5) + interval '999999 microseconds')
  FROM molecule.approvals
  WHERE subject_uid = $1 AND action = $2
  HAVING count(*) FILTER (WHERE state IN ('Open', 'Approved', 'Consumed')) = 0
  ON CONFLICT DO NOTHING
  RETURNING attempt`;

const LOCK = 'SELECT 1 FROM molecule.approvals WHERE id = $1::uuid FOR UPDATE';

/** The clock and not the begin of the transaction, which may have waited. */
const READ = `
  SELECT id, subject_uid, action, subject, attempt, state, hash, decided_by,
    expires_at <= clock_timestamp() AS is_expired,
    EXISTS (
      SELECT FROM molecule.askers WHERE askers.subject_uid = approvals.subject_uid AND asker = decided_by
    ) AS is_self_approved
  FROM molecule.approvals
  WHERE id = $1::uuid`;

const BIND = 'UPDATE molecule.approvals SET hash = $2 WHERE id = $1::uuid';

const DECIDE = `
  UPDATE molecule.approvals SET state = $2, decided_by = $3, decided_at = now()
  WHERE id = $1::uuid`;

const CLOSE = 'UPDATE molecule.approvals SET state = $2 WHERE id = $1::uuid';
