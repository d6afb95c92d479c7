import { APPROVAL_REQUESTS } from '../../apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import type { ClusterClient } from '../connect.ts';
import { listAll } from '../list-all.ts';

/** Every request for an approval of something that is done to the object with this uid. */
export async function listRequestsAbout(
  client: ClusterClient,
  { namespace, uid, signal }: { readonly namespace: string; readonly uid: string; readonly signal: AbortSignal },
): Promise<readonly ApprovalRequest[]> {
  return listAll(client, APPROVAL_REQUESTS, { namespace, fieldSelector: `spec.target.uid=${uid}`, signal });
}
