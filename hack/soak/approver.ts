import { APPROVAL_REQUESTS } from '../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../src/apis/v1alpha1/types.generated.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { decide, isDecidable } from '../bench/approver.ts';
import { NAMESPACE } from '../bench/fleet.ts';
import { peacefully } from './faults.ts';

const EVERY_MS = 1_000;
/** One in so many is denied. */
const DENIED = 6;

/** A human who decides whatever waits, about once a second, until aborted. */
export async function decideAll(approver: KubeClient, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await peacefully(EVERY_MS, signal);
    if (signal.aborted) return;
    try {
      await decideOpen(approver, signal);
    } catch (error) {
      // The apiserver stands still at times; what was not decided now is decided later.
      if (signal.aborted) return;
      console.log(`A decision failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Decides what waits now. */
export async function decideOpen(approver: KubeClient, signal: AbortSignal): Promise<void> {
  const { items } = await approver.list<ApprovalRequest>(APPROVAL_REQUESTS, { namespace: NAMESPACE, signal });
  for (const request of items.filter(isDecidable)) {
    const isDenied = Number.parseInt(request.spec.hash?.slice(0, 4) ?? '', 16) % DENIED === 0;
    await decide(approver, request, { verdict: isDenied ? 'Denied' : 'Approved', signal });
  }
}
