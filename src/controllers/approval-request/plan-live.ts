import { BREAK_GLASS_OPERATION } from '../../apis/v1alpha1/names.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { type ApprovalRecord, hashRecord, sameOperation } from '../../rules/approval/record.ts';
import { parseDurationMs } from '../../rules/duration.ts';
import type { PassFailure } from '../../runtime/controller.ts';
import type { ApprovalEffect, OperationMember, Plan } from '../../runtime/plan.ts';
import { isTooLarge, TOO_LARGE } from '../request-size.ts';
import { closing, deciding } from './attempt.ts';
import { steadyStep } from './attempt-step.ts';
import type { LiveReading, Step } from './matter.ts';
import { completeDraft, newRequest, recordOf } from './request.ts';
import { type StatusContext, tellRequest } from './status.ts';
import { wordsOf } from './subject.ts';
import { consumed, superseded, withdrawn } from './telling.ts';

/** Memory follows soon after what the apiserver said. */
const CATCH_UP_MS = 1_000;
const CREATED_MS = 5_000;
const CONFIRMED_RECHECK_MS = 30_000;
const TOO_LARGE_RECHECK_MS = 300_000;

type LiveStep = Extract<Step, { readonly kind: 'draw-up' | 'compare' | 'use' }>;
type Doing<Kind extends LiveStep['kind']> = Extract<LiveStep, { readonly kind: Kind }>;

interface LiveContext extends StatusContext {
  /** What the last pass was refused; only the ledger's word on an approval matters here. */
  readonly lastFailure?: PassFailure;
}

/** What is done from live reads: the record that is shown, and the one look before it is used up. */
export function planLive(step: LiveStep, live: LiveReading | undefined, context: LiveContext): Plan {
  const { attempt } = step;
  if (live?.operation === undefined) return later();
  const now = recordOf(live.operation, attempt, live.clusterUID);
  if (step.kind === 'draw-up') return isTooLarge(now) ? planTooLarge(step, context) : planDrawUp(step, now);
  const { record } = step.request.spec;
  if (record === undefined || !sameOperation(record, now)) return planOutdated(step, context);
  return step.kind === 'compare' ? planConfirmed(step, context) : planUse(step, record, context);
}

/**
 * The record holds, whatever memory says: it lags, or an object that the record names has lost the label by which it is watched.
 * That must not keep anybody from deciding.
 */
function planConfirmed({ request }: Doing<'compare'>, context: StatusContext): Plan {
  const outcome = { kind: 'waiting', recheckAfterMs: CONFIRMED_RECHECK_MS } as const;
  const [telling] = steadyStep(request, context.now).tellings;
  return telling === undefined ? { outcome } : { ...tellRequest(telling, context), outcome };
}

/** The apiserver would not take it. Where nobody asked, the object itself says so. */
function planTooLarge({ draft }: Doing<'draw-up'>, context: StatusContext): Plan {
  const told = draft === undefined ? {} : tellRequest(withdrawn(draft, TOO_LARGE.message), context);
  return { ...told, outcome: { kind: 'waiting', recheckAfterMs: TOO_LARGE_RECHECK_MS } };
}

/** The hash is in the ledger before anybody can see the record, so that no other one can be approved in its place. */
function planDrawUp({ attempt, draft }: Doing<'draw-up'>, record: ApprovalRecord): Plan {
  const hash = hashRecord(record);
  const { approvalID } = attempt;
  if (attempt.hash !== undefined && attempt.hash !== hash)
    return attempt.isConsumed ? later() : soon(closing(attempt, 'Superseded'));
  return {
    ...(approvalID === undefined || attempt.hash !== undefined
      ? {}
      : { approvals: [{ kind: 'bind', approvalID, hash }] }),
    writes: [draft === undefined ? newRequest(record, attempt) : completeDraft(draft, record)],
    outcome: { kind: 'progressing', recheckAfterMs: CREATED_MS },
  };
}

function planOutdated({ attempt, request }: Doing<'compare' | 'use'>, context: StatusContext): Plan {
  const close = closing(attempt, 'Superseded');
  if (close.length > 0) return soon([...deciding(attempt, request), ...close]);
  return { ...tellRequest(superseded(request), context), outcome: { kind: 'progressing', recheckAfterMs: 0 } };
}

/** That it was used up is told by the next pass, which reads in the ledger under which operation. */
function planUse({ attempt, request }: Doing<'use'>, record: ApprovalRecord, context: LiveContext): Plan {
  const { approvalID } = attempt;
  if (approvalID === undefined)
    return { ...tellRequest(consumed(request, BREAK_GLASS_OPERATION), context), outcome: { kind: 'settled' } };
  // Everything else for which it refuses was looked at before: whoever approved it has asked for it too.
  if (context.lastFailure?.reason === 'ApprovalRefused') return soon(closing(attempt, 'Withdrawn'));
  return soon([...deciding(attempt, request), consuming(request, { approvalID, record, isBreakGlass: false })]);
}

/** Uses an approval up. `isBreakGlass`: it was used already, while there was no ledger. */
export function consuming(
  { metadata }: ApprovalRequest,
  {
    approvalID,
    record,
    isBreakGlass,
  }: { readonly approvalID: string; readonly record: ApprovalRecord; readonly isBreakGlass: boolean },
): ApprovalEffect {
  const detail = { request: metadata.name, retention: record.retention, ...(isBreakGlass ? { breakGlass: true } : {}) };
  return { kind: 'consume', approvalID, hash: hashRecord(record), members: membersOf(record), detail };
}

/** Everything that goes: the target, and every Workspace that the record lists, with its volume. */
function membersOf(record: ApprovalRecord): readonly OperationMember[] {
  const { kind, namespace, name, uid, losses, retention } = record;
  const retainSeconds = parseDurationMs(retention) / 1000;
  const lost = losses.map((loss) => ({
    uid: loss.uid,
    subject: wordsOf({ kind: 'Workspace', namespace, name: loss.name }),
    ...(loss.claimUID === undefined ? {} : { claimUID: loss.claimUID, retainSeconds }),
  }));
  return lost.some((member) => member.uid === uid)
    ? lost
    : [{ uid, subject: wordsOf({ kind, namespace, name }) }, ...lost];
}

function soon(approvals: readonly ApprovalEffect[]): Plan {
  return { approvals, outcome: { kind: 'progressing', recheckAfterMs: 0 } };
}

function later(): Plan {
  return { outcome: { kind: 'waiting', recheckAfterMs: CATCH_UP_MS } };
}
