import { createFleet, waitUntilReady } from './fleet.ts';
import { startOperator, waitUntilQuiet, waitUntilSynced } from './operator.ts';
import { readProcessStats } from './process-stats.ts';
import { printResult, round } from './results.ts';
import type { Rig } from './rig.ts';

/** A start of the operator over N Workspaces that are Ready already: whatever it writes is too much. */
export async function measureRestart({ client, access, dir, signal, countSince }: Rig, count: number): Promise<void> {
  console.log(`Making ${count} Workspaces Ready`);
  await createFleet(client, { count, signal });
  const first = await startOperator({ kubeconfig: access.kubeconfig, dir, signal });
  await waitUntilReady(client, { count: count + 1, signal: first.signal });
  await waitUntilQuiet(first);
  await first.stop();

  console.log('Restart');
  const since = new Date();
  const startedMs = performance.now();
  const { ports } = first;
  const again = await startOperator({ kubeconfig: access.kubeconfig, dir, ports, signal });
  const syncedMs = await waitUntilSynced(again);
  const restMs = await waitUntilQuiet(again);
  const requests = await countSince(since);
  const stats = await readProcessStats(again.pid);
  await again.stop();
  console.table(requests.writesByKind);
  printResult({
    workspaces: count + 1,
    writes: requests.writes,
    gets: requests.gets,
    lists: requests.lists,
    otherWrites: requests.otherWrites,
    syncedSeconds: round((syncedMs - startedMs) / 1000),
    comparedSeconds: round((restMs - startedMs) / 1000),
    cpuSeconds: round(stats.cpuSeconds),
    peakRssMb: stats.peakRssMb,
    rssAnonMb: stats.rssAnonMb,
  });
}
