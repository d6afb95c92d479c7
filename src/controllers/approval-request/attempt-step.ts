import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { hashRecord } from '../../rules/approval/record.ts';
import type { ApprovalEffect } from '../../runtime/plan.ts';
import { blockedBy, withoutLedger } from '../leave.ts';
import { type Attempt, closing, deciding } from './attempt.ts';
import type { Matter, Step } from './matter.ts';
import { isCurrent } from './operation.ts';
import {
  approved,
  awaitingDelete,
  denied,
  expired,
  pending,
  superseded,
  type Telling,
  withdrawnAs,
} from './telling.ts';

const BLOCKED_RECHECK_MS = 30_000;
const LEAST_RECHECK_MS = 5_000;
const MOST_RECHECK_MS = 86_400_000;

interface Attempted {
  readonly request: ApprovalRequest;
  readonly attempt: Attempt;
  readonly now: Date;
}

/** What is to be done about a request that belongs to the newest attempt. */
export function attemptStep(matter: Matter, { request, attempt, now }: Attempted): Step {
  const { standing, observed } = matter;
  const { record, hash, decision } = request.spec;
  if (standing !== 'held' && standing !== 'standing')
    return settle(closing(attempt, 'Withdrawn'), withdrawnAs(request, standing));
  if (attempt.isExpired) return settle(closing(attempt, 'Expired'), expired(request));
  // Policies let nobody write these; what was written all the same is worth nothing.
  if (record === undefined || hash !== attempt.hash || hash !== hashRecord(record))
    return settle(closing(attempt, 'Superseded'), superseded(request));
  const verdict = deciding(attempt, request);
  if (decision?.verdict === 'Denied') return settle(verdict, denied(request, standing));
  if (standing === 'standing' || decision === undefined) {
    if (verdict.length > 0) return { kind: 'record', approvals: verdict };
    if (observed !== undefined && !isCurrent(record, observed)) return { kind: 'compare', attempt, request };
    return steadyStep(request, now);
  }
  const isBreakGlass = attempt.approvalID === undefined;
  // As the ledger does where there is one; policies say the same before.
  if (isBreakGlass && decision.by === request.spec.requestedBy) return settle([], withdrawnAs(request, standing));
  const blocked = blockedBy(isBreakGlass ? withoutLedger(matter.clearance) : matter.clearance);
  if (blocked === undefined) return { kind: 'use', attempt, request };
  if (verdict.length > 0) return { kind: 'record', approvals: verdict };
  return { kind: 'tell', tellings: [approved(request, blocked)], recheckAfterMs: BLOCKED_RECHECK_MS };
}

/** Whether nothing about the request asks for the ledger: a human has to act, and nothing has changed meanwhile. */
export function isSteady({ spec, status }: ApprovalRequest, { standing, observed }: Matter, now: Date): boolean {
  const { record, decision, expiresAt } = spec;
  if (record === undefined || observed === undefined || Date.parse(expiresAt ?? '') <= now.getTime()) return false;
  const isUndecided =
    status?.phase === 'Pending' && decision === undefined && (standing === 'held' || standing === 'standing');
  const isUnused = status?.phase === 'Approved' && standing === 'standing';
  return (isUndecided || isUnused) && isCurrent(record, observed);
}

export function steadyStep(request: ApprovalRequest, now: Date): Extract<Step, { kind: 'tell' }> {
  const { decision, expiresAt } = request.spec;
  const remainingMs = Date.parse(expiresAt ?? '') - now.getTime();
  return {
    kind: 'tell',
    tellings: [decision === undefined ? pending(request) : awaitingDelete(request)],
    recheckAfterMs: Math.min(Math.max(remainingMs, LEAST_RECHECK_MS), MOST_RECHECK_MS),
  };
}

/** The ledger first. Only where there is none is the request told at once. */
function settle(approvals: readonly ApprovalEffect[], telling: Telling): Step {
  if (approvals.length > 0) return { kind: 'record', approvals };
  return { kind: 'tell', tellings: [telling], recheckAfterMs: 0 };
}
