/**
 * `node hack/soak.ts --minutes 10`: the operator under churn while connections are cut and held, the apiserver stands still and the
 * ledger stands still. Exit code 1 when its memory or descriptors grow, when it ends, or when in the peace afterwards the
 * cluster is not what the Workspaces say within a minute. The last line is one JSON object.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { CONDITIONS } from '../src/apis/v1alpha1/conditions.ts';
import { ORG_NAME } from '../src/apis/v1alpha1/names.ts';
import { ORGS, PODS, WORKSPACES } from '../src/apis/v1alpha1/resources.ts';
import type { Workspace } from '../src/apis/v1alpha1/types.generated.ts';
import type { KubeClient } from '../src/kube/client.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { openApprover } from './bench/approver.ts';
import { createFleet, NAMESPACE } from './bench/fleet.ts';
import { startOperator } from './bench/operator.ts';
import { withRig } from './bench/rig.ts';
import { writeAtomically } from './lib/files.ts';
import { reportToStdout } from './lib/report.ts';
import { waitFor } from './lib/wait.ts';
import { startPostgres } from './postgres/start.ts';
import { decideAll, decideOpen } from './soak/approver.ts';
import { churn } from './soak/churn.ts';
import { startFaultProxy } from './soak/fault-proxy.ts';
import { injectFaults } from './soak/faults.ts';
import { judgeGrowth, sample } from './soak/samples.ts';

const HEAL_MS = 60_000;

const program = new Command('soak')
  .description('Runs the operator under churn and faults')
  .option('-m, --minutes <count>', 'how long', parseMinutes, 10)
  .parse();
const { minutes } = program.opts<{ readonly minutes: number }>();

await withRig(async (rig) => {
  const { dir, client, access, signal, controlPlane } = rig;
  const report = reportToStdout;
  const postgres = await startPostgres({ dir: join(dir, 'postgres'), report });
  const proxy = await startFaultProxy(controlPlane.ports.apiserver);
  const kubeconfig = join(dir, 'through-proxy.kubeconfig');
  const direct = await readFile(access.kubeconfig, 'utf8');
  await writeAtomically(kubeconfig, direct.replaceAll(`:${controlPlane.ports.apiserver}`, `:${proxy.port}`), 0o600);
  const operator = await startOperator({ kubeconfig, dir, ledgerURL: postgres.access.url, signal });
  try {
    await createFleet(client, { count: 1, signal });
    // Volumes that are kept would be growth, and not the operator's.
    const retention = { spec: { retention: { volumes: '0s' } } };
    await client.patch(ORGS, { namespace: NAMESPACE, name: ORG_NAME }, retention, { fieldManager: 'soak', signal });
    const approver = await openApprover(rig);
    const over = AbortSignal.any([operator.signal, AbortSignal.timeout(minutes * 60_000)]);
    const options = { report, signal: over };
    const targets = { proxy, apiserverPid: controlPlane.pids['kube-apiserver'] ?? 0, ledgerPid: postgres.daemon.pid };
    const [samples] = await Promise.all([
      sample(operator.pid, options),
      churn(client, over),
      decideAll(approver, over),
      injectFaults(targets, options),
    ]);
    operator.signal.throwIfAborted();
    const peaceAt = performance.now();
    const inPeace = async (): Promise<boolean> => {
      await decideOpen(approver, signal);
      return isAsDeclared(client, signal);
    };
    await waitFor(inPeace, {
      what: 'the cluster be what the Workspaces say',
      timeoutMs: HEAL_MS,
      signal,
    });
    const healSeconds = Math.round(performance.now() - peaceAt) / 1000;
    const growth = judgeGrowth(samples);
    const result = { minutes, healSeconds, isRunning: operator.isRunning(), ...growth };
    console.log(JSON.stringify(result));
    if (!growth.isFlat || !operator.isRunning()) process.exitCode = 1;
  } finally {
    await operator.stop();
    await proxy.close();
    await postgres.remove();
  }
});

/** Every Workspace Ready with the Pod that its status names, no Pod beside them, and nothing half deleted. */
async function isAsDeclared(client: KubeClient, signal: AbortSignal): Promise<boolean> {
  const options = { namespace: NAMESPACE, signal };
  const [workspaces, pods] = await Promise.all([
    client.list<Workspace & KubeObject>(WORKSPACES, options),
    client.list(PODS, options),
  ]);
  const names = new Set(pods.items.map(({ metadata }) => metadata.name));
  return (
    workspaces.items.length === pods.items.length &&
    workspaces.items.every(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined &&
        names.has(status?.podName ?? '') &&
        status?.observedGeneration === metadata.generation &&
        status?.conditions?.some(({ type, status }) => type === CONDITIONS.ready && status === 'True') === true,
    )
  );
}

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0)) throw new InvalidArgumentError('write a positive number');
  return minutes;
}
