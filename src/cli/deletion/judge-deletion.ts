import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { isFinal } from '../../rules/approval/lifecycle.ts';
import type { Ours } from '../standing.ts';

/** The deletion of one object as the cluster shows it now. */
export interface DeletionFacts {
  /** uid of the object that is to go. */
  readonly uid: string;
  /** What has its name now. */
  readonly live: Ours | undefined;
  /** Every request for the deletion of this uid. */
  readonly requests: readonly ApprovalRequest[];
}

/** What has to happen next. */
export type DeletionVerdict =
  /** Nobody has asked, or what was asked came to an end without a deletion. */
  | { readonly kind: 'unasked'; readonly last?: ApprovalRequest }
  /** A human has to decide, or to be asked. */
  | { readonly kind: 'undecided'; readonly request?: ApprovalRequest }
  | { readonly kind: 'denied'; readonly request: ApprovalRequest }
  /** Approved; the operator is about to let the DELETE in. */
  | { readonly kind: 'approved'; readonly request: ApprovalRequest }
  | { readonly kind: 'deletable'; readonly request: ApprovalRequest }
  | { readonly kind: 'going'; readonly request: ApprovalRequest }
  | { readonly kind: 'gone' };

export function judgeDeletion({ uid, live, requests }: DeletionFacts): DeletionVerdict {
  const request = currentRequest(requests);
  // Also when it is back already, which is another object of the same name.
  if (request?.status?.phase === 'Denied' || request?.spec.decision?.verdict === 'Denied')
    return { kind: 'denied', request };
  if (live?.metadata.uid !== uid) return { kind: 'gone' };
  const isDeleting = live.metadata.deletionTimestamp !== undefined;
  if (request?.status?.phase === 'Consumed') return { kind: 'going', request };
  if (request === undefined || isFinal(request.status?.phase)) {
    // The operator asks by itself for what is being deleted, and again when a request came to nothing.
    if (isDeleting) return { kind: 'undecided' };
    return { kind: 'unasked', ...(request === undefined ? {} : { last: request }) };
  }
  if (request.spec.decision?.verdict !== 'Approved') return { kind: 'undecided', request };
  if (isDeleting) return { kind: 'going', request };
  const isGranted = live.status?.deletionGrant?.request === request.metadata.name;
  return { kind: isGranted ? 'deletable' : 'approved', request };
}

/** The one that is used up, else the one that is open, else the newest. */
function currentRequest(requests: readonly ApprovalRequest[]): ApprovalRequest | undefined {
  const newestFirst = [...requests].sort((a, b) => (createdAt(a) < createdAt(b) ? 1 : -1));
  return (
    newestFirst.find(({ status }) => status?.phase === 'Consumed') ??
    newestFirst.find(({ status }) => !isFinal(status?.phase)) ??
    newestFirst[0]
  );
}

function createdAt({ metadata }: ApprovalRequest): string {
  return `${metadata.creationTimestamp} ${metadata.name}`;
}
