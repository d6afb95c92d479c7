import { createFleet, waitUntilReady } from './fleet.ts';
import { startOperator, waitUntilQuiet } from './operator.ts';
import { readProcessStats } from './process-stats.ts';
import { printResult, round } from './results.ts';
import type { Rig } from './rig.ts';

/** A cold start of the operator over N Workspaces that exist already. */
export async function measureColdStart({ client, access, dir, signal, countSince }: Rig, count: number): Promise<void> {
  console.log(`Creating ${count} Workspaces`);
  await createFleet(client, { count, signal });
  console.log('Cold start');
  const since = new Date();
  const startedMs = performance.now();
  const operator = await startOperator({ kubeconfig: access.kubeconfig, dir, signal });
  // The platform agent is one more.
  await waitUntilReady(client, { count: count + 1, signal: operator.signal });
  const wallSeconds = (performance.now() - startedMs) / 1000;
  await waitUntilQuiet(operator);
  const requests = await countSince(since);
  const stats = await readProcessStats(operator.pid);
  await operator.stop();
  console.table(requests.writesByKind);
  printResult({
    workspaces: count + 1,
    writesPerWorkspace: round(requests.writes / (count + 1)),
    getsPerWorkspace: round(requests.gets / (count + 1)),
    conflicts: requests.conflicts,
    wallSeconds: round(wallSeconds),
    cpuSeconds: round(stats.cpuSeconds),
    peakRssMb: stats.peakRssMb,
    rssAnonMb: stats.rssAnonMb,
    otherWrites: requests.otherWrites,
  });
}
