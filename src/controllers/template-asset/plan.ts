import { APPROVAL_FINALIZER, FIELD_MANAGERS } from '../../apis/v1alpha1/names.ts';
import { TEMPLATE_ASSETS } from '../../apis/v1alpha1/resources.ts';
import type { Progress } from '../../conditions/summarise.ts';
import type { Outcome, Plan } from '../../runtime/plan.ts';
import { finalizerChange, statusWrite } from '../effects.ts';
import type { Attempt, TemplateAssetSnapshot } from './snapshot.ts';
import { templateAssetStatus } from './status.ts';

const RECHECK_MS = 30_000;

/** One pass over one TemplateAsset. Its only effect on others is its status: Workspaces read the digest there. */
export function planTemplateAsset(snapshot: TemplateAssetSnapshot, now: Date): Plan {
  const { asset, usedBy, attempt } = snapshot;
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
  const progress: Progress = attempt?.kind === 'stored' ? 'settled' : 'waiting';
  const status = templateAssetStatus(snapshot, { progress, now });
  const write = statusWrite({
    resource: TEMPLATE_ASSETS,
    object: asset,
    status,
    fieldManager: FIELD_MANAGERS.templateAsset,
  });
  return { ...(write === undefined ? {} : { status: write }), outcome: outcomeOf(attempt) };
}

function outcomeOf(attempt: Attempt | undefined): Outcome {
  if (attempt === undefined) return { kind: 'settled' };
  if (attempt.kind === 'stored') return { kind: 'settled', resyncAfterMs: attempt.nextCheckMs };
  return { kind: 'waiting', recheckAfterMs: attempt.nextCheckMs };
}
