import { API_VERSION, GROUP } from '../../src/apis/v1alpha1/names.ts';
import type { ApprovalRequest, Workspace } from '../../src/apis/v1alpha1/types.generated.ts';
import type { Clearance } from '../../src/controllers/clearance.ts';
import type { Granted } from '../../src/controllers/destruction.ts';
import type { StoreView } from '../../src/controllers/store-view.ts';
import { approvalRequestIndexes } from '../../src/controllers/stores.ts';
import { keyOf, keyString, type ObjectMeta } from '../../src/kube/objects.ts';
import { meta, uidOf } from './objects.ts';

export const OPERATION = '0b7c6a55-3333-4333-8333-333333333333';
export const HASH = 'cd'.repeat(32);
/** Nothing stands in the way of a deletion that was approved. */
export const CLEAR: Clearance = { ledger: 'available', openRoutes: [] };

const ACTIONS = { Org: 'delete_org', Workspace: 'delete_workspace', TemplateAsset: 'delete_template_asset' } as const;

interface Target {
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** A request to delete the object, complete and open; `members` would go with it. */
export function approvalRequest(
  { kind, metadata }: Target,
  status: ApprovalRequest['status'] = { phase: 'Pending' },
  members: readonly Workspace[] = [],
): ApprovalRequest {
  const targetKind = kind === 'Org' || kind === 'TemplateAsset' ? kind : 'Workspace';
  const { name, namespace = '', uid = '' } = metadata;
  const action = ACTIONS[targetKind];
  return {
    apiVersion: API_VERSION,
    kind: 'ApprovalRequest',
    metadata: { ...meta(`apr-${name}`, uidOf(`apr-${name}`)), namespace },
    spec: {
      action,
      target: { group: GROUP, kind: targetKind, name, uid },
      requestedBy: 'editor@example.com',
      hash: HASH,
      record: {
        version: 1,
        clusterUID: uidOf('cluster'),
        group: GROUP,
        kind: targetKind,
        namespace,
        name,
        uid,
        specDigest: HASH,
        action,
        losses: members.map((member) => ({
          workspaceID: member.metadata.uid ?? '',
          name: member.metadata.name,
          uid: member.metadata.uid ?? '',
        })),
        affected: [],
        retention: '168h',
        askers: ['editor@example.com'],
        nonce: 'x'.repeat(16),
      },
    },
    status,
  };
}

/** One whose approval is used up for this operation. */
export function consumedRequest(target: Target, members: readonly Workspace[] = []): ApprovalRequest {
  return approvalRequest(target, { phase: 'Consumed', operationID: OPERATION }, members);
}

/** The leave that such a request gives. */
export function granted(changes: Partial<Granted> = {}): Granted {
  return {
    kind: 'granted',
    operationID: OPERATION,
    retention: '168h',
    request: 'apr-1',
    members: new Set(),
    ...changes,
  };
}

/** Requests as the operator's store has them, with its indexes. */
export function requestStore(...requests: readonly ApprovalRequest[]): StoreView<ApprovalRequest> {
  return {
    get: (key) => requests.find((request) => keyString(keyOf(request)) === keyString(key)),
    byIndex: (index, value) => requests.filter((request) => approvalRequestIndexes[index]?.(request).includes(value)),
  };
}
