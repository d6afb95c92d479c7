import { CONDITIONS } from '../apis/v1alpha1/conditions.ts';
import { REASONS } from '../apis/v1alpha1/reasons.ts';
import type { ApprovalRequest, WorkspaceDeletionGrant } from '../apis/v1alpha1/types.generated.ts';
import type { Condition, Verdict } from '../conditions/condition.ts';
import type { ObjectMeta } from '../kube/objects.ts';
import { BY_COVERED_UID, type Leave, type Leaver } from './leave.ts';
import type { StoreView } from './store-view.ts';

/** What a status of any of our kinds says of approvals; the same of all of them. */

interface Deletable {
  readonly metadata: ObjectMeta;
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** A request is opened within this time, also where hundreds are deleted at once: one status write says that a human has to decide. */
const HOLD_MS = 10_000;
/** What passes by itself and is no news to somebody who waits: what was said before stands. */
const PASSING: ReadonlySet<string> = new Set([REASONS.checkingApproval, REASONS.guardUnknown]);

/** ApprovalPending, while a deletion is held. */
export function approvalNotice(leave: Leave | undefined, { status }: Deletable): readonly Verdict[] {
  if (leave?.kind !== 'held') return [];
  const type = CONDITIONS.approvalPending;
  const said = status?.conditions?.find((condition) => condition.type === type);
  const { reason, message } = said !== undefined && PASSING.has(leave.reason) ? said : leave;
  return [{ type, status: 'True', reason, message }];
}

/** Milliseconds for which the status of an object whose deletion has only just begun is not written. */
export function noticeHoldMs(leave: Leave | undefined, { metadata }: Deletable, now: Date): number {
  if (leave?.kind !== 'held' || leave.reason !== REASONS.requestingApproval) return 0;
  return Math.min(HOLD_MS, Date.parse(metadata.deletionTimestamp ?? '') + HOLD_MS - now.getTime());
}

/**
 * status.deletionGrant: what lets a DELETE in, in every mode. It is there from the approval until the object is being deleted, and
 * decides nothing: the approval is consumed after the DELETE, or the deletion is held.
 */
export function deletionGrant(
  { kind, metadata }: Leaver,
  { approvalRequests }: { readonly approvalRequests: StoreView<ApprovalRequest> },
): { readonly deletionGrant?: WorkspaceDeletionGrant } {
  if (metadata.deletionTimestamp !== undefined) return {};
  const approved = approvalRequests
    .byIndex(BY_COVERED_UID, metadata.uid ?? '')
    .find(
      ({ spec: { target }, status }) =>
        status?.phase === 'Approved' && target.uid === metadata.uid && target.kind === kind,
    );
  const { hash, expiresAt } = approved?.spec ?? {};
  if (approved === undefined || hash === undefined) return {};
  return {
    deletionGrant: { request: approved.metadata.name, hash, ...(expiresAt === undefined ? {} : { expiresAt }) },
  };
}
