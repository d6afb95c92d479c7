import type { ApprovalRequest } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { hashRecord } from '../../../../src/rules/approval/record.ts';
import { RECORD } from '../../rules/approval/records.ts';
import { condition } from '../objects.ts';

export const HASH = hashRecord(RECORD);
export const NAME = 'apr-0123456789abcdef0123';

export interface RequestOverrides {
  readonly metadata?: Partial<ApprovalRequest['metadata']>;
  readonly spec?: Partial<ApprovalRequest['spec']>;
  readonly status?: ApprovalRequest['status'];
}

/** A request that waits for a human: the operator has recorded what would be lost. */
export function request({ metadata, spec, status }: RequestOverrides = {}): ApprovalRequest {
  const { group, kind, name, uid, action } = RECORD;
  return {
    apiVersion: 'moleculesai.app/v1alpha1',
    kind: 'ApprovalRequest',
    metadata: {
      namespace: 'acme',
      name: NAME,
      uid: '00000000-0000-4000-8000-00000000000f',
      resourceVersion: '7',
      creationTimestamp: '2026-11-21T07:00:00Z',
      ...metadata,
    },
    spec: {
      action,
      target: { group, kind, name, uid },
      record: RECORD,
      hash: HASH,
      requestedBy: 'jane@example.com',
      reason: 'project is over',
      expiresAt: '2026-11-28T10:00:00Z',
      ...spec,
    },
    status: {
      phase: 'Pending',
      conditions: [condition('Ready', 'False', { reason: 'AwaitingApproval', message: 'A human has to decide' })],
      ...status,
    },
  };
}

/** As somebody asked for it, before the operator has seen it. */
export function draft(metadata: Partial<ApprovalRequest['metadata']> = {}): ApprovalRequest {
  const { metadata: base, spec, apiVersion, kind } = request({ metadata });
  const { action, target, requestedBy, reason } = spec;
  return { apiVersion, kind, metadata: base, spec: { action, target, requestedBy, reason: reason ?? '' } };
}

export function decided(
  verdict: 'Approved' | 'Denied',
  phase: NonNullable<NonNullable<ApprovalRequest['status']>['phase']>,
  metadata: Partial<ApprovalRequest['metadata']> = {},
): ApprovalRequest {
  const decision = { verdict, hash: HASH, by: 'alex', reason: 'looked at it' };
  return request({ metadata, spec: { decision }, status: { phase } });
}
