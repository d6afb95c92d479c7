import {
  APPROVAL_FINALIZER,
  BREAK_GLASS_OPERATION,
  DEFAULT_APPROVAL_TTL,
  ORG_NAME,
} from '../../apis/v1alpha1/names.ts';
import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import type { ObjectKey } from '../../kube/objects.ts';
import type { Ledger } from '../../ledger/port.ts';
import { LedgerUnavailableError } from '../../ledger/unavailable.ts';
import { isFinal } from '../../rules/approval/lifecycle.ts';
import { parseDurationMs } from '../../rules/duration.ts';
import { RefusedError } from '../../runtime/classify.ts';
import type { ClearanceSource } from '../clearance.ts';
import { BY_TARGET, blockedBy, consumedFor, isConcluded } from '../leave.ts';
import { gatherRestoration, type RestorationSources } from '../restoration/gather.ts';
import type { StoreView } from '../store-view.ts';
import { usersOf } from '../template-asset/gather.ts';
import type { ObservedPod } from '../workspace/observed.ts';
import type { LiveSource } from './live-source.ts';
import type { LedgerReading, LiveReading, Matter } from './matter.ts';
import { createMemorySource, type MemoryStores, targetOf } from './memory-source.ts';
import { readOperation } from './operation.ts';
import type { ApprovalSnapshot, Sights, Work } from './snapshot.ts';
import { stepOf } from './step.ts';
import { deletionOf, type Standing, type Subject, subjectOf, type Target } from './subject.ts';

const NO_ANSWER = 'The ledger does not answer; nothing is destroyed until it does';

export interface ApprovalSources extends MemoryStores, RestorationSources {
  readonly approvalRequests: StoreView<ApprovalRequest>;
  readonly pods: StoreView<ObservedPod>;
  readonly clearance: Pick<ClearanceSource, 'current'>;
  readonly ledger: Pick<Ledger, 'readCase' | 'readSnapshot'>;
  readonly live: LiveSource;
  /** For asking again in time. What counts is the clock of the ledger. */
  readonly now: () => Date;
}

/**
 * Reads memory, and only where something is to be done the ledger; only for a record that is shown or used up the apiserver. A
 * request that waits for a human costs neither.
 */
export async function gatherApproval(
  key: ObjectKey,
  sources: ApprovalSources,
  signal: AbortSignal,
): Promise<ApprovalSnapshot | undefined> {
  const subject = subjectOf(key);
  const target = targetOf(subject, sources);
  const named = sources.approvalRequests.byIndex(BY_TARGET, `${key.namespace}/${key.name}`);
  if (named.length === 0 && target?.object.metadata.deletionTimestamp === undefined) return undefined;
  const requests = named.toSorted(byAge);
  return { requests, target, work: await gatherWork({ subject, target, requests }, sources, signal) };
}

interface Named {
  readonly subject: Subject;
  readonly target: Target | undefined;
  readonly requests: readonly ApprovalRequest[];
}

async function gatherWork(named: Named, sources: ApprovalSources, signal: AbortSignal): Promise<Work> {
  const { requests, target } = named;
  const open = requests.filter(({ status }) => !isFinal(status?.phase));
  const denied = requests.find((request) => request.status?.phase === 'Denied' && !isConcluded(request));
  if (denied !== undefined && !isOvertaken(denied, { target, open }, sources))
    return { kind: 'restoration', denied: await gatherRestoration(denied, sources, signal) };
  // What is left of an earlier object of the name comes first, so that one pass is about one object.
  const targetUID = target?.object.metadata.uid;
  const uid = open.find(({ spec }) => spec.target.uid !== targetUID)?.spec.target.uid ?? targetUID ?? '';
  const matter = await gatherMatter({ ...named, uid, open }, sources, signal);
  if (matter.open.length > 0 || matter.standing === 'held') return gatherStep(matter, sources, signal);
  const untold = requests.find(
    ({ status }) => status?.phase === 'Consumed' && status.operationID === BREAK_GLASS_OPERATION,
  );
  if (untold === undefined || matter.clearance.ledger !== 'available') return { kind: 'none' };
  const { action, target: told } = untold.spec;
  return {
    kind: 'afterthought',
    request: untold,
    reading: await askLedger({ uid: told.uid, action }, sources, signal),
  };
}

/** While an object cannot be made again it is still there, and may be asked about, and decided about, once more. */
function isOvertaken(
  { spec, status }: ApprovalRequest,
  { target, open }: { readonly target: Target | undefined; readonly open: readonly ApprovalRequest[] },
  sources: ApprovalSources,
): boolean {
  const { uid } = spec.target;
  if (status?.restoration !== undefined) return false;
  return open.some((other) => other.spec.target.uid === uid) || standingOf(target, uid, sources) === 'covered';
}

async function gatherMatter(
  { subject, target, uid, open }: Named & { readonly uid: string; readonly open: readonly ApprovalRequest[] },
  sources: ApprovalSources,
  signal: AbortSignal,
): Promise<Matter> {
  const own = open.filter(({ spec }) => spec.target.uid === uid);
  const standing = standingOf(target, uid, sources);
  const isRecorded = own.some(({ spec }) => spec.record !== undefined);
  const observed =
    isRecorded && (standing === 'held' || standing === 'standing')
      ? await readOperation(subject, createMemorySource(sources), signal)
      : undefined;
  return {
    subject,
    uid,
    standing,
    open: own,
    clearance: sources.clearance.current(),
    ...(observed === undefined ? {} : { observed }),
    ttlSeconds: ttlOf(subject, sources),
  };
}

async function gatherStep(matter: Matter, sources: ApprovalSources, signal: AbortSignal): Promise<Work> {
  const now = sources.now();
  const first = stepOf(matter, undefined, now);
  const { subject, uid } = matter;
  const action = deletionOf(subject.kind) ?? '';
  const step = first.kind === 'ask' ? stepOf(matter, await askLedger({ uid, action }, sources, signal), now) : first;
  const isLive = step.kind === 'draw-up' || step.kind === 'compare' || step.kind === 'use';
  const sights = gatherSights(matter, sources);
  if (!isLive) return { kind: 'matter', matter, step, sights };
  return { kind: 'matter', matter, step, sights, live: await readNow(matter, sources.live, signal) };
}

/** A ledger that does not answer is no failure of the pass: whoever waits for it is told, and nothing else happens. */
async function askLedger(
  { uid, action }: { readonly uid: string; readonly action: string },
  { ledger, clearance }: ApprovalSources,
  signal: AbortSignal,
): Promise<LedgerReading> {
  const state = clearance.current().ledger;
  const blocked = blockedBy({ ledger: state, openRoutes: [] });
  // One that was silent last time may answer again.
  if (blocked !== undefined && state !== 'unavailable') return silent(blocked);
  try {
    return { kind: 'read', file: await ledger.readCase(uid, action, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LedgerUnavailableError)
      return silent({ reason: REASONS.ledgerUnavailable, message: NO_ANSWER });
    if (error instanceof RefusedError && error.reason === 'LedgerFrozen')
      return silent({ reason: REASONS.ledgerFrozen, message: error.message });
    throw error;
  }
}

function silent({ reason, message }: { readonly reason: Reason; readonly message: string }): LedgerReading {
  return { kind: 'silent', reason, message };
}

async function readNow({ subject, uid }: Matter, live: LiveSource, signal: AbortSignal): Promise<LiveReading> {
  const clusterUID = await live.clusterUID(signal);
  const operation = await readOperation(subject, live, signal);
  return operation?.uid === uid ? { clusterUID, operation } : { clusterUID };
}

function standingOf(target: Target | undefined, uid: string, sources: ApprovalSources): Standing {
  if (target === undefined || target.object.metadata.uid !== uid) return 'gone';
  if (consumedFor(uid, sources) !== undefined) return 'covered';
  const { deletionTimestamp, finalizers = [] } = target.object.metadata;
  if (deletionTimestamp === undefined) return 'standing';
  if (!finalizers.includes(APPROVAL_FINALIZER)) return 'gone';
  return target.kind === 'TemplateAsset' && !isUsed(target, sources) ? 'unused' : 'held';
}

/** Without an artifact nothing was ever delivered from it. */
function isUsed({ object }: Extract<Target, { kind: 'TemplateAsset' }>, sources: ApprovalSources): boolean {
  return object.status?.artifact !== undefined && usersOf(object, sources).length > 0;
}

function ttlOf({ namespace }: Subject, { orgs }: ApprovalSources): number {
  const ttl = orgs.get({ namespace, name: ORG_NAME })?.spec.approvals?.ttl ?? DEFAULT_APPROVAL_TTL;
  return parseDurationMs(ttl) / 1000;
}

/** Looked up only for a request that nobody has been shown yet. */
function gatherSights({ open, subject: { namespace } }: Matter, { pods, volumes }: ApprovalSources): Sights {
  const claims = open
    .filter(({ status }) => status?.plan === undefined)
    .flatMap(({ spec }) => (spec.record?.losses ?? []).flatMap(({ claimName }) => claimName ?? []));
  return new Map(
    claims.map((name) => [name, { pod: pods.get({ namespace, name }), volume: volumes.get({ namespace, name }) }]),
  );
}

function byAge(a: ApprovalRequest, b: ApprovalRequest): number {
  const [one, other] = [a, b].map(({ metadata }) => `${metadata.creationTimestamp} ${metadata.name}`);
  return (one ?? '') < (other ?? '') ? -1 : 1;
}
