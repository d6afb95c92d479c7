/**
 * The development cluster: `node hack/cluster.ts up|down|status`. CLUSTER=existing takes the current context, CLUSTER=kind
 * makes a cluster in Docker, otherwise plain programs are started on this machine. Other scripts call bringUpCluster and
 * readCluster (cluster/state.ts).
 */
import { Command } from 'commander';
import { findDeadComponents, startBareCluster } from './cluster/bare.ts';
import { cleanRuntime, removeData } from './cluster/clean.ts';
import { useExistingCluster } from './cluster/existing.ts';
import { startKindCluster, stopKindCluster } from './cluster/kind.ts';
import { type ClusterLayout, clusterLayout } from './cluster/layout.ts';
import { type ClusterState, kubectlFor, readCluster } from './cluster/state.ts';
import { runMain } from './lib/main.ts';
import { formatSeconds, type Report, reportToStdout } from './lib/report.ts';

type ClusterKind = ClusterState['kind'];

export interface BringUpOptions {
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/** Brings up the cluster that the environment asks for, or finds that it is up. Returns when Pods can run. */
export async function bringUpCluster(options: BringUpOptions): Promise<ClusterState> {
  const startedAt = performance.now();
  const layout = clusterLayout();
  const wanted = wantedKind();
  const known = await readCluster(layout);
  if (known !== undefined && known.kind !== wanted) {
    throw new Error(
      `Cannot bring up a ${wanted} cluster: a ${known.kind} one is in use here. Take it down first (make cluster-down)`,
    );
  }
  if (known !== undefined && (await isUp(layout, known))) {
    options.report(`The ${known.kind} cluster is up already: KUBECONFIG=${known.kubeconfig}`);
    return known;
  }
  const state = await start(layout, wanted, options);
  options.report(
    `The ${state.kind} cluster is Ready after ${formatSeconds(performance.now() - startedAt)}: KUBECONFIG=${state.kubeconfig}`,
  );
  if (state.hostAddress !== undefined) options.report(`Pods reach programs of this machine at ${state.hostAddress}`);
  return state;
}

/** Takes down whatever runs or is left. A cluster that was not made here is only let go. */
export async function takeDownCluster(options: { readonly report: Report }): Promise<void> {
  const layout = clusterLayout();
  const known = await readCluster(layout);
  const kind = known?.kind ?? 'bare';
  switch (kind) {
    case 'existing':
      options.report('The existing cluster is left as it is');
      break;
    case 'kind':
      await stopKindCluster(layout);
      break;
    case 'bare':
      await cleanRuntime(layout);
      break;
    default:
      kind satisfies never;
  }
  await removeData(layout);
  options.report(known === undefined ? 'No cluster was up' : 'The cluster is down');
}

function wantedKind(): ClusterKind {
  const wanted = process.env.CLUSTER;
  if (wanted === undefined || wanted === '' || wanted === 'bare') return 'bare';
  if (wanted === 'kind' || wanted === 'existing') return wanted;
  throw new Error(`Cannot bring up CLUSTER=${wanted}: known are existing, kind and bare (the default)`);
}

function start(layout: ClusterLayout, kind: ClusterKind, options: BringUpOptions): Promise<ClusterState> {
  switch (kind) {
    case 'bare':
      return startBareCluster(layout, options);
    case 'kind':
      return startKindCluster(layout, options);
    case 'existing':
      return useExistingCluster(layout, options);
    default:
      return kind satisfies never;
  }
}

/** Up means: all our processes run and the node is Ready. */
async function isUp(layout: ClusterLayout, state: ClusterState): Promise<boolean> {
  if (state.kind === 'bare' && (await findDeadComponents(layout)).length > 0) return false;
  const nodes = await kubectlFor(state).run([
    '--request-timeout=5s',
    'get',
    'nodes',
    '-o',
    'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}',
  ]);
  return nodes.code === 0 && nodes.stdout.split(' ').includes('True');
}

async function printStatus(): Promise<void> {
  const layout = clusterLayout();
  const state = await readCluster(layout);
  if (state === undefined) {
    reportToStdout('No cluster is up');
    process.exitCode = 1;
    return;
  }
  const isHealthy = await isUp(layout, state);
  reportToStdout(`kind          ${state.kind}`);
  reportToStdout(`kubeconfig    ${state.kubeconfig}`);
  reportToStdout(`host address  ${state.hostAddress ?? 'not known'}`);
  const dead = state.kind === 'bare' ? await findDeadComponents(layout) : [];
  const trouble = dead.length > 0 ? `not running: ${dead.join(', ')}` : 'the node is not Ready';
  reportToStdout(`state         ${isHealthy ? 'up' : `broken (${trouble}); make cluster-up repairs it`}`);
  if (!isHealthy) process.exitCode = 1;
}

async function main(signal: AbortSignal): Promise<void> {
  const program = new Command('cluster')
    .description('The development cluster of this checkout (state in .dev/)')
    .addHelpText('after', '\nCLUSTER=existing uses the current context, CLUSTER=kind needs Docker and kind.');
  program
    .command('up')
    .description('start it, repair it, or find that it is up')
    .action(async () => void (await bringUpCluster({ report: reportToStdout, signal })));
  program
    .command('down')
    .description('stop it and remove all that it left on the machine')
    .action(() => takeDownCluster({ report: reportToStdout }));
  program.command('status').description('exit code 0 when it is up').action(printStatus);
  await program.parseAsync();
}

if (import.meta.main) await runMain(main);
