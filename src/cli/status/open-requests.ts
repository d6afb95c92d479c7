import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { escapeConfusables } from '../../rules/approval/describe.ts';
import { timeLeft } from '../age.ts';
import type { ObjectStatus, OpenRequest } from './object-status.ts';

/** Those that have not come to their end; who waits longest first. */
export function openRequests(requests: readonly ApprovalRequest[]): readonly OpenRequest[] {
  return requests
    .flatMap(({ metadata, spec, status }): readonly (OpenRequest & { readonly createdAt: string })[] => {
      const phase = status?.phase ?? 'New';
      if (phase !== 'New' && phase !== 'Pending' && phase !== 'Approved') return [];
      const { name, creationTimestamp: createdAt = '' } = metadata;
      return [{ name, phase, requestedBy: spec.requestedBy, expiresAt: spec.expiresAt ?? null, createdAt }];
    })
    .sort((a, b) => (`${a.createdAt} ${a.name}` < `${b.createdAt} ${b.name}` ? -1 : 1))
    .map(({ createdAt: _createdAt, ...request }) => request);
}

/** A line per request, and one when a DELETE is let in. */
export function requestLines(
  { approvals, deletionGrant }: Pick<ObjectStatus, 'approvals' | 'deletionGrant'>,
  now: Date,
): readonly string[] {
  if (approvals === null) return ['Approvals: cannot be read; ask for the right to list approvalrequests'];
  const lines = approvals.map(({ name, phase, requestedBy, expiresAt }) => {
    const asker = escapeConfusables(requestedBy);
    return `ApprovalRequest ${name}: ${phase}, asked for by "${asker}", time left: ${timeLeft(expiresAt, now)}`;
  });
  return deletionGrant === null
    ? lines
    : [...lines, `ApprovalRequest ${deletionGrant} lets a deletion in: it is carried out as soon as somebody deletes`];
}
