import { join } from 'node:path';
import { APPROVAL_REQUESTS } from '../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest, ApprovalRequestDecisionVerdict } from '../../src/apis/v1alpha1/types.generated.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { keyOf } from '../../src/kube/objects.ts';
import { openKubeClient } from '../../src/kube/open-client.ts';
import { ensureCertificate } from '../lib/certificates.ts';
import { endpointOf, writeKubeconfig } from '../lib/kubeconfig.ts';
import type { Rig } from './rig.ts';

const NAME = 'approver';

/** Another user than the one who deletes, because nobody approves what they asked for. */
export async function openApprover({ controlPlane, dir }: Rig): Promise<KubeClient> {
  const pair = await ensureCertificate(controlPlane.pkiDir, {
    name: NAME,
    commonName: NAME,
    organizations: ['system:masters'],
  });
  const file = join(dir, `${NAME}.kubeconfig`);
  const endpoint = await endpointOf(controlPlane.server, controlPlane.caFile);
  await writeKubeconfig({ file, endpoint, credentials: { kind: 'certificate', pair } });
  return openKubeClient({ kubeconfig: file, userAgent: 'bench-approver' }).client;
}

/** Whether a human can decide it now. */
export function isDecidable({ spec, status }: ApprovalRequest): boolean {
  return spec.hash !== undefined && spec.decision === undefined && status?.phase === 'Pending';
}

export async function decide(
  approver: KubeClient,
  request: ApprovalRequest,
  { verdict, signal }: { readonly verdict: ApprovalRequestDecisionVerdict; readonly signal: AbortSignal },
): Promise<void> {
  const decision = { verdict, hash: request.spec.hash, by: NAME };
  const write = { fieldManager: 'bench', signal };
  await approver.patch(APPROVAL_REQUESTS, keyOf(request), { spec: { decision } }, write);
}
