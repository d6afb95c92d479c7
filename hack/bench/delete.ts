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

/**
 * N deletions that wait, and then N approvals, one after the other as fast as they are taken: how long from an approval until
 * the Workspace is gone, what it costs the apiserver, and that nothing goes that nobody approved.
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
    const times = await approveAll({ client, approver, requests, signal: operator.signal });
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
      approvedToGoneP50Ms: round(percentile(times, 0.5)),
      approvedToGoneP99Ms: round(percentile(times, 0.99)),
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

/** Milliseconds from sending each approval to the watch event that shows its Workspace gone. */
async function approveAll(options: {
  readonly client: KubeClient;
  readonly approver: KubeClient;
  readonly requests: readonly ApprovalRequest[];
  readonly signal: AbortSignal;
}): Promise<readonly number[]> {
  const { client, approver, requests, signal } = options;
  const sentAt = new Map<string, number>();
  const times: number[] = [];
  const stop = new AbortController();
  const watched = AbortSignal.any([signal, stop.signal]);
  const synced = Promise.withResolvers<void>();
  const watching = (async () => {
    while (times.length < requests.length) {
      const scope = { namespace: NAMESPACE, sendInitialEvents: true, signal: watched };
      for await (const event of client.watch(WORKSPACES, scope)) {
        if (event.type === 'BOOKMARK') synced.resolve();
        else if (event.type === 'DELETED') {
          const at = sentAt.get(event.object.metadata.name);
          if (at !== undefined) times.push(performance.now() - at);
          if (times.length === requests.length) return;
        }
      }
    }
  })();
  await Promise.race([synced.promise, watching]);
  await inTurn(requests, async (request) => {
    sentAt.set(request.spec.target.name, performance.now());
    await decide(approver, request, { verdict: 'Approved', signal });
  });
  await watching;
  stop.abort();
  return times;
}

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await work(item);
}
