import { ANNOTATIONS, LABELS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { PERSISTENT_VOLUME_CLAIMS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { ClusterClient } from '../connect.ts';
import { listAll } from '../list-all.ts';
import type { Progress } from '../progress.ts';
import { explain, type Standing, standingOf } from '../standing.ts';
import { watchObject } from '../sync/watch-object.ts';
import type { KeptVolume } from './kept-volumes.ts';

const EVENTS = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true } as const;

export interface Returned {
  /** Ready: it works. Refused: it is not made again. Failed: it is back, or was, and cannot become ready. */
  readonly outcome: 'Ready' | 'Refused' | 'Failed' | 'TimedOut';
  readonly standing: Standing;
}

interface Waiting {
  readonly volume: KeptVolume;
  readonly timeoutMs: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Follows the volume until its Workspace is back, and then that until it is ready. */
export async function waitForReturn(client: ClusterClient, waiting: Waiting): Promise<Returned> {
  const timeout = AbortSignal.timeout(waiting.timeoutMs);
  const signal = AbortSignal.any([waiting.signal, timeout]);
  let standing: Standing = { state: 'Missing', reason: null, message: 'The operator has not made it again yet' };
  try {
    const refusal = await findRefusal(client, { ...waiting, signal });
    if (refusal !== undefined) return { outcome: 'Refused', standing: { state: 'Missing', ...refusal } };
    const key = { namespace: waiting.volume.namespace, name: waiting.volume.workspace };
    for await (const workspace of watchObject<Workspace>(client, { resource: WORKSPACES, key, signal })) {
      if (workspace === undefined) break;
      standing = standingOf(workspace);
      if (standing.state === 'Ready') return { outcome: 'Ready', standing };
      if (standing.state === 'Failed' || standing.state === 'Suspended' || standing.state === 'Deleting')
        return { outcome: 'Failed', standing };
      waiting.progress.report(`${standing.state}: ${explain(standing)}`);
    }
    const message = 'It is not there any more';
    return { outcome: 'Failed', standing: { state: 'Missing', reason: null, message } };
  } catch (error) {
    if (waiting.signal.aborted || !timeout.aborted) throw error;
    return { outcome: 'TimedOut', standing };
  }
}

type Refusal = Pick<Standing, 'reason' | 'message'>;

/** The operator takes the annotation off when it is done; what is still marked as kept then was refused. */
async function findRefusal(client: ClusterClient, { volume, progress, signal }: Waiting): Promise<Refusal | undefined> {
  const { namespace, claim } = volume;
  progress.report('Waiting for the operator');
  const followed = { resource: PERSISTENT_VOLUME_CLAIMS, key: { namespace, name: claim }, signal };
  for await (const object of watchObject(client, followed)) {
    if (object === undefined) return { reason: REASONS.volumeErased, message: 'Its volume is erased' };
    const { labels = {}, annotations = {} } = object.metadata;
    if (annotations[ANNOTATIONS.restore] !== undefined) continue;
    if (labels[LABELS.expires] === undefined) return undefined;
    return { reason: REASONS.restoreRefused, message: await readNote(client, volume, signal) };
  }
  return undefined;
}

interface Noted extends KubeObject {
  readonly reason?: string;
  readonly note?: string;
}

async function readNote(client: ClusterClient, { namespace, claim }: KeptVolume, signal: AbortSignal): Promise<string> {
  const fieldSelector = `regarding.kind=${PERSISTENT_VOLUME_CLAIMS.kind},regarding.name=${claim}`;
  const events = await listAll<Noted>(client, EVENTS, { namespace, fieldSelector, signal });
  const note = events.findLast(({ reason }) => reason === REASONS.restoreRefused)?.note;
  return note ?? `see why: kubectl describe pvc ${claim} -n ${namespace}`;
}
