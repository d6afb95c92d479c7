import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { Org, OrgStatus, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { type Progress, summarise } from '../../conditions/summarise.ts';
import { orgID, platformAgentID } from '../../rules/identity.ts';
import { requestedAt } from '../requested-at.ts';

export interface OrgStatusInput {
  readonly org: Org;
  readonly workspaces: readonly Workspace[];
  readonly platformAgent: Workspace | undefined;
  readonly progress: Progress;
  readonly verdicts: readonly Verdict[];
  readonly now: Date;
}

/** The whole status of an Org, from what was observed and not from what was just asked for. */
export function orgStatus(input: OrgStatusInput): OrgStatus {
  const { org, workspaces, platformAgent, progress, verdicts, now } = input;
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
    conditions: [
      ...summarise({
        verdicts,
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
