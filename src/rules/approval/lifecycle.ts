import type { ApprovalRequestPhase } from '../../apis/v1alpha1/types.generated.ts';

export type RequestPhase = ApprovalRequestPhase;

/**
 * opened: its record is complete. approved, denied: a human decided. consumed: the ledger used the approval up. expired: neither
 * came in time. superseded: what would be lost changed. withdrawn: there is nothing left to decide.
 */
export type RequestEvent = 'opened' | 'approved' | 'denied' | 'consumed' | 'expired' | 'superseded' | 'withdrawn';

/** What is not listed does not happen. No event leads out of the phases that are not listed: they are final. */
const TRANSITIONS: Readonly<
  Partial<Record<RequestPhase | 'New', Readonly<Partial<Record<RequestEvent, RequestPhase>>>>>
> = {
  New: { opened: 'Pending', withdrawn: 'Withdrawn' },
  Pending: {
    approved: 'Approved',
    denied: 'Denied',
    expired: 'Expired',
    superseded: 'Superseded',
    withdrawn: 'Withdrawn',
  },
  Approved: { consumed: 'Consumed', expired: 'Expired', superseded: 'Superseded', withdrawn: 'Withdrawn' },
};

/** The phase after an event; undefined when the event means nothing in this phase, which then stays. A new request has no phase. */
export function nextPhase(phase: RequestPhase | undefined, event: RequestEvent): RequestPhase | undefined {
  return TRANSITIONS[phase ?? 'New']?.[event];
}

/** Whether the request came to its end. */
export function isFinal(phase: RequestPhase | undefined): boolean {
  return TRANSITIONS[phase ?? 'New'] === undefined;
}
