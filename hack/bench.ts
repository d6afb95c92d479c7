/**
 * `node hack/bench.ts --workspaces 200`: a cold start of the operator over N Workspaces that exist already, and a restart over
 * N that are ready. Real etcd and kube-apiserver, a fake node that marks each Pod ready with one PATCH. Requests are
 * counted from the apiserver's audit log. The last line is one JSON object.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT, OPERATOR_USER } from '../src/apis/v1alpha1/names.ts';
import { openKubeClient } from '../src/kube/open-client.ts';
import { countRequests } from './bench/audit.ts';
import { createFleet, waitUntilReady } from './bench/fleet.ts';
import { startOperator, waitUntilQuiet } from './bench/operator.ts';
import { readProcessStats } from './bench/process-stats.ts';
import { runReadier } from './bench/readier.ts';
import { startControlPlane } from './control-plane.ts';
import { installApi } from './install-api.ts';
import { DEV_DIR } from './lib/paths.ts';
import { reportToStdout } from './lib/report.ts';
import { openServiceAccount } from './lib/service-account.ts';

const program = new Command('bench')
  .description('Measures a cold start and a restart of the operator.')
  .option('-n, --workspaces <count>', 'how many Workspaces', '200')
  .parse();
const count = Number(program.opts<{ workspaces: string }>().workspaces);
if (!Number.isInteger(count) || count < 1)
  program.error('Cannot measure: --workspaces is not a positive number', { exitCode: 2 });

const dir = join(DEV_DIR, 'bench');
await rm(dir, { recursive: true, force: true });
const abort = new AbortController();
const auditLog = join(dir, 'audit.log');
const controlPlane = await startControlPlane({
  dir,
  auditLog,
  // Nobody makes default accounts or releases claims here, because there is no controller manager.
  disableAdmissionPlugins: ['ServiceAccount', 'StorageObjectInUseProtection'],
  report: reportToStdout,
});
try {
  const { kubectl, adminKubeconfig } = controlPlane;
  await installApi(kubectl);
  const access = await openServiceAccount({
    kubectl,
    namespace: OPERATOR_NAMESPACE,
    name: OPERATOR_SERVICE_ACCOUNT,
    dir,
  });
  const { client } = openKubeClient({ kubeconfig: adminKubeconfig, userAgent: 'bench' });
  const readier = runReadier(client, abort.signal);
  readier.catch((error: unknown) => abort.abort(error));
  console.log(`Creating ${count} Workspaces`);
  await createFleet(client, { count, signal: abort.signal });

  console.log('Cold start');
  const coldSince = new Date();
  const coldStart = performance.now();
  const operator = await startOperator({ kubeconfig: access.kubeconfig, dir });
  // The platform agent is one more.
  await waitUntilReady(client, { count: count + 1, signal: abort.signal });
  const wallSeconds = (performance.now() - coldStart) / 1000;
  await waitUntilQuiet(operator, abort.signal);
  const cold = await countRequests(auditLog, { username: OPERATOR_USER, since: coldSince });
  const stats = await readProcessStats(operator.pid);
  await operator.stop();

  console.log('Restart');
  const restartSince = new Date();
  const restartStart = performance.now();
  const again = await startOperator({ kubeconfig: access.kubeconfig, dir });
  const restartSeconds = ((await waitUntilQuiet(again, abort.signal)) - restartStart) / 1000;
  const restart = await countRequests(auditLog, { username: OPERATOR_USER, since: restartSince });
  const restartStats = await readProcessStats(again.pid);
  await again.stop();

  const result = {
    workspaces: count + 1,
    writesPerWorkspace: round(cold.writes / (count + 1)),
    getsPerWorkspace: round(cold.gets / (count + 1)),
    conflicts: cold.conflicts,
    wallSeconds: round(wallSeconds),
    cpuSeconds: round(stats.cpuSeconds),
    peakRssMb: stats.peakRssMb,
    rssAnonMb: stats.rssAnonMb,
    otherWrites: cold.otherWrites,
    restartWrites: restart.writes,
    restartGets: restart.gets,
    restartSeconds: round(restartSeconds),
    restartPeakRssMb: restartStats.peakRssMb,
  };
  console.table(cold.writesByKind);
  console.table(result);
  console.log(JSON.stringify(result));
} finally {
  abort.abort();
  await controlPlane.stop();
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
