import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { FIELD_MANAGERS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { APPROVAL_REQUESTS } from '../../apis/v1alpha1/resources.ts';
import type { ApprovalRequest, ApprovalRequestStatus } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { type Progress, rfc3339, summarise } from '../../conditions/summarise.ts';
import type { Plan } from '../../runtime/plan.ts';
import { tellStatus } from '../effects.ts';
import { requestedAt } from '../requested-at.ts';
import { stableWords } from '../restoration/probe.ts';

/** What a denied request says of itself. `restoration`: undefined takes it away, left out keeps it. */
export interface Said {
  readonly verdict: Verdict;
  readonly progress: Progress;
  readonly restoration?: ApprovalRequestStatus['restoration'] | undefined;
}

export function restoring(): Said {
  const message = 'Denied; the object is being made again as it was';
  return { verdict: verdict('False', REASONS.restoring, message), progress: 'progressing' };
}

/** `why`: in the words of who refused it. */
export function cannotRestore(why: string): Said {
  const message = `Denied, but the object cannot be made again, so that it stays held, and its agent runs on: ${stableWords(why)}`;
  return { verdict: verdict('False', REASONS.cannotRestore, message), progress: 'waiting' };
}

/** What was said of a request that is concluded already stays said. */
export function concluded({ spec, status }: ApprovalRequest, outcome = 'is as it was'): Said {
  const { kind, name } = spec.target;
  const before = status?.conditions?.find(({ type, status }) => type === CONDITIONS.concluded && status === 'True');
  const message = before?.message ?? `Denied; ${kind} "${name}" ${outcome}`;
  return { verdict: verdict('True', REASONS.approvalDenied, message), progress: 'settled' };
}

/** The status of a denied request; nothing when it says so already. */
export function tellDenied(
  { request }: { readonly request: ApprovalRequest },
  said: Said,
  now: Date,
): Pick<Plan, 'status' | 'events'> {
  const { metadata, status: observed } = request;
  const { restoration: before, ...rest } = observed ?? {};
  const restoration = 'restoration' in said ? said.restoration : before;
  const requested = requestedAt(metadata) ?? observed?.lastHandledReconcileAt;
  const generation = metadata.generation ?? 0;
  const { reason, message } = said.verdict;
  const status: ApprovalRequestStatus = {
    ...rest,
    phase: 'Denied',
    decidedAt: observed?.decidedAt ?? rfc3339(now),
    ...(restoration === undefined ? {} : { restoration }),
    observedGeneration: generation,
    ...(requested === undefined ? {} : { lastHandledReconcileAt: requested }),
    conditions: summarise({
      verdicts: [said.verdict],
      progress: said.progress,
      whenReady: { reason, message },
      observed: observed?.conditions ?? [],
      generation,
      now,
    }),
  };
  return tellStatus({
    resource: APPROVAL_REQUESTS,
    object: request,
    status,
    fieldManager: FIELD_MANAGERS.approvalRequest,
  });
}

function verdict(status: Verdict['status'], reason: string, message: string): Verdict {
  return { type: CONDITIONS.concluded, status, reason, message };
}
