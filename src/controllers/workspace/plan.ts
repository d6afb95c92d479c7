import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { APPROVAL_FINALIZER, FIELD_MANAGERS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { PODS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { Progress } from '../../conditions/summarise.ts';
import type { EventEffect, Outcome, Plan } from '../../runtime/plan.ts';
import { noticeHoldMs } from '../approval-status.ts';
import { deleteLive, finalizerChange, regardingOf, tellStatus } from '../effects.ts';
import { claimEffects } from '../identities.ts';
import type { Change } from './change.ts';
import { type Assessment, assess } from './checks.ts';
import { claimantUID } from './identify.ts';
import { isOurs } from './observed.ts';
import { createChildren, overseePod } from './oversee-pod.ts';
import { planDeletion } from './plan-deletion.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';
import { workspaceFindings, workspaceStatus } from './status.ts';

const RECHECK_MS = 30_000;
const RESYNC_MS = 600_000;
/** A state that ends within this time is not written: one status write until Ready (design, section 5). */
const HOLD_MS = 2_000;

/**
 * One pass over one Workspace: finalizer, volume, Pod, status; the way out once a deletion was approved. One that waits for its
 * approval, or for whatever else has to be back first, changes nothing for the agent.
 */
export function planWorkspace(snapshot: WorkspaceSnapshot, now: Date): Plan {
  const { workspace, leave } = snapshot;
  const isHeldByUs = (workspace.metadata.finalizers ?? []).includes(APPROVAL_FINALIZER);
  if (leave !== undefined && !isHeldByUs) return { outcome: { kind: 'settled' } };
  if (leave?.kind === 'granted') return planDeletion({ ...snapshot, leave }, now);
  if (!isHeldByUs) {
    const addFinalizer = finalizerChange({
      resource: WORKSPACES,
      object: workspace,
      finalizer: APPROVAL_FINALIZER,
      fieldManager: FIELD_MANAGERS.workspace,
    });
    return { addFinalizer, outcome: { kind: 'progressing', recheckAfterMs: RECHECK_MS } };
  }
  const assessment = assess(snapshot);
  const change = decideChange(snapshot, { assessment, now });
  const canWait = change.isFleeting === true && snapshot.lastFailure === undefined;
  const heldMs = Math.max(
    canWait ? remainingHoldMs(snapshot, assessment, now) : 0,
    noticeHoldMs(leave, workspace, now),
  );
  const told = heldMs > 0 ? {} : tell(snapshot, { assessment, change, now });
  const events = [...(change.news === undefined ? [] : [newsEvent(snapshot, change.news)]), ...(told.events ?? [])];
  return {
    ...told,
    ...(change.writes === undefined ? {} : { writes: change.writes }),
    ...(change.deletes === undefined ? {} : { deletes: change.deletes }),
    ...(events.length === 0 ? {} : { events }),
    claims: claimEffects(snapshot.contest, claimantUID(workspace, snapshot.org)),
    outcome: outcomeOf(change.progress, nextLook(snapshot, { assessment, change, heldMs })),
  };
}

function decideChange(
  snapshot: WorkspaceSnapshot,
  context: { readonly assessment: Assessment; readonly now: Date },
): Change {
  const { assessment, now } = context;
  const { pod, volume } = snapshot;
  const { intent, blocker, hosting, incarnation, childName } = assessment;
  if ([pod, volume].some((child) => child !== undefined && !isOurs(child, incarnation))) {
    const message = `A Pod or volume named "${childName}" exists and belongs to another Workspace; remove it or use another metadata.name`;
    return { progress: 'stalled', override: { reason: REASONS.volumeConflict, message } };
  }
  if (blocker !== undefined) {
    return {
      progress: blocker.kind,
      isFleeting: blocker.kind !== 'stalled' && blocker.stopsAgent !== true,
      ...(blocker.stopsAgent === true ? { deletes: deleteLive(PODS, pod) } : {}),
    };
  }
  if (hosting !== 'Pod') return leaveToOthers(snapshot);
  if (intent === undefined) return { progress: 'waiting' };
  if (pod === undefined) {
    const progress = snapshot.lastFailure === undefined ? 'progressing' : 'waiting';
    return { progress, isFleeting: true, writes: createChildren(snapshot, intent) };
  }
  const findings = workspaceFindings(snapshot, assessment);
  return overseePod({ ...snapshot, pod }, { intent, findings, now });
}

/** The agent runs elsewhere: a Pod from before goes, its volume stays. */
function leaveToOthers({ pod }: WorkspaceSnapshot): Change {
  if (pod === undefined) return { progress: 'settled' };
  const message = 'The Pod of before ends, because the runtime is hosted elsewhere now; the volume stays';
  const why = { reason: REASONS.stopping, message };
  const deletes = deleteLive(PODS, pod);
  return { progress: 'progressing', deletes, override: why, ...(deletes.length === 0 ? {} : { news: why }) };
}

function tell(
  snapshot: WorkspaceSnapshot,
  { assessment, change, now }: { readonly assessment: Assessment; readonly change: Change; readonly now: Date },
): Pick<Plan, 'status' | 'events'> {
  const { progress, override } = change;
  const said = override === undefined ? {} : { override };
  return tellStatus({
    resource: WORKSPACES,
    object: snapshot.workspace,
    status: workspaceStatus({ snapshot, assessment, progress, now, ...said }),
    fieldManager: FIELD_MANAGERS.workspace,
  });
}

function newsEvent({ workspace }: WorkspaceSnapshot, { reason, message }: NonNullable<Change['news']>): EventEffect {
  return { type: 'Normal', reason, action: 'ReplacePod', note: message, regarding: regardingOf(WORKSPACES, workspace) };
}

/**
 * Milliseconds for which the state may be over soon: since the Workspace was applied, perhaps together with what it waits for;
 * since its Org was first looked at, which is walled a moment later; since its Pod was made; since that stopped being ready.
 * Those times have whole seconds, so that a state is held for one to two; and never longer, however far the clocks of
 * operator and node are apart.
 */
function remainingHoldMs({ workspace, org, pod }: WorkspaceSnapshot, { blocker }: Assessment, now: Date): number {
  if (pod === undefined && blocker === undefined) return HOLD_MS;
  const waitsForOrg = blocker?.reason === REASONS.orgNotReady;
  const isolation = org?.status?.conditions?.find(({ type }) => type === CONDITIONS.isolationReady);
  if (waitsForOrg && isolation === undefined) return HOLD_MS;
  const begun = [
    (pod ?? workspace).metadata.creationTimestamp,
    pod?.notReadySince,
    waitsForOrg ? isolation?.lastTransitionTime : undefined,
  ];
  const since = begun.map((time) => Date.parse(time ?? '') || 0);
  return Math.min(HOLD_MS, Math.max(...since) + HOLD_MS - now.getTime());
}

interface NextLook {
  readonly recheckAfterMs: number;
  readonly resyncAfterMs: number;
}

function nextLook(
  { report }: WorkspaceSnapshot,
  { assessment, change, heldMs }: { readonly assessment: Assessment; readonly change: Change; readonly heldMs: number },
): NextLook {
  const moreInMs = report?.moreInMs ?? Number.POSITIVE_INFINITY;
  const recheckMs = heldMs > 0 ? heldMs : change.recheckMs;
  return {
    recheckAfterMs: Math.min(recheckMs ?? RECHECK_MS, moreInMs),
    resyncAfterMs: Math.min(recheckMs ?? assessment.recheckMs ?? RESYNC_MS, moreInMs),
  };
}

function outcomeOf(progress: Progress, { recheckAfterMs, resyncAfterMs }: NextLook): Outcome {
  switch (progress) {
    case 'settled':
      return { kind: 'settled', resyncAfterMs };
    case 'progressing':
      return { kind: 'progressing', recheckAfterMs };
    case 'waiting':
      return { kind: 'waiting', recheckAfterMs: resyncAfterMs };
    case 'stalled':
      return { kind: 'stalled' };
    default:
      return progress satisfies never;
  }
}
