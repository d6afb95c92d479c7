/**
 * The operator of this checkout as a process on this machine: `node hack/operator.ts up|down`. It acts with its own
 * ServiceAccount's token, never with the admin's certificate: every rule that names the operator is in force.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT } from '../src/apis/v1alpha1/names.ts';
import { sha256Hex } from '../src/platform/digest.ts';
import { type ClusterState, kubectlFor } from './cluster/state.ts';
import { bringUpCluster } from './cluster.ts';
import { IMAGES } from './image.ts';
import { findRecorded, logTail, startDaemon, stopRecorded } from './lib/daemon.ts';
import { readIfExists, writeAtomically } from './lib/files.ts';
import { runMain } from './lib/main.ts';
import { CHECKOUT_DIR, DEV_DIR } from './lib/paths.ts';
import { pickPorts } from './lib/ports.ts';
import { type Report, reportToStdout } from './lib/report.ts';
import { openServiceAccount } from './lib/service-account.ts';
import { waitFor } from './lib/wait.ts';
import { ensurePostgres } from './postgres.ts';
import { ensureWebhook } from './webhook.ts';

export interface OperatorAccess {
  readonly metricsURL: string;
  readonly logFile: string;
  readonly pid: number;
}

const DIR = join(DEV_DIR, 'operator');
/** Of the operator of this checkout, wherever it was started from. */
export const OPERATOR_PID_FILE = join(DIR, 'operator.pid');
/** Outlives `down`, so that Pods of an earlier run find the asset server again. */
const STATE_FILE = join(DEV_DIR, 'operator.json');
const BUNDLE = join(CHECKOUT_DIR, 'dist', 'operator.mjs');
const START_TIMEOUT_MS = 30_000;

const PORTS = ['assets', 'metrics', 'webhook'] as const;
const stateSchema = z.object({
  ports: z.object({ assets: z.number(), metrics: z.number(), webhook: z.number() }),
  launch: z.string(),
});

/** Starts the bundled operator, or finds that this very bundle runs already with the same settings. */
export async function ensureOperator(
  cluster: ClusterState,
  options: { readonly report: Report; readonly signal?: AbortSignal | undefined },
): Promise<OperatorAccess> {
  const { report, signal } = options;
  if (cluster.hostAddress === undefined) {
    throw new Error(
      `Cannot run the operator beside this ${cluster.kind} cluster: its Pods would not reach it. Install it there (make install)`,
    );
  }
  const known = await readState();
  const running = await findRecorded(OPERATOR_PID_FILE);
  const ports = running !== undefined && known !== undefined ? known.ports : await pickPorts(PORTS, known?.ports);
  const ledgerURL = await ensurePostgres({ report, signal });
  const assets = `${cluster.hostAddress}:${ports.assets}`;
  const webhook = `${cluster.hostAddress}:${ports.webhook}`;
  const args = [
    '--asset-server-address',
    assets,
    '--asset-server-url',
    `http://${assets}`,
    '--metrics-address',
    `127.0.0.1:${ports.metrics}`,
    '--webhook-address',
    webhook,
    '--webhook-url',
    `https://${webhook}`,
    '--program-image',
    IMAGES.operator,
    '--store-dir',
    join(DIR, 'store'),
    // The forge of this checkout listens there.
    '--forge-networks',
    '127.0.0.0/8',
    // The pid file sees to it that one runs, and nothing would start one anew that ended because it lost its Lease.
    '--leader-elect=false',
    '--ledger-connections',
    '1',
  ];
  const launch = sha256Hex([...args, ledgerURL, cluster.kubeconfig, await readFile(BUNDLE, 'utf8')].join('\0'));
  const access = { metricsURL: `http://127.0.0.1:${ports.metrics}`, logFile: join(DIR, 'operator.log') };
  if (running !== undefined && known?.launch === launch) {
    report(`The operator is up already (pid ${running})`);
    return { ...access, pid: running };
  }
  await stopRecorded(OPERATOR_PID_FILE);
  await ensureWebhook(kubectlFor(cluster), signal);
  const account = await openServiceAccount({
    kubectl: kubectlFor(cluster),
    namespace: OPERATOR_NAMESPACE,
    name: OPERATOR_SERVICE_ACCOUNT,
    dir: DIR,
    signal,
  });
  const daemon = await startDaemon({
    name: 'operator',
    program: process.execPath,
    args: ['--max-semi-space-size=2', BUNDLE, '--kubeconfig', account.kubeconfig, ...args],
    env: { LEDGER_URL: ledgerURL },
    logFile: access.logFile,
    pidFile: OPERATOR_PID_FILE,
    lifetime: 'detached',
  });
  await writeAtomically(STATE_FILE, `${JSON.stringify({ ports, launch })}\n`);
  await waitFor(
    async () => {
      if (!daemon.isRunning())
        throw new Error(`Cannot start the operator: it ended at once. Its log says:\n${await logTail(access.logFile)}`);
      return fetch(`${access.metricsURL}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      );
    },
    { what: 'the operator become ready', timeoutMs: START_TIMEOUT_MS, signal },
  );
  report(`The operator is up (pid ${daemon.pid}): ${access.metricsURL}/metrics, log ${access.logFile}`);
  return { ...access, pid: daemon.pid };
}

/** Stops it and removes its store; agents go on. */
export async function removeOperator(): Promise<void> {
  await stopRecorded(OPERATOR_PID_FILE, { graceMs: 25_000 });
  await rm(DIR, { recursive: true, force: true });
}

async function readState(): Promise<z.infer<typeof stateSchema> | undefined> {
  const text = await readIfExists(STATE_FILE);
  return text === undefined ? undefined : stateSchema.safeParse(JSON.parse(text)).data;
}

async function main(signal: AbortSignal): Promise<void> {
  const program = new Command('operator').description(
    'The operator of this checkout on this machine (state in .dev/operator)',
  );
  program
    .command('up')
    .description('start it, or find that it is up')
    .action(
      async () =>
        void (await ensureOperator(await bringUpCluster({ report: reportToStdout, signal }), {
          report: reportToStdout,
          signal,
        })),
    );
  program
    .command('down')
    .description('stop it and remove its store')
    .action(async () => {
      await removeOperator();
      reportToStdout('The operator is down');
    });
  await program.parseAsync();
}

if (import.meta.main) await runMain(main);
