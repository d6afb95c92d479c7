import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { AGENT_PORT } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { WorkspacePhase, WorkspaceStatus } from '../../apis/v1alpha1/types.generated.ts';
import type { Condition } from '../../conditions/condition.ts';
import { type Progress, summarise } from '../../conditions/summarise.ts';
import { approvalNotice } from '../approval-status.ts';
import { requestedAt } from '../requested-at.ts';
import { assetsStatus } from './assets-status.ts';
import type { Explanation } from './change.ts';
import type { Assessment } from './checks.ts';
import { type Finding, good, underWay } from './finding.ts';
import { isOurs } from './observed.ts';
import { findAgent, findMaterialized } from './pod-verdicts.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';
import { findVolume } from './volume-verdict.ts';

export interface StatusInput {
  readonly snapshot: WorkspaceSnapshot;
  readonly assessment: Assessment;
  readonly progress: Progress;
  /** Said instead of what the Pod shows: it is being replaced, or conflicts. */
  readonly override?: Explanation;
  readonly now: Date;
}

/** The whole status, computed last and from the snapshot alone; every condition of the kind is always there. */
export function workspaceStatus(input: StatusInput): WorkspaceStatus {
  const { snapshot, assessment, progress, now } = input;
  const { workspace } = snapshot;
  const observed = workspace.status;
  const placement = assessment.placement?.kind === 'placed' ? assessment.placement : undefined;
  const pod = livePod(snapshot, assessment);
  const assets = assetsStatus(snapshot, pod);
  const requested = requestedAt(workspace.metadata) ?? observed?.lastHandledReconcileAt;
  const findings = workspaceFindings(snapshot, assessment, input.override);
  const conditions = summarise({
    verdicts: [...approvalNotice(snapshot.leave, workspace), ...assessment.verdicts, ...findings],
    progress,
    whenReady: whenReady(assessment),
    observed: observed?.conditions ?? [],
    generation: workspace.metadata.generation ?? 0,
    now,
  });
  return {
    observedGeneration: workspace.metadata.generation ?? 0,
    ...(requested === undefined ? {} : { lastHandledReconcileAt: requested }),
    id: assessment.id,
    incarnation: assessment.incarnation,
    ...(placement === undefined ? {} : { root: placement.root, depth: placement.depth }),
    ...(placement?.parent === undefined ? {} : { parent: placement.parent }),
    phase: phase(input, conditions),
    ...(snapshot.volume === undefined && pod === undefined ? {} : { volumeName: assessment.childName }),
    ...(pod === undefined ? {} : { podName: assessment.childName }),
    ...(pod?.isReady === true && pod.ip !== undefined ? { endpoint: `http://${pod.ip}:${AGENT_PORT}` } : {}),
    ...(assets === undefined ? {} : { assets }),
    ...(snapshot.deletionGrant === undefined ? {} : { deletionGrant: snapshot.deletionGrant }),
    conditions: [...conditions],
  };
}

type TypedFinding = Finding & { readonly type: string };

/** VolumeReady, Materialized and AgentReady, in this order; always all three. */
export function workspaceFindings(
  snapshot: WorkspaceSnapshot,
  assessment: Assessment,
  override?: Explanation,
): readonly TypedFinding[] {
  const pod = livePod(snapshot, assessment);
  const seen = { ...snapshot, pod };
  const volume = findVolume(seen, assessment.intent);
  const said = override ?? (pod === undefined ? assessment.blocker : undefined);
  if (said !== undefined) {
    const pending = underWay(said.reason, said.message);
    const isKnown = volume.status === 'True' || assessment.blocker === undefined;
    return typed(isKnown && isOurVolume(snapshot, assessment) ? volume : pending, pending, pending);
  }
  const elsewhere = assessment.blocker === undefined ? findElsewhere(assessment) : undefined;
  if (elsewhere !== undefined) return typed(elsewhere, elsewhere, elsewhere);
  return typed(volume, findMaterialized(seen), findAgent(seen));
}

function typed(volume: Finding, materialized: Finding, agent: Finding): readonly TypedFinding[] {
  return [
    { ...volume, type: CONDITIONS.volumeReady },
    { ...materialized, type: CONDITIONS.materialized },
    { ...agent, type: CONDITIONS.agentReady },
  ];
}

function isOurVolume({ volume }: WorkspaceSnapshot, { incarnation }: Assessment): boolean {
  return volume === undefined || isOurs(volume, incarnation);
}

/** What is said of an agent that needs neither Pod nor volume. */
function findElsewhere({ hosting }: Assessment): Finding | undefined {
  switch (hosting) {
    case 'Pod':
      return undefined;
    case 'External':
      return good(REASONS.externalAgent, 'The runtime is hosted elsewhere; the agent reports by itself');
    case 'Mock':
      return good(REASONS.mockAgent, 'The mock runtime answers without a Pod');
    default:
      return hosting satisfies never;
  }
}

function whenReady(assessment: Assessment): Explanation {
  return findElsewhere(assessment) ?? { reason: REASONS.workspaceReady, message: 'The agent is ready' };
}

/** Nobody is sent to somebody else's Pod that has our name. */
function livePod({ pod }: WorkspaceSnapshot, { incarnation }: Assessment): WorkspaceSnapshot['pod'] {
  const isLive = pod !== undefined && pod.metadata.deletionTimestamp === undefined;
  return isLive && isOurs(pod, incarnation) ? pod : undefined;
}

const WAS_ONLINE: ReadonlySet<string | undefined> = new Set(['Online', 'Degraded', 'Offline']);

/**
 * One word for people, from what the conditions say:
 *
 * | phase         | when                                                                         |
 * |---------------|------------------------------------------------------------------------------|
 * | Terminating   | it is being deleted, also while that waits for an approval                   |
 * | Paused        | it is suspended, or somebody above is                                        |
 * | AwaitingAgent | Ready, and hosted elsewhere: it has to report by itself                      |
 * | Online        | Ready; also while a change is carried out that does not take the agent away  |
 * | Degraded      | the agent serves, and something else is wrong                                |
 * | Failed        | only another spec can help, or an agent that was never up does not come up   |
 * | Offline       | it was up and is not                                                         |
 * | Provisioning  | it is being made, or waits for what has to be there first                    |
 */
function phase({ snapshot, assessment, progress }: StatusInput, conditions: readonly Condition[]): WorkspacePhase {
  const { metadata, status } = snapshot.workspace;
  const isTrue = (type: string): boolean =>
    conditions.some((condition) => condition.type === type && condition.status === 'True');
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (assessment.blocker?.stopsAgent === true && assessment.blocker.kind === 'waiting') return 'Paused';
  if (isTrue(CONDITIONS.ready)) return assessment.hosting === 'External' ? 'AwaitingAgent' : 'Online';
  if (isTrue(CONDITIONS.agentReady)) return progress === 'progressing' ? 'Online' : 'Degraded';
  if (progress === 'stalled') return 'Failed';
  if (WAS_ONLINE.has(status?.phase)) return 'Offline';
  return progress === 'waiting' && assessment.blocker === undefined ? 'Failed' : 'Provisioning';
}
