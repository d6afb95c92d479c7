import { ANNOTATIONS, API_VERSION, FIELD_MANAGERS, UNATTRIBUTED } from '../../apis/v1alpha1/names.ts';
import { APPROVAL_REQUESTS } from '../../apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { keyOf } from '../../kube/objects.ts';
import { countsAsAsker } from '../../rules/approval/askers.ts';
import { type ApprovalRecord, buildRecord, hashRecord } from '../../rules/approval/record.ts';
import { requestName } from '../../rules/approval/request-name.ts';
import type { WriteEffect } from '../../runtime/plan.ts';
import type { Attempt } from './attempt.ts';
import type { Operation } from './operation.ts';

/** The most that a record lists by name. The ledger knows everybody, and asks again when the approval is used. */
const MAX_ASKERS = 64;

/** The record of an attempt at an operation as it is now. */
export function recordOf(operation: Operation, attempt: Attempt, clusterUID: string): ApprovalRecord {
  const { nonce, expiresAt } = attempt;
  const askers = attempt.askers.filter(countsAsAsker).slice(0, MAX_ASKERS);
  return buildRecord({ ...operation, clusterUID, askers, nonce, expiresAt });
}

/** The request that the operator makes by itself. Whatever stands under its name already is taken for it only with this hash. */
export function newRequest(record: ApprovalRecord, { number }: Attempt): WriteEffect {
  const { action, group, kind, namespace, name, uid, askers } = record;
  const hash = hashRecord(record);
  const request: ApprovalRequest = {
    apiVersion: API_VERSION,
    kind: APPROVAL_REQUESTS.kind,
    metadata: {
      name: requestName({ action, uid, attempt: number }),
      namespace,
      annotations: { [ANNOTATIONS.recordHash]: hash },
    },
    spec: {
      action,
      target: { group, kind, name, uid },
      requestedBy: askers[0] ?? UNATTRIBUTED,
      ...recorded(record),
    },
  };
  return {
    kind: 'create',
    resource: APPROVAL_REQUESTS,
    object: request,
    fieldManager: FIELD_MANAGERS.approvalRequest,
    adoptIf: { [ANNOTATIONS.recordHash]: hash },
  };
}

/** Adds what would be lost to what somebody asked for. */
export function completeDraft(draft: ApprovalRequest, record: ApprovalRecord): WriteEffect {
  const { uid = '', resourceVersion = '' } = draft.metadata;
  return {
    kind: 'patch',
    resource: APPROVAL_REQUESTS,
    key: keyOf(draft),
    uid,
    patch: { metadata: { resourceVersion }, spec: recorded(record) },
    fieldManager: FIELD_MANAGERS.approvalRequest,
  };
}

function recorded(record: ApprovalRecord): Pick<ApprovalRequest['spec'], 'record' | 'hash' | 'expiresAt'> {
  const { expiresAt } = record;
  return { record, hash: hashRecord(record), ...(expiresAt === undefined ? {} : { expiresAt }) };
}
