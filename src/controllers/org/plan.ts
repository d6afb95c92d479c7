import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { APPROVAL_FINALIZER, FIELD_MANAGERS, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { ORGS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Progress } from '../../conditions/summarise.ts';
import type { Plan } from '../../runtime/plan.ts';
import { deleteLive, finalizerChange, statusWrite } from '../effects.ts';
import { desiredPlatformAgent, isUpToDate } from './desired.ts';
import type { OrgSnapshot } from './snapshot.ts';
import { isReady, type OrgStatusInput, orgStatus } from './status.ts';

const RECHECK_MS = 30_000;
const RESYNC_MS = 600_000;

/** One pass over one Org: finalizer, its platform agent, counts; in a deletion the children first and the root last. */
export function planOrg(snapshot: OrgSnapshot, now: Date): Plan {
  const { org, workspaces } = snapshot;
  const hasFinalizer = (org.metadata.finalizers ?? []).includes(APPROVAL_FINALIZER);
  const finalizer = finalizerChange({
    resource: ORGS,
    object: org,
    finalizer: APPROVAL_FINALIZER,
    fieldManager: FIELD_MANAGERS.org,
  });
  if (org.metadata.deletionTimestamp !== undefined) {
    return hasFinalizer
      ? { ...planDeletion(snapshot, now), ...(workspaces.length === 0 ? { removeFinalizer: finalizer } : {}) }
      : { outcome: { kind: 'settled' } };
  }
  if (!hasFinalizer) return { addFinalizer: finalizer, outcome: { kind: 'progressing', recheckAfterMs: RECHECK_MS } };

  const platformAgent = workspaces.find((workspace) => workspace.metadata.name === PLATFORM_AGENT_NAME);
  const isDone = platformAgent !== undefined && isReady(platformAgent);
  const failed =
    snapshot.lastFailure === undefined
      ? {}
      : { override: { reason: REASONS.createFailed, message: snapshot.lastFailure } };
  return {
    writes: needsApply(platformAgent, snapshot)
      ? [{ kind: 'apply', resource: WORKSPACES, object: desiredPlatformAgent(org), fieldManager: FIELD_MANAGERS.org }]
      : [],
    ...status(snapshot, { platformAgent, progress: isDone ? 'settled' : progressOf(platformAgent), now, ...failed }),
    outcome: isDone
      ? { kind: 'settled', resyncAfterMs: RESYNC_MS }
      : { kind: 'progressing', recheckAfterMs: RECHECK_MS },
  };
}

/** An Org is stuck exactly when its root is: only another spec can help then. */
function progressOf(agent: Workspace | undefined): Progress {
  const isStalled = agent?.status?.conditions?.some(
    ({ type, status }) => type === CONDITIONS.stalled && status === 'True',
  );
  return isStalled === true ? 'stalled' : 'progressing';
}

/** One that is going is left to go; the pass that sees it gone makes the next one (PA-1). */
function needsApply(agent: Workspace | undefined, { org }: OrgSnapshot): boolean {
  if (agent === undefined) return true;
  return agent.metadata.deletionTimestamp === undefined && !isUpToDate(agent, org);
}

function planDeletion(snapshot: OrgSnapshot, now: Date): Plan {
  const { workspaces } = snapshot;
  const children = workspaces.filter((workspace) => workspace.metadata.name !== PLATFORM_AGENT_NAME);
  const next = children.length > 0 ? children : workspaces;
  const platformAgent = workspaces.find((workspace) => workspace.metadata.name === PLATFORM_AGENT_NAME);
  const override = {
    reason: REASONS.deletingChildren,
    message: 'The Org goes when its Workspaces are gone, the platform agent last',
  };
  return {
    deletes: next.flatMap((workspace) => deleteLive(WORKSPACES, workspace)),
    ...(workspaces.length === 0 ? {} : status(snapshot, { platformAgent, progress: 'progressing', override, now })),
    outcome: { kind: 'progressing', recheckAfterMs: RECHECK_MS },
  };
}

function status(
  { org, workspaces }: OrgSnapshot,
  input: Omit<OrgStatusInput, 'org' | 'workspaces'>,
): Pick<Plan, 'status'> {
  const write = statusWrite({
    resource: ORGS,
    object: org,
    status: orgStatus({ org, workspaces, ...input }),
    fieldManager: FIELD_MANAGERS.org,
  });
  return write === undefined ? {} : { status: write };
}
