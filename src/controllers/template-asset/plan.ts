import { APPROVAL_FINALIZER, FIELD_MANAGERS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { TEMPLATE_ASSETS } from '../../apis/v1alpha1/resources.ts';
import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import type { EventEffect, FinalizerChange, Outcome, Plan } from '../../runtime/plan.ts';
import { noticeHoldMs } from '../approval-status.ts';
import { beginDestruction, endDestruction } from '../destruction.ts';
import { finalizerChange, regardingOf, tellStatus } from '../effects.ts';
import { isGoing, type TemplateAssetSnapshot } from './snapshot.ts';
import { templateAssetStatus } from './status.ts';

const RECHECK_MS = 30_000;

export const DELETE_TEMPLATE_ASSET = 'delete_template_asset';

/**
 * One pass over one TemplateAsset. Its only effect on others is its status: Workspaces read the digest there. One whose deletion
 * waits for an approval goes on as ever; one that nobody uses needs none.
 */
export function planTemplateAsset(snapshot: TemplateAssetSnapshot, now: Date): Plan {
  const { asset, leave } = snapshot;
  const isHeldByUs = (asset.metadata.finalizers ?? []).includes(APPROVAL_FINALIZER);
  if (leave !== undefined && !isHeldByUs) return { outcome: { kind: 'settled' } };
  if (isGoing(snapshot)) return planDeletion(snapshot, now);
  if (!isHeldByUs) {
    return { addFinalizer: changeOf(asset), outcome: { kind: 'progressing', recheckAfterMs: RECHECK_MS } };
  }
  const heldMs = noticeHoldMs(leave, asset, now);
  const told = heldMs > 0 ? {} : tell(snapshot, now);
  const events = told.events ?? newArtifact(snapshot);
  return {
    ...told,
    ...(events.length === 0 ? {} : { events }),
    outcome: heldMs > 0 ? { kind: 'waiting', recheckAfterMs: heldMs } : outcomeOf(snapshot),
  };
}

/** Users of one whose deletion was approved keep the files that they run on. */
function planDeletion(snapshot: TemplateAssetSnapshot, now: Date): Plan {
  const { asset, usedBy, leave, lastFailure } = snapshot;
  const refusal = lastFailure === undefined ? {} : tell(snapshot, now);
  // By itself: an Event goes out with a status that is written, also where the rest of its plan is refused once more.
  if (refusal.status !== undefined) return { ...refusal, outcome: { kind: 'progressing', recheckAfterMs: RECHECK_MS } };
  const destruction = {
    resource: TEMPLATE_ASSETS,
    object: asset,
    action: DELETE_TEMPLATE_ASSET,
    ...(leave?.kind === 'granted' ? { leave } : {}),
  };
  return {
    ...beginDestruction(destruction, { usedBy }),
    ...endDestruction(destruction, {}),
    ...(leave?.kind === 'granted' ? {} : { events: [releasedUnused(asset)] }),
    removeFinalizer: changeOf(asset),
    outcome: { kind: 'settled' },
  };
}

function changeOf(asset: TemplateAsset): FinalizerChange {
  return finalizerChange({
    resource: TEMPLATE_ASSETS,
    object: asset,
    finalizer: APPROVAL_FINALIZER,
    fieldManager: FIELD_MANAGERS.templateAsset,
  });
}

function tell(snapshot: TemplateAssetSnapshot, now: Date): Pick<Plan, 'status' | 'events'> {
  return tellStatus({
    resource: TEMPLATE_ASSETS,
    object: snapshot.asset,
    status: templateAssetStatus(snapshot, now),
    fieldManager: FIELD_MANAGERS.templateAsset,
  });
}

function releasedUnused(asset: TemplateAsset): EventEffect {
  const note = `No Workspace uses TemplateAsset "${asset.metadata.name}", so that nothing is lost and nobody was asked`;
  const regarding = regardingOf(TEMPLATE_ASSETS, asset);
  return { type: 'Normal', reason: REASONS.releasedUnused, action: 'Delete', note, regarding };
}

/** Every revision that agents get from now on is told of, once: the status that names it is written in the same pass. */
function newArtifact({ asset, attempt }: TemplateAssetSnapshot): readonly EventEffect[] {
  if (attempt?.kind !== 'stored') return [];
  const { revision, digest, files } = attempt.artifact;
  const before = asset.status?.artifact;
  if (before?.revision === revision && before.digest === digest) return [];
  const note = `Revision ${revision.slice(0, 12)} is stored: ${files} files`;
  const regarding = regardingOf(TEMPLATE_ASSETS, asset);
  return [{ type: 'Normal', reason: REASONS.artifactStored, action: 'Fetch', note, regarding }];
}

function outcomeOf({ attempt, loss }: TemplateAssetSnapshot): Outcome {
  const due = [attempt, loss].flatMap((look) => (look === undefined ? [] : [look.nextCheckMs]));
  if (due.length === 0) return { kind: 'settled' };
  return { kind: 'waiting', recheckAfterMs: Math.min(...due) };
}
