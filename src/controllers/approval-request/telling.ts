import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import type { Progress } from '../../conditions/summarise.ts';
import type { ApprovalCase } from '../../ledger/port.ts';
import type { RequestEvent } from '../../rules/approval/lifecycle.ts';
import type { Standing } from './subject.ts';

/** What is to be said of a request, and what happened to it that was not said before. */
export interface Telling {
  readonly request: ApprovalRequest;
  /** In the order in which they happened; those that its phase shows already are not told again. */
  readonly events: readonly RequestEvent[];
  /** It came to its end. */
  readonly isConcluded: boolean;
  readonly reason: string;
  readonly message: string;
  readonly progress: Progress;
  readonly operationID?: string;
}

type Words = Pick<Telling, 'reason' | 'message'>;

export function pending(request: ApprovalRequest): Telling {
  const { name, namespace } = request.metadata;
  const message = `Waits for a human to decide; look at it with: kubectl molecule approvals show ${name} -n ${namespace}`;
  return waiting(request, ['opened'], { reason: REASONS.awaitingApproval, message });
}

/** Approved, and nobody has sent the DELETE yet. */
export function awaitingDelete(request: ApprovalRequest): Telling {
  const { kind, name } = request.spec.target;
  return waiting(request, ['opened', 'approved'], {
    reason: REASONS.awaitingDeletion,
    message: `Approved; delete ${kind} "${name}" before the approval expires`,
  });
}

/** `words`: why the approval is not used yet. */
export function approved(request: ApprovalRequest, words: Words): Telling {
  return waiting(request, ['opened', 'approved'], words);
}

/** The ledger says nothing, so that nothing about the request can be judged. */
export function unheard(request: ApprovalRequest, { reason, message }: Words): Telling {
  return waiting(request, request.spec.record === undefined ? [] : ['opened'], { reason, message });
}

/** An object that is held is given back before the request ends; one that nobody has deleted simply stays. */
export function denied(request: ApprovalRequest, standing: Standing): Telling {
  const events = ['opened', 'denied'] as const;
  const { kind, name } = request.spec.target;
  if (standing !== 'held')
    return ended(request, events, {
      reason: REASONS.approvalDenied,
      message: `Denied; ${kind} "${name}" stays as it is`,
    });
  const message = `Denied; ${kind} "${name}" is being made again as it was`;
  return { request, events, isConcluded: false, reason: REASONS.restoring, message, progress: 'progressing' };
}

export function consumed(request: ApprovalRequest, operationID: string): Telling {
  const message = 'Approved, and used up by this one operation';
  const telling = ended(request, ['opened', 'approved', 'consumed'], { reason: REASONS.approvalConsumed, message });
  return { ...telling, operationID };
}

export function expired(request: ApprovalRequest): Telling {
  const message =
    'Not decided, or not used, in time; nothing was destroyed; while the deletion waits, a new request is made';
  return ended(request, ['opened', 'expired'], { reason: REASONS.approvalExpired, message });
}

export function superseded(request: ApprovalRequest): Telling {
  const message =
    'What would be lost is no longer what this request says; while the deletion waits, a new request is made, otherwise ask again';
  return ended(request, ['opened', 'superseded'], { reason: REASONS.approvalSuperseded, message });
}

export function withdrawn(request: ApprovalRequest, message: string): Telling {
  return ended(request, ['withdrawn'], { reason: REASONS.approvalWithdrawn, message });
}

/** Why there is nothing left to decide. */
export function withdrawnAs(request: ApprovalRequest, standing: Standing): Telling {
  const { kind, name } = request.spec.target;
  switch (standing) {
    case 'covered':
      return withdrawn(request, `${kind} "${name}" goes under another approval, which was used up already`);
    case 'unused':
      return withdrawn(request, `Nobody uses ${kind} "${name}", so that nobody has to be asked`);
    case 'held':
    case 'standing':
      return withdrawn(
        request,
        'The ledger refuses the approval: whoever gave it has asked for the deletion too; somebody else has to approve the next request',
      );
    default:
      return withdrawn(request, `There is no ${kind} "${name}" with the uid of this request any more`);
  }
}

/** What the ledger knows of a request's end, where its status was not written in time. */
export function recorded(
  request: ApprovalRequest,
  { state, operationID = '' }: ApprovalCase,
  standing: Standing,
): Telling {
  switch (state) {
    case 'Consumed':
      return consumed(request, operationID);
    case 'Denied':
      return denied(request, standing);
    case 'Expired':
      return expired(request);
    case 'Withdrawn':
      return withdrawnAs(request, standing);
    default:
      return superseded(request);
  }
}

function waiting(request: ApprovalRequest, events: readonly RequestEvent[], words: Words): Telling {
  return { request, events, isConcluded: false, ...words, progress: 'waiting' };
}

function ended(request: ApprovalRequest, events: readonly RequestEvent[], words: Words): Telling {
  return { request, events, isConcluded: true, ...words, progress: 'settled' };
}
