import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { TemplateAssetStatus } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { type Progress, summarise } from '../../conditions/summarise.ts';
import { approvalNotice } from '../approval-status.ts';
import { requestedAt } from '../requested-at.ts';
import { publicationHistory } from './history.ts';
import { type Attempt, isGoing, type TemplateAssetSnapshot } from './snapshot.ts';

/** The whole status. A failed attempt leaves the artifact: the last good revision stays live and Ready says why it is not the newest. */
export function templateAssetStatus(snapshot: TemplateAssetSnapshot, now: Date): TemplateAssetStatus {
  const { asset, attempt } = snapshot;
  const generation = asset.metadata.generation ?? 0;
  const handled = handledRequest(snapshot);
  const artifact = attempt?.kind === 'stored' ? attempt.artifact : asset.status?.artifact;
  const { progress, ...verdict } = judge(snapshot);
  return {
    observedGeneration: generation,
    ...(handled === undefined ? {} : { lastHandledReconcileAt: handled }),
    ...(artifact === undefined ? {} : { artifact }),
    ...publicationHistory(asset.status?.history, artifact, now),
    ...(attempt?.kind === 'failed' ? { lastAttempt: lastAttempt(attempt) } : {}),
    ...(snapshot.deletionGrant === undefined ? {} : { deletionGrant: snapshot.deletionGrant }),
    conditions: [
      ...summarise({
        verdicts: [
          ...(isGoing(snapshot) ? [] : approvalNotice(snapshot.leave, asset)),
          ...sourceVerified(snapshot, verdict),
          { type: CONDITIONS.artifactReady, ...verdict },
        ],
        progress,
        whenReady: { reason: verdict.reason, message: verdict.message },
        observed: asset.status?.conditions ?? [],
        generation,
        now,
      }),
    ],
  };
}

/** Only a look at the source answers a request for one; who asked while it is suspended is answered when it no longer is. */
function handledRequest({ asset, attempt }: TemplateAssetSnapshot): string | undefined {
  const requested = requestedAt(asset.metadata);
  return (attempt === undefined ? undefined : requested) ?? asset.status?.lastHandledReconcileAt;
}

type Failed = Extract<Attempt, { readonly kind: 'failed' }>;

function lastAttempt({ revision, reason }: Failed): NonNullable<TemplateAssetStatus['lastAttempt']> {
  return { reason, ...(revision === undefined ? {} : { revision }) };
}

/** Says nothing where nothing was looked at: what was proved before was proved to another spec. */
function sourceVerified(
  { asset, attempt }: TemplateAssetSnapshot,
  { reason, message }: Pick<Verdict, 'reason' | 'message'>,
): readonly Verdict[] {
  if (asset.spec.verify === undefined || attempt === undefined) return [];
  const type = CONDITIONS.sourceVerified;
  if (attempt.proof !== undefined) return [{ type, status: 'True', ...attempt.proof }];
  if (attempt.kind === 'stored') return [];
  return [{ type, status: attempt.isUnproved === true ? 'False' : 'Unknown', reason, message }];
}

type Judgement = Omit<Verdict, 'type'> & { readonly progress: Progress };

function judge(snapshot: TemplateAssetSnapshot): Judgement {
  const { asset, attempt, lastFailure } = snapshot;
  if (isGoing(snapshot)) {
    const { reason = REASONS.terminating, message } = lastFailure ?? { message: 'It is being deleted' };
    return no(reason, message, 'progressing');
  }
  if (attempt?.kind === 'failed') return judgeFailed(snapshot, attempt);
  if (attempt?.kind === 'stored') {
    const { revision, files } = attempt.artifact;
    return yes(REASONS.artifactStored, `Revision ${short(revision)} is stored: ${files} files`);
  }
  return asset.spec.auth === 'disabled' ? judgeDisabled(snapshot) : judgeSuspended(snapshot);
}

function judgeFailed(
  { asset, loss }: TemplateAssetSnapshot,
  { revision, reason, message, isFinal }: Failed,
): Judgement {
  const live = asset.status?.artifact?.revision;
  const what = revision === undefined ? message : `Revision ${short(revision)} failed: ${message}`;
  const kept = live === undefined ? '' : `; revision ${short(live)} ${loss === undefined ? 'stays live' : LOST}`;
  return no(reason, `${what}${kept}`, isFinal ? 'stalled' : 'waiting');
}

const LOST = 'is live and lost from the store, so agents that start wait for it';

function judgeDisabled({ asset, loss }: TemplateAssetSnapshot): Judgement {
  const live = asset.status?.artifact?.revision;
  const what = 'spec.auth is disabled, so nothing is fetched';
  if (live !== undefined && loss === undefined)
    return yes(REASONS.fetchDisabled, `${what}; revision ${short(live)} stays live`);
  const lost = live === undefined ? '' : `; revision ${short(live)} ${LOST}`;
  return no(REASONS.fetchDisabled, `${what}; set it to token or anonymous${lost}`, 'stalled');
}

function judgeSuspended({ asset, loss }: TemplateAssetSnapshot): Judgement {
  const live = asset.status?.artifact?.revision;
  if (live === undefined)
    return no(REASONS.suspended, 'Suspended before anything was fetched; set spec.suspend to false', 'waiting');
  if (loss === undefined) return yes(REASONS.suspended, `Suspended; revision ${short(live)} stays live`);
  return no(REASONS.artifactLost, `Revision ${short(live)} ${LOST}: ${loss.message}`, 'waiting');
}

function yes(reason: string, message: string): Judgement {
  return { status: 'True', reason, message, progress: 'settled' };
}

function no(reason: string, message: string, progress: Progress): Judgement {
  return { status: 'False', reason, message, progress };
}

function short(revision: string): string {
  return revision.slice(0, 12);
}
