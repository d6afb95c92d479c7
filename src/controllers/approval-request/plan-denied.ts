import { APPROVAL_FINALIZER, FIELD_MANAGERS, LABELS, NEVER_EXPIRES } from '../../apis/v1alpha1/names.ts';
import { PERSISTENT_VOLUME_CLAIMS } from '../../apis/v1alpha1/resources.ts';
import { keyOf, type Resource } from '../../kube/objects.ts';
import type { Outcome, Plan, WriteEffect } from '../../runtime/plan.ts';
import { isConcluded } from '../leave.ts';
import {
  createAgain,
  identify,
  isIdentified,
  isKeptAsIs,
  isOurs,
  releaseHeld,
  repairManagedFields,
  restoredEvent,
} from '../restoration/come-back.ts';
import { restorableKind } from '../restoration/gather.ts';
import { contradicts, identityOf, type Restorable } from '../restoration/restorable.ts';
import type { RestorationSnapshot } from '../restoration/snapshot.ts';
import type { ObservedVolume } from '../workspace/observed.ts';
import { cannotRestore, concluded, restoring, type Said, tellDenied } from './denied-status.ts';

const SHORTEST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;
/** The next step follows as soon as the stores show what this one wrote. */
const NEXT: Outcome = { kind: 'progressing', recheckAfterMs: 0 };

/** The single writer of the status of each kind. */
const WRITERS: Readonly<Record<string, string>> = {
  Org: FIELD_MANAGERS.org,
  Workspace: FIELD_MANAGERS.workspace,
  TemplateAsset: FIELD_MANAGERS.templateAsset,
};

/**
 * A safe no: the held object is let go and made again as it was, around the agent that runs on. One step per pass, each found from
 * what is there, so that dying after any of them leads to the same end:
 *
 * | restoration | object of that name             | step                                                |
 * |-------------|---------------------------------|-----------------------------------------------------|
 * | none        | gone, another, or not deleted   | concluded: there is nothing to bring back           |
 * | any         | goes under an approval for more | concluded: that approval counts                     |
 * | none        | held, could not be made again   | it stays held; the request says why; again later    |
 * | none        | held, and not what is kept      | kept in the ledger                                  |
 * | none        | held, and kept                  | Releasing, with what it is to keep                  |
 * | Releasing   | held, and not what is kept      | kept once more                                      |
 * | Releasing   | held, and kept                  | our finalizer off                                   |
 * | Releasing   | gone                            | POST                                                |
 * | Releasing   | another that cannot be it       | left alone; the volume is marked as kept; concluded |
 * | Releasing   | another, without identity       | identity into its status, whoever made it           |
 * | Releasing   | made by us                      | managedFields as they were                          |
 * | Releasing   | back                            | Restored, concluded                                 |
 *
 * The whole status of the request is decided here from the denial on.
 */
export function planDenied(snapshot: RestorationSnapshot, now: Date): Plan {
  const { request, live } = snapshot;
  const { target } = request.spec;
  const resource = restorableKind(request);
  if (isConcluded(request) || resource === undefined) return settle(snapshot, concluded(request), now);
  if (snapshot.isCovered && (live === undefined || live.metadata.uid === target.uid))
    return settle(snapshot, { ...concluded(request, 'goes under another approval'), restoration: undefined }, now);
  if (request.status?.restoration !== undefined) return bringBack(snapshot, { resource, now });
  if (live?.metadata.uid !== target.uid || live.metadata.deletionTimestamp === undefined)
    return settle(snapshot, concluded(request), now);
  return prepare({ ...snapshot, live }, now);
}

type Held = RestorationSnapshot & { readonly live: Restorable };

interface Step {
  readonly resource: Resource;
  readonly now: Date;
}

/** What cannot be made again, or cannot be kept, is not let go: it stays held, and its agent runs on. */
function prepare(snapshot: Held, now: Date): Plan {
  const { live, kept, probe, lastFailure } = snapshot;
  if (foreignFinalizers(live).length > 0) return stayHeld(snapshot, waitsForOthers(live), now);
  if (probe?.kind === 'refused') return stayHeld(snapshot, probe.message, now);
  if (kept === undefined || !isKeptAsIs(live, kept)) {
    const told = lastFailure === undefined ? {} : tellDenied(snapshot, cannotRestore(lastFailure.message), now);
    return { ...keep(snapshot), ...told };
  }
  const restoration = { state: 'Releasing', ...identityOf(live) } as const;
  return { ...tellDenied(snapshot, { ...restoring(), restoration }, now), outcome: NEXT };
}

function keep({ live, nextSubject }: Held): Plan {
  return { approvals: [{ kind: 'snapshot', subjectUID: nextSubject, object: live }], outcome: NEXT };
}

function bringBack(snapshot: RestorationSnapshot, { resource, now }: Step): Plan {
  const { request, live, kept, lastFailure } = snapshot;
  const identity = request.status?.restoration ?? {};
  if (live?.metadata.uid === request.spec.target.uid) return release({ ...snapshot, live }, { resource, now });
  if (live !== undefined && contradicts(live, identity)) return leaveAlone(snapshot, now);
  if (kept === undefined) return stayHeld(snapshot, 'the ledger does not have it any more; create it again', now);
  if (live === undefined) {
    const said = lastFailure === undefined ? restoring() : cannotRestore(lastFailure.message);
    return { writes: [createAgain(resource, kept)], ...tellDenied(snapshot, said, now), outcome: NEXT };
  }
  if (!isIdentified(live, identity)) {
    const fieldManager = WRITERS[resource.kind] ?? FIELD_MANAGERS.restoration;
    const status = identify({ resource, live, kept, identity, isRunningOn: true, fieldManager, now });
    return { ...(status === undefined ? {} : { status }), outcome: NEXT };
  }
  if (isOurs(live)) return { writes: [repairManagedFields(resource, live, kept)], outcome: NEXT };
  const restoration = { ...identity, state: 'Restored', uid: live.metadata.uid ?? '' } as const;
  const told = settle(snapshot, { ...concluded(request, 'is back as it was'), restoration }, now);
  return { ...told, events: [...(told.events ?? []), restoredEvent(resource, live)] };
}

function release(snapshot: Held, { resource, now }: Step): Plan {
  const { live, kept } = snapshot;
  if (!(live.metadata.finalizers ?? []).includes(APPROVAL_FINALIZER))
    return stayHeld(snapshot, waitsForOthers(live), now);
  if (kept === undefined || !isKeptAsIs(live, kept)) return keep(snapshot);
  return { writes: [releaseHeld(resource, live)], outcome: NEXT };
}

/** The name is somebody else's now. The data is not: it can be asked back under the name once that is free. */
function leaveAlone(snapshot: RestorationSnapshot, now: Date): Plan {
  const { request, volume } = snapshot;
  const kept = volume === undefined ? '' : `; its volume "${volume.metadata.name}" is kept without end`;
  const outcome = `is not brought back, because another one with an identity of its own took the name${kept}`;
  return {
    ...(volume === undefined ? {} : { writes: [markKept(volume)] }),
    ...settle(snapshot, { ...concluded(request, outcome), restoration: undefined }, now),
  };
}

function markKept({ metadata }: ObservedVolume): WriteEffect {
  const { uid = '', resourceVersion = '' } = metadata;
  return {
    kind: 'patch',
    resource: PERSISTENT_VOLUME_CLAIMS,
    key: keyOf({ metadata }),
    uid,
    patch: { metadata: { resourceVersion, labels: { [LABELS.expires]: NEVER_EXPIRES } } },
    fieldManager: FIELD_MANAGERS.volume,
  };
}

function settle(snapshot: RestorationSnapshot, said: Said, now: Date): Plan {
  return { ...tellDenied(snapshot, said, now), outcome: { kind: 'settled' } };
}

/** Tried again after as long as it has lasted already, within bounds: a namespace that is going needs no attention every second. */
function stayHeld(snapshot: RestorationSnapshot, why: string, now: Date): Plan {
  const lastedMs = now.getTime() - Date.parse(snapshot.request.status?.decidedAt ?? now.toISOString());
  const recheckAfterMs = Math.min(Math.max(lastedMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
  return { ...tellDenied(snapshot, cannotRestore(why), now), outcome: { kind: 'waiting', recheckAfterMs } };
}

function foreignFinalizers({ metadata }: Restorable): readonly string[] {
  return (metadata.finalizers ?? []).filter((finalizer) => finalizer !== APPROVAL_FINALIZER);
}

function waitsForOthers(live: Restorable): string {
  return `other finalizers hold it: ${foreignFinalizers(live).toSorted().join(', ')}; it is brought back when they are gone`;
}
