import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { ANNOTATIONS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { TemplateAssetStatus } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { type Progress, summarise } from '../../conditions/summarise.ts';
import type { Attempt, TemplateAssetSnapshot } from './snapshot.ts';

/** The whole status. A failed attempt leaves the artifact: the last good revision stays live and Ready says why it is not the newest. */
export function templateAssetStatus(
  snapshot: TemplateAssetSnapshot,
  options: { readonly progress: Progress; readonly now: Date },
): TemplateAssetStatus {
  const { asset, attempt } = snapshot;
  const generation = asset.metadata.generation ?? 0;
  const requestedAt = asset.metadata.annotations?.[ANNOTATIONS.requestedAt] ?? asset.status?.lastHandledReconcileAt;
  const artifact = attempt?.kind === 'stored' ? attempt.artifact : asset.status?.artifact;
  const verdict = artifactVerdict(snapshot);
  return {
    observedGeneration: generation,
    ...(requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt }),
    ...(artifact === undefined ? {} : { artifact }),
    ...(attempt?.kind === 'failed' ? { lastAttempt: lastAttempt(attempt) } : {}),
    conditions: [
      ...summarise({
        verdicts: [verdict],
        progress: options.progress,
        whenReady: { reason: verdict.reason, message: verdict.message },
        observed: asset.status?.conditions ?? [],
        generation,
        now: options.now,
      }),
    ],
  };
}

function lastAttempt({
  revision,
  reason,
}: Attempt & { readonly kind: 'failed' }): NonNullable<TemplateAssetStatus['lastAttempt']> {
  return { reason, ...(revision === undefined ? {} : { revision }) };
}

function artifactVerdict({ asset, attempt, usedBy }: TemplateAssetSnapshot): Verdict {
  const type = CONDITIONS.artifactReady;
  const live = asset.status?.artifact;
  if (asset.metadata.deletionTimestamp !== undefined) {
    const message = `Still used by ${usedBy.map((name) => `"${name}"`).join(', ')}; it goes when no Workspace names it`;
    return { type, status: 'False', reason: REASONS.inUse, message };
  }
  if (attempt?.kind === 'stored') {
    const { revision, files } = attempt.artifact;
    return {
      type,
      status: 'True',
      reason: REASONS.artifactStored,
      message: `Revision ${revision.slice(0, 12)} is stored: ${files} files`,
    };
  }
  if (attempt?.kind === 'failed') {
    const kept = live === undefined ? '' : `; revision ${live.revision.slice(0, 12)} stays live`;
    return { type, status: 'False', reason: attempt.reason, message: `${attempt.message}${kept}` };
  }
  if (asset.spec.suspend === true && live !== undefined) {
    return {
      type,
      status: 'True',
      reason: REASONS.suspended,
      message: `Suspended; revision ${live.revision.slice(0, 12)} stays live`,
    };
  }
  return asset.spec.suspend === true
    ? {
        type,
        status: 'False',
        reason: REASONS.suspended,
        message: 'Suspended before anything was fetched; set spec.suspend to false',
      }
    : {
        type,
        status: 'False',
        reason: REASONS.fetchDisabled,
        message: 'spec.auth is disabled, so nothing is fetched; set it to token or anonymous',
      };
}
