import { ANNOTATIONS } from '../../apis/v1alpha1/names.ts';
import type { WorkspaceStatus } from '../../apis/v1alpha1/types.generated.ts';
import { rfc3339 } from '../../conditions/summarise.ts';
import { keptVersions, latestByPath } from './kept-versions.ts';
import type { ObservedPod } from './observed.ts';
import type { ReceivedReport, WorkspaceSnapshot } from './snapshot.ts';

const MAX_LISTED_CHANGES = 50;

type AssetsStatus = NonNullable<WorkspaceStatus['assets']>;
type LastReport = NonNullable<AssetsStatus['lastReport']>;

/** What lies on the volume, as far as it is proven: by the last report, else by the Pod's wanted digest. */
export function assetsStatus(snapshot: WorkspaceSnapshot, pod: ObservedPod | undefined): AssetsStatus | undefined {
  const before = snapshot.workspace.status?.assets;
  const lastReport = latestReport(snapshot);
  const healedAt = lastReport !== undefined && lastReport.changed > 0 ? lastReport.time : before?.healedAt;
  const isDone = pod?.materialize?.state === 'terminated' && pod.materialize.exitCode === 0;
  const digest = isDone ? deliveredDigest(snapshot, pod) : before?.digest;
  if (digest === undefined && lastReport === undefined) return undefined;
  const published = snapshot.template?.status?.artifact;
  const kept = keptVersions(before?.kept ?? [], snapshot.report);
  const { revision, files } = [published, before].find((known) => known?.digest === digest) ?? {};
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(digest === undefined ? {} : { digest }),
    ...(files === undefined ? {} : { files }),
    ...(healedAt === undefined ? {} : { healedAt }),
    ...(lastReport === undefined ? {} : { lastReport }),
    ...(kept.length === 0 ? {} : { kept }),
  };
}

/**
 * The tree that the Pod's agent was last started on. Its annotation may be ahead of that, because a new revision is announced
 * there and waits for a restart; so it counts only where no run of this Pod has reported.
 */
export function deliveredDigest(snapshot: WorkspaceSnapshot, pod: ObservedPod): string | undefined {
  const report = latestReport(snapshot);
  return report?.podUID === pod.metadata.uid ? report?.digest : pod.metadata.annotations?.[ANNOTATIONS.assetsDigest];
}

/** The last one of a run that left the wanted tree; why another one failed stands in the condition Materialized. */
function latestReport({ workspace, report }: WorkspaceSnapshot): LastReport | undefined {
  return (report === undefined ? undefined : describeReport(report)) ?? workspace.status?.assets?.lastReport;
}

function describeReport({ podUID, receivedAt, report }: ReceivedReport): LastReport | undefined {
  const { outcome, wantedDigest, changes, changesTotal } = report;
  if ((outcome !== 'changed' && outcome !== 'unchanged') || wantedDigest === undefined) return undefined;
  return {
    time: rfc3339(receivedAt),
    podUID,
    digest: wantedDigest,
    changed: changesTotal,
    changes: latestByPath(changes)
      .slice(0, MAX_LISTED_CHANGES)
      .map(({ path, action, wanted, found, keptAt }) => ({
        path,
        action,
        wanted,
        found,
        ...(keptAt === undefined ? {} : { keptAt }),
      })),
  };
}
