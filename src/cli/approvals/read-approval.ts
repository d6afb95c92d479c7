import { APPROVAL_REQUESTS } from '../../apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import type { ObjectKey } from '../../kube/objects.ts';
import { explainFailure } from '../cluster-failure.ts';
import type { ClusterClient } from '../connect.ts';

export async function readApproval(
  client: ClusterClient,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<ApprovalRequest> {
  try {
    return await client.get<ApprovalRequest>(APPROVAL_REQUESTS, key, { signal });
  } catch (error) {
    throw explainFailure(error, {
      what: `read ApprovalRequest ${key.namespace}/${key.name}`,
      right: `the right to get approvalrequests in namespace "${key.namespace}"`,
      whenMissing: `see what is there: kubectl molecule approvals list -n ${key.namespace}`,
    });
  }
}
