import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { OrgStatus, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { type Progress, summarise } from '../../conditions/summarise.ts';
import { orgID, platformAgentID } from '../../rules/identity.ts';
import { approvalNotice } from '../approval-status.ts';
import { requestedAt } from '../requested-at.ts';
import type { OrgSnapshot } from './snapshot.ts';

export interface OrgStatusInput {
  readonly snapshot: OrgSnapshot;
  readonly platformAgent: Workspace | undefined;
  readonly progress: Progress;
  readonly verdicts: readonly Verdict[];
  readonly now: Date;
}

/** The whole status of an Org, from what was observed and not from what was just asked for. */
export function orgStatus(input: OrgStatusInput): OrgStatus {
  const { snapshot, platformAgent, progress, verdicts, now } = input;
  const { org, workspaces, leave } = snapshot;
  const guard = guardStatus(snapshot);
  const requested = requestedAt(org.metadata) ?? org.status?.lastHandledReconcileAt;
  const uid = platformAgent?.metadata.uid;
  return {
    observedGeneration: org.metadata.generation ?? 0,
    ...(requested === undefined ? {} : { lastHandledReconcileAt: requested }),
    orgID: orgID(org),
    rootID: platformAgentID(orgID(org)),
    ...(platformAgent === undefined
      ? {}
      : { platformAgentRef: { name: platformAgent.metadata.name, ...(uid === undefined ? {} : { uid }) } }),
    workspaces: {
      total: workspaces.length,
      // The platform agent is nobody's bill (PA-26).
      billable: workspaces.filter((workspace) => workspace.spec.kind !== 'platform').length,
      ready: workspaces.filter(isReady).length,
    },
    ...(guard === undefined ? {} : { guard }),
    ...(snapshot.deletionGrant === undefined ? {} : { deletionGrant: snapshot.deletionGrant }),
    conditions: [
      ...summarise({
        verdicts: [...approvalNotice(leave, org), ...verdicts],
        progress,
        whenReady: { reason: REASONS.orgReady, message: 'The platform agent is ready' },
        observed: org.status?.conditions ?? [],
        generation: org.metadata.generation ?? 0,
        now,
      }),
    ],
  };
}

export function isReady(workspace: Workspace): boolean {
  return readyOf(workspace)?.status === 'True';
}

function readyOf(workspace: Workspace) {
  return workspace.status?.conditions?.find((condition) => condition.type === CONDITIONS.ready);
}

/** `failure`: why the walls could not be put up. */
export function isolationVerdict(isIsolated: boolean, failure: string | undefined): Verdict {
  const type = CONDITIONS.isolationReady;
  if (isIsolated) {
    const message = 'The network policy and the account of the agents are in place';
    return { type, status: 'True', reason: REASONS.isolationReady, message };
  }
  if (failure !== undefined) return { type, status: 'False', reason: REASONS.createFailed, message: failure };
  const message = 'The network policy and the account of the agents are being put in place; no agent starts before';
  return { type, status: 'False', reason: REASONS.creating, message };
}

/** What was found out stays until it is looked at anew, so that a restart of the operator writes nothing. */
function guardStatus({ org, openRoutes }: OrgSnapshot): OrgStatus['guard'] {
  if (openRoutes === undefined) return org.status?.guard;
  return { ready: openRoutes.length === 0, ...(openRoutes.length === 0 ? {} : { openRoutes }) };
}

/** Whether nothing can be destroyed in this Org without an approval. While it is not known, nothing is destroyed at all. */
export function guardVerdict({ org, openRoutes }: OrgSnapshot): Verdict {
  const type = CONDITIONS.guardReady;
  if (openRoutes === undefined) {
    const said = org.status?.conditions?.find((condition) => condition.type === type);
    if (said !== undefined) return { type, status: said.status, reason: said.reason, message: said.message };
    const message = 'The guard has not been examined yet; nothing is destroyed before';
    return { type, status: 'Unknown', reason: REASONS.guardUnknown, message };
  }
  if (openRoutes.length === 0) {
    const message = 'Every known way round the approvals is closed';
    return { type, status: 'True', reason: REASONS.guardReady, message };
  }
  const message = `Nothing is destroyed while a way round the approvals is open: ${openRoutes.join('; ')}`;
  return { type, status: 'False', reason: REASONS.guardOpen, message };
}

export function platformVerdict(agent: Workspace | undefined): Verdict {
  const type = CONDITIONS.platformAgentReady;
  if (agent === undefined)
    return { type, status: 'False', reason: REASONS.creating, message: 'The platform agent is being created' };
  if (isReady(agent))
    return { type, status: 'True', reason: REASONS.platformAgentReady, message: 'The platform agent is ready' };
  if (agent.spec.suspend === true) {
    const message =
      'The platform agent is suspended, and the whole Org with it; set its spec.suspend to false to resume';
    return { type, status: 'False', reason: REASONS.suspended, message };
  }
  const why = readyOf(agent)?.message ?? 'it was created just now';
  return {
    type,
    status: 'False',
    reason: REASONS.platformAgentNotReady,
    message: `The platform agent is not ready: ${why}`,
  };
}
