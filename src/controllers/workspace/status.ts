import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { AGENT_PORT, ANNOTATIONS } from '../../apis/v1alpha1/names.ts';
import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import type { WorkspaceStatus } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { type Progress, rfc3339, summarise } from '../../conditions/summarise.ts';
import type { Assessment, Blocker } from './checks.ts';
import type { ObservedContainer, ObservedPod } from './observed.ts';
import type { ReceivedReport, WorkspaceSnapshot } from './snapshot.ts';

export interface StatusInput {
  readonly snapshot: WorkspaceSnapshot;
  readonly assessment: Assessment;
  readonly progress: Progress;
  /** Said instead of what the Pod shows: it is being made, replaced, conflicts, or its making failed. */
  readonly override?: { readonly reason: Reason; readonly message: string };
  readonly now: Date;
}

const MAX_LISTED_CHANGES = 50;

/** The whole status, computed last and from the snapshot alone; every condition of the kind is always there. */
export function workspaceStatus(input: StatusInput): WorkspaceStatus {
  const { snapshot, assessment, progress, now } = input;
  const { workspace, pod } = snapshot;
  const observed = workspace.status;
  const placement = assessment.placement?.kind === 'placed' ? assessment.placement : undefined;
  const livePod = pod?.metadata.deletionTimestamp === undefined ? pod : undefined;
  const assets = assetsStatus(snapshot, livePod);
  const requestedAt = workspace.metadata.annotations?.[ANNOTATIONS.requestedAt] ?? observed?.lastHandledReconcileAt;
  const conditions = summarise({
    verdicts: workspaceVerdicts(input),
    progress,
    whenReady: { reason: REASONS.workspaceReady, message: 'The agent is ready' },
    observed: observed?.conditions ?? [],
    generation: workspace.metadata.generation ?? 0,
    now,
  });
  const isReady = conditions[0]?.status === 'True';
  return {
    observedGeneration: workspace.metadata.generation ?? 0,
    ...(requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt }),
    id: assessment.id,
    incarnation: assessment.incarnation,
    ...(placement === undefined ? {} : { root: placement.root, depth: placement.depth }),
    ...(placement?.parent === undefined ? {} : { parent: placement.parent }),
    phase: phase(input, isReady),
    ...(snapshot.volume === undefined ? {} : { volumeName: assessment.childName }),
    ...(livePod === undefined ? {} : { podName: assessment.childName }),
    ...(isReady && livePod?.ip !== undefined ? { endpoint: `http://${livePod.ip}:${AGENT_PORT}` } : {}),
    ...(assets === undefined ? {} : { assets }),
    conditions: [...conditions],
  };
}

function workspaceVerdicts({ snapshot, assessment, override }: StatusInput): readonly Verdict[] {
  const { pod } = snapshot;
  const said = override ?? assessment.blocker;
  const livePod = pod?.metadata.deletionTimestamp === undefined ? pod : undefined;
  if (said !== undefined && (override !== undefined || livePod === undefined)) {
    return [...assessment.verdicts, pending(CONDITIONS.materialized, said), pending(CONDITIONS.agentReady, said)];
  }
  return [...assessment.verdicts, materializedVerdict(snapshot, livePod), agentVerdict(livePod)];
}

function pending(type: string, { reason, message }: Pick<Blocker, 'reason' | 'message'>): Verdict {
  return { type, status: 'False', reason, message };
}

/** What each exit code of materialize means to a person; the codes are documented in docs/materialize.md. */
const EXITS: Readonly<Record<number, { readonly reason: Reason; readonly message: string }>> = {
  65: {
    reason: REASONS.assetsRefused,
    message: 'The assets were refused as damaged or forbidden; the volume is untouched',
  },
  73: {
    reason: REASONS.volumeNotWritable,
    message: 'The volume cannot be written; check its free space and its permissions',
  },
  75: { reason: REASONS.assetsUnavailable, message: 'The wanted assets cannot be had now; it is tried again' },
};

function materializedVerdict({ report }: WorkspaceSnapshot, pod: ObservedPod | undefined): Verdict {
  const type = CONDITIONS.materialized;
  const run = pod?.materialize;
  if (pod === undefined)
    return { type, status: 'False', reason: REASONS.creating, message: 'The Pod is being created' };
  if (pod.metadata.annotations?.[ANNOTATIONS.assetsDigest] === undefined)
    return { type, status: 'True', reason: REASONS.templatesOff, message: 'Templates are off' };
  if (run?.state === 'terminated' && run.exitCode === 0)
    return {
      type,
      status: 'True',
      reason: REASONS.materialized,
      message: 'The files of the template lie on the volume',
    };
  if (pod.unschedulable !== undefined)
    return { type, status: 'False', reason: REASONS.unschedulable, message: pod.unschedulable };
  const exit = EXITS[run?.exitCode ?? run?.lastExitCode ?? -1];
  if (exit !== undefined) {
    const why = report?.podUID === pod.metadata.uid ? report?.report.reason : undefined;
    return {
      type,
      status: 'False',
      reason: exit.reason,
      message: why === undefined ? exit.message : `${exit.message}: ${why}`,
    };
  }
  if (run?.reason !== undefined && isPullFailure(run)) return imageVerdict(type, run);
  if ((run?.lastExitCode ?? 0) !== 0) {
    return {
      type,
      status: 'False',
      reason: REASONS.materializeFailed,
      message: `materialize ended with exit code ${run?.lastExitCode}; see its log: kubectl logs ${pod.metadata.name} -c materialize`,
    };
  }
  return {
    type,
    status: 'False',
    reason: REASONS.materializing,
    message: 'The files of the template are being put on the volume',
  };
}

function agentVerdict(pod: ObservedPod | undefined): Verdict {
  const type = CONDITIONS.agentReady;
  const agent = pod?.agent;
  if (pod === undefined)
    return { type, status: 'False', reason: REASONS.creating, message: 'The Pod is being created' };
  if (pod.isReady) return { type, status: 'True', reason: REASONS.agentReady, message: 'The agent serves its card' };
  if (pod.unschedulable !== undefined)
    return { type, status: 'False', reason: REASONS.unschedulable, message: pod.unschedulable };
  if (agent !== undefined && isPullFailure(agent)) return imageVerdict(type, agent);
  if (agent !== undefined && agent.restarts > 0) {
    return {
      type,
      status: 'False',
      reason: REASONS.agentRestarting,
      message: `The agent ended and is starting again; see why: kubectl logs ${pod.metadata.name} -c agent --previous`,
    };
  }
  return { type, status: 'False', reason: REASONS.agentStarting, message: 'The agent does not serve its card yet' };
}

function isPullFailure(container: ObservedContainer): boolean {
  return (
    container.state === 'waiting' &&
    ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'].includes(container.reason ?? '')
  );
}

function imageVerdict(type: string, container: ObservedContainer): Verdict {
  return {
    type,
    status: 'False',
    reason: REASONS.imageNotPulled,
    message: `The image cannot be pulled (${container.reason}); check its name and the Org's spec.defaults.imagePullSecrets`,
  };
}

function phase(
  { snapshot, assessment, progress }: StatusInput,
  isReady: boolean,
): NonNullable<WorkspaceStatus['phase']> {
  const { workspace } = snapshot;
  if (workspace.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (assessment.blocker?.reason === REASONS.suspended) return 'Paused';
  if (isReady) return 'Online';
  if (progress === 'stalled') return 'Failed';
  return workspace.status?.phase === 'Online' || workspace.status?.phase === 'Offline' ? 'Offline' : 'Provisioning';
}

/** What lies on the volume, as far as it is proven: by the last report, else by the Pod's wanted digest. */
function assetsStatus(
  { workspace, template, report }: WorkspaceSnapshot,
  pod: ObservedPod | undefined,
): WorkspaceStatus['assets'] | undefined {
  const before = workspace.status?.assets;
  const fresh = report === undefined ? undefined : reportStatus(report);
  const lastReport = fresh ?? before?.lastReport;
  const healedAt = fresh !== undefined && fresh.changed > 0 ? fresh.time : before?.healedAt;
  const isDone = pod?.materialize?.state === 'terminated' && pod.materialize.exitCode === 0;
  const reported = lastReport?.podUID === pod?.metadata.uid ? lastReport?.digest : undefined;
  const digest = isDone ? (reported ?? pod.metadata.annotations?.[ANNOTATIONS.assetsDigest]) : before?.digest;
  if (digest === undefined && lastReport === undefined) return undefined;
  const published = template?.status?.artifact;
  const { revision, files } = [published, before].find((known) => known?.digest === digest) ?? {};
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(digest === undefined ? {} : { digest }),
    ...(files === undefined ? {} : { files }),
    ...(healedAt === undefined ? {} : { healedAt }),
    ...(lastReport === undefined ? {} : { lastReport }),
  };
}

type LastReport = NonNullable<NonNullable<WorkspaceStatus['assets']>['lastReport']>;

/** Only a run that left the wanted tree is kept; why another one failed stands in the condition Materialized. */
function reportStatus({ podUID, receivedAt, report }: ReceivedReport): LastReport | undefined {
  const { outcome, wantedDigest, changes, changesTotal } = report;
  if ((outcome !== 'changed' && outcome !== 'unchanged') || wantedDigest === undefined) return undefined;
  const byPath = new Map(changes.map((change) => [change.path, change]));
  return {
    time: rfc3339(receivedAt),
    podUID,
    digest: wantedDigest,
    changed: changesTotal,
    changes: [...byPath.values()]
      .slice(0, MAX_LISTED_CHANGES)
      .map(({ path, action, wanted, found }) => ({ path, action, wanted, found })),
  };
}
