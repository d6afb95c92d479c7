import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import type { ApprovalCase } from '../../ledger/port.ts';
import { countsAsAsker } from '../../rules/approval/askers.ts';
import type { PlanContext } from '../../runtime/controller.ts';
import type { ApprovalEffect, Plan } from '../../runtime/plan.ts';
import { attemptOf, closing, deciding } from './attempt.ts';
import { consuming } from './plan-live.ts';
import type { ApprovalSnapshot, Work } from './snapshot.ts';
import { tellRequest } from './status.ts';
import { subjectOfRequest, wordsOf } from './subject.ts';
import { consumed } from './telling.ts';

const RECHECK_MS = 30_000;
/** What the ledger does not take is asked for again, because the audit chain has to have it; but nobody waits for it. */
const REFUSED_RECHECK_MS = 3_600_000;
const TTL_SECONDS = 3_600;

/**
 * An operation that was carried out while the ledger was dead is recorded once it answers, step by step as if it had been there,
 * so that the audit chain holds it: who asked, who approved, what went, and that it is gone. Then the request names the operation.
 */
export function planAfterthought(
  { request, reading, target }: Extract<Work, { readonly kind: 'afterthought' }> & Pick<ApprovalSnapshot, 'target'>,
  { now, lastFailure }: PlanContext,
): Plan {
  if (reading.kind === 'silent') return { outcome: { kind: 'waiting', recheckAfterMs: RECHECK_MS } };
  if (lastFailure?.reason === 'ApprovalRefused')
    return { outcome: { kind: 'waiting', recheckAfterMs: REFUSED_RECHECK_MS } };
  const { askers, latest } = reading.file;
  if (latest?.state === 'Consumed') {
    const { operationID = '' } = latest;
    const { action, target: told } = request.spec;
    // What is still going is concluded by its own controller, which has the operation's name from now on.
    const isGone = target?.object.metadata.uid !== told.uid;
    return {
      ...(isGone ? { outcomes: [{ action, subjectUID: told.uid, result: {} }] } : {}),
      ...tellRequest(consumed(request, operationID), { sights: new Map(), now }),
      outcome: { kind: 'settled' },
    };
  }
  return { approvals: missing(request, latest, askers), outcome: { kind: 'progressing', recheckAfterMs: 0 } };
}

function missing(
  request: ApprovalRequest,
  latest: ApprovalCase | undefined,
  askers: readonly string[],
): readonly ApprovalEffect[] {
  const { hash = '', record } = request.spec;
  if (latest === undefined || (latest.state !== 'Open' && latest.state !== 'Approved')) return [opening(request)];
  const attempt = attemptOf(latest, askers);
  if (attempt.isExpired) return closing(attempt, 'Expired');
  // A request that was open when the ledger died: it has nothing left to decide.
  if (record === undefined || (attempt.hash !== undefined && attempt.hash !== hash))
    return closing(attempt, 'Withdrawn');
  const { id: approvalID } = latest;
  return [
    opening(request),
    { kind: 'bind', approvalID, hash },
    ...deciding(attempt, request),
    consuming(request, { approvalID, record, isBreakGlass: true }),
  ];
}

function opening(request: ApprovalRequest): ApprovalEffect {
  const { action, target, requestedBy } = request.spec;
  return {
    kind: 'open',
    subjectUID: target.uid,
    action,
    subject: wordsOf(subjectOfRequest(request)),
    ttlSeconds: TTL_SECONDS,
    ...(countsAsAsker(requestedBy) ? { asker: requestedBy } : {}),
  };
}
