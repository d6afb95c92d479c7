import { setTimeout as sleep } from 'node:timers/promises';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { isConflict } from '../../kube/errors.ts';
import { keyOf, keyString, type ObjectKey } from '../../kube/objects.ts';
import { listRequestsAbout } from '../approvals/requests-about.ts';
import { explainRefusal } from '../cluster-failure.ts';
import type { ClusterClient } from '../connect.ts';
import type { ObjectReference } from '../object-reference.ts';
import type { Progress } from '../progress.ts';
import { find, foundValue } from '../read-object.ts';
import type { Ours } from '../standing.ts';
import { readDeadline } from '../with-cluster.ts';
import type { DeletionResult } from './deletion-result.ts';
import { type DeletionFacts, type DeletionVerdict, judgeDeletion } from './judge-deletion.ts';
import { openRequest } from './open-request.ts';

export interface Pursuit {
  readonly reference: ObjectReference;
  /** As it was when the command began: this one goes and no namesake. */
  readonly object: Ours;
  readonly reason: string;
  readonly isWaiting: boolean;
  readonly timeoutMs: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface Pursued {
  readonly outcome: DeletionResult['outcome'];
  readonly request: ApprovalRequest | undefined;
}

const PAUSE_MS = 500;

/**
 * Takes the deletion as far as it goes: asks for it unless somebody has asked, waits for the decision, deletes, waits until the object is
 * gone. Everything is found from what the cluster shows, so that the command may be ended and run again at any time.
 */
export async function pursueDeletion(client: ClusterClient, pursuit: Pursuit): Promise<Pursued> {
  const { isWaiting, timeoutMs, progress } = pursuit;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([pursuit.signal, timeout]);
  let isFollowing = false;
  let request: ApprovalRequest | undefined;
  try {
    for (;;) {
      const facts = await gather(client, pursuit, readDeadline(signal));
      const verdict = judgeDeletion(facts);
      request = requestOf(verdict);
      const mustAsk = !isFollowing && canBeAskedFor(verdict, facts);
      isFollowing = true;
      if (mustAsk) {
        await ask(client, { pursuit, facts, signal: readDeadline(signal) });
        continue;
      }
      if (verdict.kind === 'deletable') await sendDelete(client, pursuit, readDeadline(signal));
      const outcome = outcomeOf(verdict, isWaiting);
      if (outcome !== undefined) return { outcome, request };
      progress.report(waitingFor(verdict));
      await sleep(PAUSE_MS, undefined, { signal });
    }
  } catch (error) {
    if (pursuit.signal.aborted) throw new Interruption(request);
    if (timeout.aborted) return { outcome: 'TimedOut', request };
    throw error;
  }
}

/** Somebody ended the command; what was asked for stays asked for. */
export class Interruption extends Error {
  readonly request: ApprovalRequest | undefined;

  constructor(request: ApprovalRequest | undefined) {
    super('Interrupted');
    this.request = request;
  }
}

async function gather(
  client: ClusterClient,
  { reference, object }: Pursuit,
  signal: AbortSignal,
): Promise<DeletionFacts> {
  const { namespace, name } = keyOf(object);
  const uid = object.metadata.uid ?? '';
  const [live, requests] = await Promise.all([
    find(client.get<Ours>(reference.resource, { namespace, name }, { signal })),
    listRequestsAbout(client, { namespace, uid, signal }),
  ]).catch((error: unknown) => {
    throw explainRefusal(error, {
      what: `follow the deletion of ${reference.resource.kind} ${namespace}/${name}`,
      right: `the right to get ${reference.resource.plural} and to list approvalrequests in namespace "${namespace}"`,
    });
  });
  if (live.kind === 'unreadable') throw new Error(live.message);
  return { uid, live: foundValue(live), requests };
}

/** An earlier "no" is no hindrance, unless it is just being carried out. */
function canBeAskedFor(verdict: DeletionVerdict, { uid, live }: DeletionFacts): boolean {
  if (verdict.kind === 'unasked') return true;
  const isUntouched = live?.metadata.uid === uid && live.metadata.deletionTimestamp === undefined;
  return verdict.kind === 'denied' && isUntouched;
}

interface Question {
  readonly pursuit: Pursuit;
  readonly facts: DeletionFacts;
  readonly signal: AbortSignal;
}

async function ask(client: ClusterClient, { pursuit, facts, signal }: Question): Promise<void> {
  const { reference, object, reason } = pursuit;
  try {
    await openRequest(client, { reference, object, reason, earlier: facts.requests.length, signal });
  } catch (error) {
    throw explainRefusal(error, {
      what: `ask for the deletion of ${reference.resource.kind} ${keyString(keyOf(object))}`,
      right: `the right to create approvalrequests in namespace "${object.metadata.namespace}"`,
    });
  }
}

async function sendDelete(client: ClusterClient, { reference, object }: Pursuit, signal: AbortSignal): Promise<void> {
  const key: ObjectKey = keyOf(object);
  try {
    await client.delete(reference.resource, key, { uid: object.metadata.uid ?? '', signal });
  } catch (error) {
    // Somebody else was faster, and the next look shows what became of it.
    if (isConflict(error)) return;
    throw explainRefusal(error, {
      what: `delete ${reference.resource.kind} ${keyString(key)}`,
      right: `the right to delete ${reference.resource.plural} in namespace "${key.namespace}"`,
    });
  }
}

/** How the command ends; undefined while it has to wait. */
function outcomeOf({ kind }: DeletionVerdict, isWaiting: boolean): Pursued['outcome'] | undefined {
  switch (kind) {
    case 'gone':
      return 'Gone';
    case 'denied':
      return 'Denied';
    case 'unasked':
      return 'Ended';
    case 'undecided':
    case 'approved':
      return isWaiting ? undefined : 'Waiting';
    case 'deletable':
    case 'going':
      return isWaiting ? undefined : 'Deleting';
    default:
      return kind satisfies never;
  }
}

function waitingFor(verdict: DeletionVerdict): string {
  const name = requestOf(verdict)?.metadata.name;
  switch (verdict.kind) {
    case 'undecided':
      return name === undefined
        ? 'Waiting for the operator to ask for an approval'
        : `Waiting for a decision on ApprovalRequest "${name}"`;
    case 'approved':
      return `ApprovalRequest "${name}" is approved; waiting for the operator to let the deletion in`;
    default:
      return 'Waiting until it is gone';
  }
}

function requestOf(verdict: DeletionVerdict): ApprovalRequest | undefined {
  if ('request' in verdict) return verdict.request;
  return 'last' in verdict ? verdict.last : undefined;
}
