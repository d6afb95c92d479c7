import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { BREAK_GLASS_OPERATION } from '../../apis/v1alpha1/names.ts';
import { APPROVAL_REQUESTS } from '../../apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import type { Outcome, Plan } from '../../runtime/plan.ts';
import { deleteLive } from '../effects.ts';
import type { ApprovalSnapshot } from './snapshot.ts';
import { tellRequest } from './status.ts';

/** How long a finished request can be looked at. The audit chain of the ledger keeps what it says for good. */
const KEPT_MS = 720 * 3_600_000;

/** The finished requests: an edit is answered for, and those that ended long ago go. `outcome`: when else there is something to do. */
export function planUpkeep(snapshot: ApprovalSnapshot, outcome: Outcome, now: Date): Plan {
  const finished = snapshot.requests.flatMap((request) => {
    const concluded = concludedOf(request);
    return concluded === undefined ? [] : [{ request, ...concluded }];
  });
  for (const { request, reason, message } of finished) {
    const telling = {
      request,
      events: [],
      isConcluded: true,
      reason,
      message,
      progress: 'settled',
    } as const;
    const told = tellRequest(telling, { sights: new Map(), now });
    if (told.status !== undefined) return { ...told, outcome: { kind: 'progressing', recheckAfterMs: 0 } };
  }
  const expendable = finished.filter(({ request }) => !isNeeded(request, snapshot));
  const dueMs = expendable.map(({ lastTransitionTime }) => Date.parse(lastTransitionTime) + KEPT_MS - now.getTime());
  const due = expendable.filter((_each, index) => (dueMs[index] ?? 0) <= 0);
  const later = dueMs.filter((ms) => ms > 0);
  return {
    ...(due.length === 0 ? {} : { deletes: due.flatMap(({ request }) => deleteLive(APPROVAL_REQUESTS, request)) }),
    outcome: sooner(outcome, Math.min(...later)),
  };
}

function concludedOf({ status }: ApprovalRequest) {
  return status?.conditions?.find(
    (condition) => condition.type === CONDITIONS.concluded && condition.status === 'True',
  );
}

/** Its object lives on this leave, or the ledger has yet to hear of it. */
function isNeeded({ spec, status }: ApprovalRequest, { target }: ApprovalSnapshot): boolean {
  if (status?.phase !== 'Consumed') return false;
  return target?.object.metadata.uid === spec.target.uid || status.operationID === BREAK_GLASS_OPERATION;
}

const MOST_MS = 86_400_000;

function sooner(outcome: Outcome, dueMs: number): Outcome {
  const ms = Math.min(dueMs, MOST_MS);
  if (dueMs === Number.POSITIVE_INFINITY) return outcome;
  switch (outcome.kind) {
    case 'progressing':
    case 'waiting':
      return { ...outcome, recheckAfterMs: Math.min(outcome.recheckAfterMs, ms) };
    default:
      return { kind: 'waiting', recheckAfterMs: ms };
  }
}
