import { APPROVAL_REQUESTS } from '../../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../../src/apis/v1alpha1/types.generated.ts';
import { keyOf } from '../../../src/kube/objects.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import type { MemoryApi } from '../../memory-api/memory-api.ts';
import { follow } from './follow.ts';
import type { SeededRandom } from './random.ts';
import type { Users } from './users.ts';

/** Says yes to every deletion after a while. Sees and says everything straight at the API. */
export function startApprover(options: {
  readonly api: MemoryApi;
  readonly users: Users;
  readonly clock: Clock;
  readonly random: SeededRandom;
}): Disposable {
  const { api, users, clock, random } = options;
  const isOpen = ({ spec, status }: ApprovalRequest): boolean =>
    spec.decision === undefined && status?.phase === 'Pending';
  return follow<ApprovalRequest>(api, APPROVAL_REQUESTS, (request) => {
    if (!isOpen(request)) return;
    const key = keyOf(request);
    clock.schedule(random.between(100, 1_000), () => {
      const live = api.object(APPROVAL_REQUESTS, key) as ApprovalRequest | undefined;
      if (live === undefined || live.metadata.uid !== request.metadata.uid || !isOpen(live)) return;
      const decision = { verdict: 'Approved', hash: live.spec.hash, by: 'approver@example.com' };
      users.patch(APPROVAL_REQUESTS, key, { spec: { decision } });
    });
  });
}
