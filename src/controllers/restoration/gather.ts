import { ORGS, PERSISTENT_VOLUME_CLAIMS, TEMPLATE_ASSETS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ObjectKey, Resource } from '../../kube/objects.ts';
import type { Ledger } from '../../ledger/port.ts';
import { childName } from '../../rules/identity.ts';
import { type Covering, consumedFor, isConcluded } from '../leave.ts';
import { observeVolume } from '../workspace/observe.ts';
import { isOurs, type ObservedVolume } from '../workspace/observed.ts';
import { readLive } from '../workspace/read-live.ts';
import { readKept } from './kept.ts';
import { probe } from './probe.ts';
import { contradicts, restorable } from './restorable.ts';
import type { RestorationSnapshot } from './snapshot.ts';

export interface RestorationSources extends Covering {
  readonly client: Pick<KubeClient, 'get' | 'create'>;
  readonly ledger: Pick<Ledger, 'readSnapshot'>;
}

const RESTORABLE: Readonly<Record<string, Resource>> = {
  Org: ORGS,
  Workspace: WORKSPACES,
  TemplateAsset: TEMPLATE_ASSETS,
};

/** The kind that a request is about; undefined for one that is never held, and so never has to come back. */
export function restorableKind({ spec }: ApprovalRequest): Resource | undefined {
  return RESTORABLE[spec.target.kind];
}

/**
 * Reads live, because a step that is decided from memory could let go what has changed since. What the present step does not need
 * is not read, and nothing at all once the request is concluded.
 */
export async function gatherRestoration(
  request: ApprovalRequest,
  sources: RestorationSources,
  signal: AbortSignal,
): Promise<RestorationSnapshot> {
  const { target } = request.spec;
  const restoration = request.status?.restoration;
  const nothing = {
    request,
    live: undefined,
    kept: undefined,
    nextSubject: target.uid,
    probe: undefined,
    volume: undefined,
    isCovered: consumedFor(target.uid, sources) !== undefined,
  };
  const resource = restorableKind(request);
  if (resource === undefined || isConcluded(request)) return nothing;
  const key = { namespace: request.metadata.namespace ?? '', name: target.name };
  const live = await readLive(sources.client, { resource, observe: restorable }, { key, signal });
  const isHeld = live?.metadata.uid === target.uid && live.metadata.deletionTimestamp !== undefined;
  if (restoration === undefined && !isHeld) return { ...nothing, live };
  const answer =
    restoration === undefined && isHeld ? await probe(live, { client: sources.client, resource, signal }) : undefined;
  if (answer?.kind === 'refused') return { ...nothing, live, probe: answer };
  const { newest: kept, nextSubject } = await readKept(sources.ledger, target.uid, signal);
  const isTaken = live !== undefined && live.metadata.uid !== target.uid && contradicts(live, restoration ?? {});
  const incarnation = restoration?.incarnation;
  const volume = isTaken && incarnation !== undefined ? await readVolume(key, incarnation, sources, signal) : undefined;
  return { ...nothing, live, kept, nextSubject, probe: answer, volume };
}

/** A namesake that belongs to another incarnation is none of this. */
async function readVolume(
  { namespace, name }: ObjectKey,
  incarnation: string,
  { client }: RestorationSources,
  signal: AbortSignal,
): Promise<ObservedVolume | undefined> {
  const key = { namespace, name: childName(name, incarnation) };
  const of = { resource: PERSISTENT_VOLUME_CLAIMS, observe: observeVolume };
  const volume = await readLive(client, of, { key, signal });
  return volume !== undefined && isOurs(volume, incarnation) ? volume : undefined;
}
