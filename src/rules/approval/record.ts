import type { ApprovalRequestRecord } from '../../apis/v1alpha1/types.generated.ts';

/** What the hash is over: spec.record of an ApprovalRequest. Every list in it is sorted. */
export type ApprovalRecord = ApprovalRequestRecord;
export type ApprovalAction = ApprovalRecord['action'];
