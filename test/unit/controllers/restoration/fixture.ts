import { API_VERSION } from '../../../../src/apis/v1alpha1/names.ts';
import { WORKSPACES } from '../../../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../../../src/apis/v1alpha1/types.generated.ts';
import type { ManagedFields, Restorable } from '../../../../src/controllers/restoration/restorable.ts';
import type { RestorationSnapshot } from '../../../../src/controllers/restoration/snapshot.ts';
import { meta, uidOf } from '../../../builders/objects.ts';

export const NOW = new Date('2026-03-01T10:00:00Z');
export const UID = uidOf('writer');
export const NEW_UID = uidOf('writer again');
export const HASH = 'ab'.repeat(32);

/** As the apiserver has it after a DELETE: held, and its agent ready. */
export function held(changes: Partial<Restorable['metadata']> = {}): Restorable {
  return {
    apiVersion: API_VERSION,
    kind: WORKSPACES.kind,
    metadata: {
      ...meta('writer', UID),
      generation: 4,
      deletionTimestamp: '2026-03-01T09:30:00Z',
      labels: { team: 'docs' },
      annotations: { 'example.com/owner': 'eve' },
      managedFields: [managed('kubectl', 'Apply'), managed('molecule-operator-workspace', 'Update', 'status')],
      ...changes,
    },
    spec: { id: UID },
    status: {
      observedGeneration: 4,
      id: UID,
      incarnation: UID,
      conditions: [
        condition('Ready', 'WorkspaceReady'),
        condition('ApprovalPending', 'AwaitingApproval'),
        condition('AgentReady', 'AgentReady'),
      ],
    },
  };
}

/** The one that was made again, before anything else happened to it. */
export function madeAgain(changes: Partial<Restorable> = {}): Restorable {
  const { status: _status, ...rest } = held();
  const { deletionTimestamp: _deleted, ...metadata } = rest.metadata;
  return {
    ...rest,
    metadata: {
      ...metadata,
      uid: NEW_UID,
      generation: 1,
      managedFields: [managed('molecule-operator-restoration', 'Update')],
    },
    ...changes,
  };
}

export function managed(manager: string, operation: string, subresource?: string): ManagedFields {
  return { manager, operation, ...(subresource === undefined ? {} : { subresource }) };
}

function condition(type: string, reason: string) {
  const at = { lastTransitionTime: '2026-03-01T09:00:00Z', observedGeneration: 4 };
  return { type, status: 'True' as const, reason, message: 'fine', ...at };
}

export function denied(status: Partial<ApprovalRequest['status'] & object> = {}): ApprovalRequest {
  return {
    apiVersion: API_VERSION,
    kind: 'ApprovalRequest',
    metadata: { ...meta('apr-1', uidOf('apr-1')), finalizers: [] },
    spec: {
      action: 'delete_workspace',
      target: { group: 'moleculesai.app', kind: 'Workspace', name: 'writer', uid: UID },
      requestedBy: 'eve',
      decision: { verdict: 'Denied', hash: HASH, by: 'alice' },
    },
    status: { phase: 'Denied', decidedAt: '2026-03-01T09:59:50Z', summary: 'Deletes writer', ...status },
  };
}

export const RELEASING = { state: 'Releasing', id: UID, incarnation: UID } as const;

export function snapshot(changes: Partial<RestorationSnapshot> = {}): RestorationSnapshot {
  return {
    request: denied(),
    live: held(),
    kept: undefined,
    nextSubject: UID,
    probe: { kind: 'possible' },
    volume: undefined,
    isCovered: false,
    ...changes,
  };
}
