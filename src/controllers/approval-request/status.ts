import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { FIELD_MANAGERS } from '../../apis/v1alpha1/names.ts';
import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import { APPROVAL_REQUESTS } from '../../apis/v1alpha1/resources.ts';
import type { ApprovalRequest, ApprovalRequestStatus } from '../../apis/v1alpha1/types.generated.ts';
import { rfc3339, summarise } from '../../conditions/summarise.ts';
import { describeRecord } from '../../rules/approval/describe.ts';
import { nextPhase, type RequestEvent, type RequestPhase } from '../../rules/approval/lifecycle.ts';
import type { EventEffect, Plan } from '../../runtime/plan.ts';
import { regardingOf, statusWrite } from '../effects.ts';
import { requestedAt } from '../requested-at.ts';
import { lossPlan } from './loss-plan.ts';
import type { Sights } from './snapshot.ts';
import type { Telling } from './telling.ts';

/** The most that status.summary holds. */
const MAX_SUMMARY = 32_768;
const CUT = '\n… cut here; all of it is in spec.record';

/** Both are told with one word: nobody has to decide the request any more. */
const EVENT_REASONS: Readonly<Record<RequestEvent, Reason>> = {
  opened: REASONS.approvalRequestedEvent,
  approved: REASONS.approvalApprovedEvent,
  denied: REASONS.approvalDeniedEvent,
  consumed: REASONS.approvalConsumedEvent,
  expired: REASONS.approvalExpiredEvent,
  superseded: REASONS.approvalWithdrawnEvent,
  withdrawn: REASONS.approvalWithdrawnEvent,
};

export interface StatusContext {
  readonly sights: Sights;
  readonly now: Date;
}

/** The write of the status, and one Event for each phase that the request enters with it; nothing when all of it was said. */
export function tellRequest(telling: Telling, context: StatusContext): Pick<Plan, 'status' | 'events'> {
  const { request } = telling;
  const status = statusWrite({
    resource: APPROVAL_REQUESTS,
    object: request,
    status: requestStatus(telling, context),
    fieldManager: FIELD_MANAGERS.approvalRequest,
  });
  if (status === undefined) return {};
  const events = transitions(telling).map(({ event }) => eventOf(event, telling));
  return { status, ...(events.length === 0 ? {} : { events }) };
}

/** The whole status. What a human was shown at the beginning stays as it was. */
export function requestStatus(telling: Telling, { sights, now }: StatusContext): ApprovalRequestStatus {
  const { request, isConcluded, reason, message, progress } = telling;
  const { metadata, spec, status } = request;
  const phase = transitions(telling).at(-1)?.phase ?? status?.phase;
  const handled = requestedAt(metadata) ?? status?.lastHandledReconcileAt;
  const operationID = telling.operationID ?? status?.operationID;
  const decidedAt = status?.decidedAt ?? (spec.decision === undefined ? undefined : rfc3339(now));
  const consumedAt = status?.consumedAt ?? (phase === 'Consumed' ? rfc3339(now) : undefined);
  const shown = spec.record === undefined ? {} : { summary: summaryOf(request), plan: planOf(request, sights) };
  return {
    ...(phase === undefined ? {} : { phase }),
    ...shown,
    ...(status?.restoration === undefined ? {} : { restoration: status.restoration }),
    ...(decidedAt === undefined ? {} : { decidedAt }),
    ...(consumedAt === undefined ? {} : { consumedAt }),
    ...(operationID === undefined ? {} : { operationID }),
    observedGeneration: metadata.generation ?? 0,
    ...(handled === undefined ? {} : { lastHandledReconcileAt: handled }),
    conditions: [
      ...summarise({
        verdicts: [{ type: CONDITIONS.concluded, status: isConcluded ? 'True' : 'False', reason, message }],
        progress,
        whenReady: { reason, message },
        observed: status?.conditions ?? [],
        generation: metadata.generation ?? 0,
        now,
      }),
    ],
  };
}

interface Transition {
  readonly event: RequestEvent;
  readonly phase: RequestPhase;
}

/** The phases that the request enters; events that mean nothing in its phase are of the past. */
function transitions({ request, events }: Telling): readonly Transition[] {
  const entered: Transition[] = [];
  for (const event of events) {
    const phase = nextPhase(entered.at(-1)?.phase ?? request.status?.phase, event);
    if (phase !== undefined) entered.push({ event, phase });
  }
  return entered;
}

function eventOf(event: RequestEvent, { request, message }: Telling): EventEffect {
  const { kind, name } = request.spec.target;
  const by = request.spec.decision?.by ?? '';
  const notes: Readonly<Partial<Record<RequestEvent, string>>> = {
    opened: `The deletion of ${kind} "${name}" waits for a human, asked for by ${request.spec.requestedBy}`,
    approved: `The deletion of ${kind} "${name}" was approved by ${by}`,
    denied: `The deletion of ${kind} "${name}" was denied by ${by}`,
  };
  return {
    type: 'Normal',
    reason: EVENT_REASONS[event],
    action: 'Approve',
    note: notes[event] ?? message,
    regarding: regardingOf(APPROVAL_REQUESTS, request),
  };
}

function summaryOf({ spec, status }: ApprovalRequest): string {
  if (status?.summary !== undefined || spec.record === undefined) return status?.summary ?? '';
  const text = describeRecord(spec.record);
  return text.length <= MAX_SUMMARY ? text : `${text.slice(0, MAX_SUMMARY - CUT.length)}${CUT}`;
}

function planOf({ spec, status }: ApprovalRequest, sights: Sights): NonNullable<ApprovalRequestStatus['plan']> {
  return status?.plan ?? lossPlan(spec.record?.losses ?? [], sights);
}
