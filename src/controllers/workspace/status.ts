import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { AGENT_PORT, ANNOTATIONS } from '../../apis/v1alpha1/names.ts';
import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import type { WorkspaceStatus } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { type Progress, rfc3339, summarise } from '../../conditions/summarise.ts';
import type { Blocker } from './blocker.ts';
import type { Assessment } from './checks.ts';
import type { ObservedPod } from './observed.ts';
import { agentVerdict, materializedVerdict } from './pod-verdicts.ts';
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
  return [...assessment.verdicts, materializedVerdict(livePod, snapshot.report), agentVerdict(livePod)];
}

function pending(type: string, { reason, message }: Pick<Blocker, 'reason' | 'message'>): Verdict {
  return { type, status: 'False', reason, message };
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
