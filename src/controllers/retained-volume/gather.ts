import { ANNOTATIONS, LABELS } from '../../apis/v1alpha1/names.ts';
import { PERSISTENT_VOLUME_CLAIMS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ObjectKey } from '../../kube/objects.ts';
import type { Ledger } from '../../ledger/port.ts';
import { parseExpiry } from '../../rules/expiry.ts';
import { childName } from '../../rules/identity.ts';
import type { Clearance } from '../clearance.ts';
import { blockedBy } from '../leave.ts';
import { readKept } from '../restoration/kept.ts';
import { identityOf, type Restorable, restorable } from '../restoration/restorable.ts';
import type { StoreView } from '../store-view.ts';
import { BY_NAMESPACE } from '../stores.ts';
import { identify } from '../workspace/identify.ts';
import { observeVolume } from '../workspace/observe.ts';
import { isOurs, type ObservedVolume } from '../workspace/observed.ts';
import { readLive } from '../workspace/read-live.ts';
import type { RetainedVolumeSnapshot, Work } from './snapshot.ts';

export interface RetainedVolumeSources {
  readonly volumes: StoreView<ObservedVolume>;
  readonly workspaces: StoreView<Workspace>;
  readonly client: Pick<KubeClient, 'get'>;
  readonly ledger: Pick<Ledger, 'mayErase' | 'readSnapshot'>;
  readonly clearance: () => Clearance;
  readonly now: () => Date;
}

/** Whether a volume is anything to this controller: kept without its Workspace, or asked back. */
export function isRetained({ metadata }: ObservedVolume): boolean {
  return metadata.labels?.[LABELS.expires] !== undefined || metadata.annotations?.[ANNOTATIONS.restore] !== undefined;
}

/** Memory says whether there is anything to do at all; what is then decided from is read live. */
export async function gatherRetainedVolume(
  key: ObjectKey,
  sources: RetainedVolumeSources,
  signal: AbortSignal,
): Promise<RetainedVolumeSnapshot | undefined> {
  const remembered = sources.volumes.get(key);
  if (remembered === undefined || !isRetained(remembered)) return undefined;
  const remainingMs = remainingMsOf(remembered, sources.now());
  const isAskedBack = remembered.metadata.annotations?.[ANNOTATIONS.restore] !== undefined;
  if (remainingMs > 0 && !isAskedBack && ownersOf(remembered, sources).length === 0)
    return { volume: remembered, work: kept(remainingMs) };
  const of = { resource: PERSISTENT_VOLUME_CLAIMS, observe: observeVolume };
  const volume = await readLive(sources.client, of, { key, signal });
  if (volume === undefined || !isRetained(volume)) return undefined;
  return { volume, work: await findWork(volume, sources, signal) };
}

async function findWork(volume: ObservedVolume, sources: RetainedVolumeSources, signal: AbortSignal): Promise<Work> {
  const { annotations = {}, uid = '', namespace = '' } = volume.metadata;
  if (annotations[ANNOTATIONS.restore] !== undefined) {
    const { newest } = await readKept(sources.ledger, annotations[ANNOTATIONS.workspaceUID] ?? '', signal);
    if (newest === undefined || !isVolumeOf(volume, newest))
      return { kind: 'asked-back', kept: undefined, heir: undefined };
    const key = { namespace, name: newest.metadata.name };
    const heir = await readLive(sources.client, { resource: WORKSPACES, observe: restorable }, { key, signal });
    return { kind: 'asked-back', kept: newest, heir };
  }
  const owners = ownersOf(volume, sources);
  if (owners.length > 0)
    return { kind: 'in-use', isGoing: owners.every(({ metadata }) => metadata.deletionTimestamp !== undefined) };
  const remainingMs = remainingMsOf(volume, sources.now());
  if (remainingMs > 0) return kept(remainingMs);
  const operation = annotations[ANNOTATIONS.operation];
  if (operation === undefined) return { kind: 'kept' };
  // The ledger is asked last, and has the last word.
  const isBlocked = blockedBy(sources.clearance()) !== undefined;
  return { kind: 'due', mayErase: !isBlocked && (await sources.ledger.mayErase(operation, uid, signal)) };
}

/**
 * Whether the ledger confirms what the volume says of itself. Anybody who may create volumes can have one name somebody else's
 * Workspace; made again from that, it would come back without leave, in a namespace that is not his.
 */
function isVolumeOf(volume: ObservedVolume, kept: Restorable): boolean {
  const { namespace, name } = volume.metadata;
  const { incarnation = '' } = identityOf(kept);
  return (
    kept.metadata.namespace === namespace &&
    childName(kept.metadata.name, incarnation) === name &&
    isOurs(volume, incarnation)
  );
}

function kept(remainingMs: number): Work {
  return Number.isFinite(remainingMs) ? { kind: 'kept', untilMs: remainingMs } : { kind: 'kept' };
}

/** By our clock, which only says when to ask; infinite where no time is said, or none that can be read. */
function remainingMsOf({ metadata }: ObservedVolume, now: Date): number {
  const expiry = parseExpiry(metadata.labels?.[LABELS.expires] ?? '');
  return expiry === undefined ? Number.POSITIVE_INFINITY : expiry.getTime() - now.getTime();
}

/** The Workspaces whose data this is; the label says nothing about that. */
function ownersOf(volume: ObservedVolume, { workspaces }: RetainedVolumeSources): readonly Workspace[] {
  return workspaces.byIndex(BY_NAMESPACE, volume.metadata.namespace ?? '').filter((workspace) => {
    const identity = identify(workspace, undefined);
    return identity.childName === volume.metadata.name && isOurs(volume, identity.incarnation);
  });
}
