import { ANNOTATIONS, FIELD_MANAGERS, LABELS, VOLUME_FINALIZER } from '../../apis/v1alpha1/names.ts';
import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import { PERSISTENT_VOLUME_CLAIMS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import { keyOf } from '../../kube/objects.ts';
import type { EventEffect, Outcome, Plan, WriteEffect } from '../../runtime/plan.ts';
import { deleteLive } from '../effects.ts';
import {
  createAgain,
  identify,
  isIdentified,
  isOurs,
  repairManagedFields,
  restoredEvent,
} from '../restoration/come-back.ts';
import { stableWords } from '../restoration/probe.ts';
import { identityOf, type Restorable } from '../restoration/restorable.ts';
import type { ObservedVolume } from '../workspace/observed.ts';
import type { RetainedVolumeSnapshot, Work } from './snapshot.ts';

const RECHECK_MS = 60_000;
/** Timers hold no more than 24 days, and a clock may be put right meanwhile. */
const LONGEST_PAUSE_MS = 86_400_000;
const NEXT: Outcome = { kind: 'progressing', recheckAfterMs: 0 };
const SETTLED: Outcome = { kind: 'settled' };

type Asked = Extract<Work, { readonly kind: 'asked-back' }>;

/**
 * What becomes of a volume whose Workspace was deleted: it waits for its time, and is then erased under the approval of that
 * deletion; or it is asked back, and the Workspace is made again around it. One step per pass, each with the version that was read
 * as its precondition, so that of an erasure and a restoration at the same moment only one goes through, and before the DELETE
 * itself nothing is lost.
 */
export function planRetainedVolume(snapshot: RetainedVolumeSnapshot, now: Date): Plan {
  const { volume, work } = snapshot;
  switch (work.kind) {
    case 'kept': {
      const { untilMs } = work;
      if (untilMs === undefined) return { outcome: SETTLED };
      return { outcome: { kind: 'waiting', recheckAfterMs: Math.min(untilMs, LONGEST_PAUSE_MS) } };
    }
    case 'in-use':
      if (work.isGoing) return { outcome: { kind: 'waiting', recheckAfterMs: RECHECK_MS } };
      return { writes: [unmark(volume, {})], outcome: SETTLED };
    case 'due':
      if (!work.mayErase) return { outcome: { kind: 'waiting', recheckAfterMs: RECHECK_MS } };
      return erase(volume);
    case 'asked-back':
      return restore(snapshot, work, now);
    default:
      return work satisfies never;
  }
}

/** The finalizer first: until the DELETE the volume can still be asked back, and after it never. */
function erase(volume: ObservedVolume): Plan {
  const { finalizers = [], deletionTimestamp } = volume.metadata;
  const events = [told(volume, { type: 'Normal', reason: REASONS.volumeErased, note: ERASED })];
  if (!finalizers.includes(VOLUME_FINALIZER)) {
    const deletes = deleteLive(PERSISTENT_VOLUME_CLAIMS, volume);
    return deletes.length === 0 ? { outcome: SETTLED } : { deletes, events, outcome: SETTLED };
  }
  const remaining = finalizers.filter((finalizer) => finalizer !== VOLUME_FINALIZER);
  const writes = [patch(volume, { finalizers: remaining })];
  // Somebody deleted it before its time, and the finalizer was all that held it.
  return deletionTimestamp === undefined ? { writes, outcome: NEXT } : { writes, events, outcome: SETTLED };
}

const ERASED = 'The volume of a deleted Workspace is erased: its time is over, and the deletion was approved';

function restore({ volume, lastFailure }: RetainedVolumeSnapshot, { kept, heir }: Asked, now: Date): Plan {
  const { labels = {}, finalizers = [], deletionTimestamp } = volume.metadata;
  if (labels[LABELS.expires] === undefined) return refuse(volume, 'It is not the volume of a deleted Workspace');
  if (deletionTimestamp !== undefined) return refuse(volume, 'The volume is being erased already');
  if (kept === undefined || kept.kind !== WORKSPACES.kind)
    return refuse(
      volume,
      'The ledger knows of no Workspace of this namespace whose volume it is; create one and copy the data from the volume',
    );
  const { name } = kept.metadata;
  if (!finalizers.includes(VOLUME_FINALIZER) || labels[LABELS.workspace] !== name) {
    const held = [...finalizers.filter((finalizer) => finalizer !== VOLUME_FINALIZER), VOLUME_FINALIZER];
    return { writes: [patch(volume, { finalizers: held, labels: { [LABELS.workspace]: name } })], outcome: NEXT };
  }
  if (heir === undefined) {
    if (lastFailure !== undefined) return refuse(volume, stableWords(lastFailure.message));
    return { writes: [createAgain(WORKSPACES, kept)], outcome: NEXT };
  }
  return settleHeir(volume, { kept, heir }, now);
}

/** A new Workspace never gets the data of a dead namesake: only one that we made, or that has the data already, is its heir. */
function settleHeir(
  volume: ObservedVolume,
  { kept, heir }: { readonly kept: Restorable; readonly heir: Restorable },
  now: Date,
): Plan {
  const identity = identityOf(kept);
  const hasData = heir.status?.incarnation === identity.incarnation;
  const isMadeByUs = heir.status?.incarnation === undefined && isOurs(heir);
  if (!hasData && !isMadeByUs)
    return refuse(
      volume,
      `Another Workspace "${kept.metadata.name}" exists; delete or rename that first, then ask again`,
    );
  // The dead one itself is still on its way out: its volume stays marked.
  if (heir.metadata.deletionTimestamp !== undefined && !isOurs(heir))
    return { outcome: { kind: 'waiting', recheckAfterMs: RECHECK_MS } };
  if (!isIdentified(heir, identity)) {
    const fieldManager = FIELD_MANAGERS.workspace;
    const status = identify({
      resource: WORKSPACES,
      live: heir,
      kept,
      identity,
      isRunningOn: false,
      fieldManager,
      now,
    });
    return { ...(status === undefined ? {} : { status }), outcome: NEXT };
  }
  if (isOurs(heir)) return { writes: [repairManagedFields(WORKSPACES, heir, kept)], outcome: NEXT };
  return {
    writes: [unmark(volume, { [ANNOTATIONS.workspaceUID]: heir.metadata.uid ?? '' })],
    events: [restoredEvent(WORKSPACES, heir)],
    outcome: SETTLED,
  };
}

function refuse(volume: ObservedVolume, note: string): Plan {
  return {
    writes: [patch(volume, { annotations: { [ANNOTATIONS.restore]: null } })],
    events: [told(volume, { type: 'Warning', reason: REASONS.restoreRefused, note })],
    outcome: NEXT,
  };
}

/** The volume has a Workspace again: nothing says any more that it is to be erased. */
function unmark(volume: ObservedVolume, annotations: Readonly<Record<string, string>>): WriteEffect {
  return patch(volume, {
    labels: { [LABELS.expires]: null },
    annotations: { ...annotations, [ANNOTATIONS.operation]: null, [ANNOTATIONS.restore]: null },
  });
}

function patch(volume: ObservedVolume, metadata: Readonly<Record<string, unknown>>): WriteEffect {
  const { uid = '', resourceVersion = '' } = volume.metadata;
  return {
    kind: 'patch',
    resource: PERSISTENT_VOLUME_CLAIMS,
    key: keyOf(volume),
    uid,
    patch: { metadata: { resourceVersion, ...metadata } },
    fieldManager: FIELD_MANAGERS.volume,
  };
}

function told(
  { metadata }: ObservedVolume,
  event: { readonly type: EventEffect['type']; readonly reason: Reason; readonly note: string },
): EventEffect {
  const { namespace = '', name, uid = '' } = metadata;
  const regarding = { apiVersion: 'v1', kind: PERSISTENT_VOLUME_CLAIMS.kind, namespace, name, uid };
  return { ...event, action: event.reason === REASONS.volumeErased ? 'Erase' : 'Restore', regarding };
}
