import { API_VERSION } from '../../apis/v1alpha1/names.ts';
import { APPROVAL_REQUESTS } from '../../apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { deletionOf } from '../../controllers/approval-request/subject.ts';
import { isAlreadyExists } from '../../kube/errors.ts';
import { draftName } from '../../rules/approval/request-name.ts';
import { type ClusterClient, FIELD_MANAGER } from '../connect.ts';
import type { ObjectReference } from '../object-reference.ts';
import { readOwnUserName } from '../own-user.ts';
import type { Ours } from '../standing.ts';

export interface Wish {
  readonly reference: ObjectReference;
  readonly object: Ours;
  readonly reason: string;
  /** How many were asked before. */
  readonly earlier: number;
  readonly signal: AbortSignal;
}

/**
 * Asks for the deletion. The operator adds what would be lost. Its name follows from the object and from how often it was asked for, so
 * that of two who ask at once the second finds the request of the first.
 */
export async function openRequest(client: ClusterClient, wish: Wish): Promise<void> {
  const { reference, object, reason, earlier, signal } = wish;
  const { namespace = '', name, uid = '' } = object.metadata;
  const { group, kind } = reference.resource;
  const action = deletionOf(kind);
  if (action === undefined) throw new Error(`Nobody approves deletions of a ${kind}; delete it with kubectl`);
  const draft: ApprovalRequest = {
    apiVersion: API_VERSION,
    kind: APPROVAL_REQUESTS.kind,
    metadata: { namespace, name: draftName({ action, uid, attempt: earlier + 1 }) },
    spec: {
      action,
      target: { group, kind, name, uid },
      reason,
      requestedBy: await readOwnUserName(client, signal),
    },
  };
  try {
    await client.create(APPROVAL_REQUESTS, draft, { fieldManager: FIELD_MANAGER, signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
