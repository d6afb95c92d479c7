import { APPROVAL_FINALIZER, FIELD_MANAGERS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { TEMPLATE_ASSETS } from '../../apis/v1alpha1/resources.ts';
import type { EventEffect, Outcome, Plan } from '../../runtime/plan.ts';
import { finalizerChange, regardingOf, tellStatus } from '../effects.ts';
import type { TemplateAssetSnapshot } from './snapshot.ts';
import { templateAssetStatus } from './status.ts';

const RECHECK_MS = 30_000;

/** One pass over one TemplateAsset. Its only effect on others is its status: Workspaces read the digest there. */
export function planTemplateAsset(snapshot: TemplateAssetSnapshot, now: Date): Plan {
  const { asset, usedBy } = snapshot;
  const hasFinalizer = (asset.metadata.finalizers ?? []).includes(APPROVAL_FINALIZER);
  const finalizer = finalizerChange({
    resource: TEMPLATE_ASSETS,
    object: asset,
    finalizer: APPROVAL_FINALIZER,
    fieldManager: FIELD_MANAGERS.templateAsset,
  });
  if (asset.metadata.deletionTimestamp !== undefined) {
    if (!hasFinalizer) return { outcome: { kind: 'settled' } };
    if (usedBy.length === 0) return { removeFinalizer: finalizer, outcome: { kind: 'settled' } };
  } else if (!hasFinalizer) {
    return { addFinalizer: finalizer, outcome: { kind: 'progressing', recheckAfterMs: RECHECK_MS } };
  }
  const told = tellStatus({
    resource: TEMPLATE_ASSETS,
    object: asset,
    status: templateAssetStatus(snapshot, now),
    fieldManager: FIELD_MANAGERS.templateAsset,
  });
  const events = told.events ?? newArtifact(snapshot);
  return { ...told, ...(events.length === 0 ? {} : { events }), outcome: outcomeOf(snapshot) };
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
