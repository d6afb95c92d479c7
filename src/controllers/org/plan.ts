import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { APPROVAL_FINALIZER, FIELD_MANAGERS, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { ORGS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import type { Progress } from '../../conditions/summarise.ts';
import { standingOf } from '../../rules/claims.ts';
import { orgID } from '../../rules/identity.ts';
import type { Plan, WriteEffect } from '../../runtime/plan.ts';
import { noticeHoldMs } from '../approval-status.ts';
import { finalizerChange, tellStatus } from '../effects.ts';
import { claimEffects } from '../identities.ts';
import { desiredPlatformAgent, isUpToDate } from './desired.ts';
import { isolationWrites } from './isolation.ts';
import { planDeletion } from './plan-deletion.ts';
import type { OrgSnapshot } from './snapshot.ts';
import { guardVerdict, isolationVerdict, orgStatus, platformVerdict } from './status.ts';

const RECHECK_MS = 30_000;
const RESYNC_MS = 600_000;
/** An examination of the guard comes by itself; who closes what is open is somebody else. */
const GUARD_PROGRESS = { True: 'settled', Unknown: 'progressing', False: 'waiting' } as const;

/**
 * One pass over one Org: finalizer, its walls, its platform agent, counts; the way out once a deletion was approved, and nothing
 * different before.
 */
export function planOrg(snapshot: OrgSnapshot, now: Date): Plan {
  const { org, workspaces, isolation, settings, leave, lastFailure } = snapshot;
  const isHeldByUs = (org.metadata.finalizers ?? []).includes(APPROVAL_FINALIZER);
  if (leave !== undefined && !isHeldByUs) return { outcome: { kind: 'settled' } };
  if (leave?.kind === 'granted') return planDeletion({ ...snapshot, leave }, now);
  if (!isHeldByUs) {
    const addFinalizer = finalizerChange({
      resource: ORGS,
      object: org,
      finalizer: APPROVAL_FINALIZER,
      fieldManager: FIELD_MANAGERS.org,
    });
    return { addFinalizer, outcome: { kind: 'progressing', recheckAfterMs: RECHECK_MS } };
  }
  const platformAgent = workspaces.find((workspace) => workspace.metadata.name === PLATFORM_AGENT_NAME);
  const refusal = refuseID(snapshot);
  const walls = isolationWrites(org.metadata.namespace ?? '', isolation, settings);
  const root = refusal === undefined ? rootWrites(platformAgent, snapshot) : [];
  const tree = [
    isolationVerdict(walls.length === 0, lastFailure?.message),
    refusal ??
      (root.length > 0 && lastFailure !== undefined
        ? createFailed(lastFailure.message)
        : platformVerdict(platformAgent)),
  ];
  const guard = guardVerdict(snapshot);
  const writes = [...walls, ...root];
  const isTreeDone = tree.every(({ status }) => status === 'True');
  const isDone = isTreeDone && guard.status === 'True';
  const isUnderWay = writes.length > 0 || platformAgent === undefined;
  const progress =
    refusal !== undefined
      ? 'stalled'
      : isTreeDone
        ? GUARD_PROGRESS[guard.status]
        : isUnderWay
          ? 'progressing'
          : progressOf(platformAgent);
  const status = orgStatus({ snapshot, platformAgent, progress, verdicts: [...tree, guard], now });
  const heldMs = noticeHoldMs(leave, org, now);
  return {
    writes,
    ...(heldMs > 0 ? {} : tellStatus({ resource: ORGS, object: org, status, fieldManager: FIELD_MANAGERS.org })),
    claims: snapshot.contests.flatMap((contest) => claimEffects(contest, org.metadata.uid ?? '')),
    outcome: isDone
      ? { kind: 'settled', resyncAfterMs: heldMs > 0 ? heldMs : RESYNC_MS }
      : { kind: 'progressing', recheckAfterMs: heldMs > 0 ? heldMs : RECHECK_MS },
  };
}

/** An Org whose id, or whose platform agent's id, is another's makes no platform agent; one that it has stays. */
function refuseID({ org, contests }: OrgSnapshot): Verdict | undefined {
  for (const contest of contests) {
    const standing = standingOf(contest, org.metadata.uid ?? '');
    if (standing.kind !== 'taken') continue;
    const { kind, name } = standing.holder;
    const whose = contest.id === orgID(org) ? 'this Org' : 'the platform agent';
    const message = `The id of ${whose} belongs to ${kind} ${name}; delete this Org and create it again with another spec.orgID, which can be given at creation only`;
    return { type: CONDITIONS.platformAgentReady, status: 'False', reason: REASONS.idTaken, message };
  }
  return undefined;
}

/** One that is going is left to go; the pass that sees it gone makes the next one (PA-1). */
function rootWrites(agent: Workspace | undefined, { org }: OrgSnapshot): readonly WriteEffect[] {
  const isKept = agent !== undefined && (agent.metadata.deletionTimestamp !== undefined || isUpToDate(agent, org));
  if (isKept) return [];
  const wanted = desiredPlatformAgent(org);
  // Whoever was faster may have known a newer Org; a conflict lets the next pass look.
  const { uid = '', resourceVersion = '' } = agent?.metadata ?? {};
  const object = agent === undefined ? wanted : { ...wanted, metadata: { ...wanted.metadata, uid, resourceVersion } };
  return [{ kind: 'apply', resource: WORKSPACES, object, fieldManager: FIELD_MANAGERS.org }];
}

/** An Org is under way, waits or is stuck as its root is. */
function progressOf({ status }: Workspace): Progress {
  const { conditions = [] } = status ?? {};
  const has = (type: string): boolean =>
    conditions.some((condition) => condition.type === type && condition.status === 'True');
  if (has(CONDITIONS.stalled)) return 'stalled';
  return conditions.length === 0 || has(CONDITIONS.reconciling) || has(CONDITIONS.ready) ? 'progressing' : 'waiting';
}

function createFailed(message: string): Verdict {
  return { type: CONDITIONS.platformAgentReady, status: 'False', reason: REASONS.createFailed, message };
}
