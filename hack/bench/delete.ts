import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { APPROVAL_REQUESTS, WORKSPACES } from '../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../src/apis/v1alpha1/types.generated.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { reportToStdout } from '../lib/report.ts';
import { waitFor } from '../lib/wait.ts';
import { startPostgres } from '../postgres/start.ts';
import { decide, isDecidable, openApprover } from './approver.ts';
import type { RequestCounts } from './audit.ts';
import { createFleet, NAMESPACE, waitUntilReady } from './fleet.ts';
import { startOperator, waitUntilQuiet } from './operator.ts';
import { percentile, printResult, round } from './results.ts';
import type { Rig } from './rig.ts';

/** How long nobody may write while everything waits for a human. */
const PENDING_MS = 10_000;
const TIMEOUT_MS = 120_000;
/** One in so many is approved when the one before it is gone, as people do it. */
const ALONE_SHARE = 2;

/**
 * N deletions that wait, and then N approvals, half of them one at a time and the rest as fast as they are taken: how long from an
 * approval until the Workspace is gone, what it costs the apiserver, and that nothing goes that nobody approved.
 */
export async function measureDelete(rig: Rig, count: number): Promise<void> {
  const { client, access, dir, signal, countSince } = rig;
  console.log(`Making ${count} Workspaces Ready`);
  await createFleet(client, { count, signal });
  const postgres = await startPostgres({
    dir: join(dir, 'postgres'),
    lifetime: 'parent',
    report: reportToStdout,
    signal,
  });
  try {
    const operator = await startOperator({
      kubeconfig: access.kubeconfig,
      dir,
      ledgerURL: postgres.access.url,
      signal,
    });
    await waitUntilReady(client, { count: count + 1, signal: operator.signal });
    await waitUntilQuiet(operator);

    console.log(`Deleting ${count} Workspaces, which then wait`);
    let since = new Date();
    await inTurn(await namesOf(client, signal), async (name) => {
      await client.delete(WORKSPACES, { namespace: NAMESPACE, name }, { signal });
    });
    const requests = await waitFor(
      async () => {
        const pending = await pendingRequests(client, operator.signal);
        return pending.length === count && pending;
      },
      { what: `${count} requests be pending`, timeoutMs: TIMEOUT_MS, signal: operator.signal },
    );
    await waitUntilQuiet(operator);
    const opening = await countSince(since);
    since = new Date();
    await delay(PENDING_MS, undefined, { signal: operator.signal });
    const waiting = await countSince(since);
    const stillThere = (await namesOf(client, signal)).length;

    console.log(`Approving ${count} requests`);
    since = new Date();
    const approver = await openApprover(rig);
    const [alone, together] = [requests.slice(0, count / ALONE_SHARE), requests.slice(count / ALONE_SHARE)];
    const times = await approveAll({ client, approver, alone, together, signal: operator.signal });
    await waitUntilQuiet(operator);
    const approved = await countSince(since);
    await operator.stop();
    console.log('To say that a deletion waits:');
    console.table(opening.writesByKind);
    console.log('To carry out an approved one:');
    console.table(approved.writesByKind);
    printResult({
      workspaces: count,
      pendingWritesEach: perEach(opening, count),
      pendingStatusWritesOfObjectEach: round((opening.writesByKind['patch workspaces/status'] ?? 0) / count),
      writesWhileWaiting: waiting.writes,
      unapprovedDeletions: count - stillThere,
      aloneToGoneP50Ms: round(percentile(times.alone, 0.5)),
      aloneToGoneP99Ms: round(percentile(times.alone, 0.99)),
      togetherToGoneP50Ms: round(percentile(times.together, 0.5)),
      togetherToGoneP99Ms: round(percentile(times.together, 0.99)),
      // The decision itself is the approver's write, not the operator's.
      approvedWritesEach: perEach(approved, count),
      getsEach: round(approved.gets / count),
      conflicts: opening.conflicts + approved.conflicts,
    });
  } finally {
    await postgres.stop();
  }
}

function perEach({ writes }: RequestCounts, count: number): number {
  return round(writes / count);
}

/** All but the platform agent. */
async function namesOf(client: KubeClient, signal: AbortSignal): Promise<readonly string[]> {
  const { items } = await client.list(WORKSPACES, { namespace: NAMESPACE, signal });
  return items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('agent-'));
}

async function pendingRequests(client: KubeClient, signal: AbortSignal): Promise<readonly ApprovalRequest[]> {
  const { items } = await client.list<ApprovalRequest>(APPROVAL_REQUESTS, { namespace: NAMESPACE, signal });
  return items.filter(isDecidable);
}

/** The watch events that show Workspaces gone, by name. Whoever waits began to before the object went. */
class Departures {
  readonly #waiting = new Map<string, () => void>();

  gone(name: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(name, resolve);
    return promise;
  }

  /** Calls back once it hears of everything. Ends when `signal` is aborted. */
  async listen(client: KubeClient, signal: AbortSignal, onSynced: () => void): Promise<void> {
    while (!signal.aborted) {
      for await (const event of client.watch(WORKSPACES, { namespace: NAMESPACE, sendInitialEvents: true, signal })) {
        if (event.type === 'BOOKMARK') onSynced();
        else if (event.type === 'DELETED') this.#waiting.get(event.object.metadata.name)?.();
      }
    }
  }
}

interface Approving {
  readonly client: KubeClient;
  readonly approver: KubeClient;
  readonly alone: readonly ApprovalRequest[];
  readonly together: readonly ApprovalRequest[];
  readonly signal: AbortSignal;
}

/**
 * Milliseconds from sending an approval to the watch event that shows its Workspace gone: of those each of which waits for the one
 * before it, and of those that are sent as fast as the apiserver takes them.
 */
async function approveAll({ client, approver, alone, together, signal }: Approving): Promise<{
  readonly alone: readonly number[];
  readonly together: readonly number[];
}> {
  const stop = new AbortController();
  const departures = new Departures();
  const synced = Promise.withResolvers<void>();
  const listening = departures.listen(client, AbortSignal.any([signal, stop.signal]), synced.resolve);
  listening.catch((error: unknown) => stop.signal.aborted || synced.reject(error));
  await synced.promise;
  const approve = async (request: ApprovalRequest): Promise<{ readonly done: Promise<number> }> => {
    const sentMs = performance.now();
    const done = departures.gone(request.spec.target.name).then(() => performance.now() - sentMs);
    await decide(approver, request, { verdict: 'Approved', signal });
    return { done };
  };
  try {
    const single: number[] = [];
    await inTurn(alone, async (request) => {
      single.push(await (await approve(request)).done);
    });
    const underWay: Promise<number>[] = [];
    await inTurn(together, async (request) => {
      underWay.push((await approve(request)).done);
    });
    return { alone: single, together: await Promise.all(underWay) };
  } finally {
    stop.abort();
  }
}

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await work(item);
}
