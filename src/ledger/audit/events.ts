/** What the audit chain tells of. The first six are the ones that are Events of the ApprovalRequest too. */
export type AuditEvent =
  | 'APPROVAL_REQUESTED'
  | 'APPROVAL_APPROVED'
  | 'APPROVAL_DENIED'
  | 'APPROVAL_WITHDRAWN'
  | 'APPROVAL_CONSUMED'
  | 'APPROVAL_EXPIRED'
  /** Somebody asked for a deletion who had not asked for it before. */
  | 'DELETION_ASKED'
  | 'OPERATION_STARTED'
  | 'OPERATION_CONCLUDED'
  | 'SNAPSHOT';

/** How an attempt that ends, or is decided, is told. One that is superseded is withdrawn; its detail says which. */
export function auditEventOf(end: 'Approved' | 'Denied' | 'Expired' | 'Superseded' | 'Withdrawn'): AuditEvent {
  switch (end) {
    case 'Approved':
      return 'APPROVAL_APPROVED';
    case 'Denied':
      return 'APPROVAL_DENIED';
    case 'Expired':
      return 'APPROVAL_EXPIRED';
    default:
      return 'APPROVAL_WITHDRAWN';
  }
}
