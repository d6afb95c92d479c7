import { join } from 'node:path';
import { type Daemon, logTail, startDaemon } from '../lib/daemon.ts';
import { CHECKOUT_DIR } from '../lib/paths.ts';
import { pickPorts } from '../lib/ports.ts';
import { waitFor } from '../lib/wait.ts';

type Ports = Readonly<Record<'metrics' | 'assets' | 'webhook', number>>;

export interface BenchOperator extends Daemon {
  readonly ports: Ports;
  readonly metricsURL: string;
  /** Follows the given signal, and is aborted with the end of its log when the operator ends by itself. */
  readonly signal: AbortSignal;
}

const ALIVE_INTERVAL_MS = 250;

const QUIET_READINGS = 10;
const QUIET_INTERVAL_MS = 50;

/** The bundled operator as a process of its own, with its ServiceAccount's token. */
export async function startOperator(options: {
  readonly kubeconfig: string;
  readonly dir: string;
  /** Without it nothing is ever deleted. */
  readonly ledgerURL?: string;
  /** Those of the operator that it succeeds: another asset server is a change that every Org's network policy follows. */
  readonly ports?: Ports;
  readonly signal: AbortSignal;
}): Promise<BenchOperator> {
  const ports = options.ports ?? (await pickPorts(['metrics', 'assets', 'webhook']));
  const metricsURL = `http://127.0.0.1:${ports.metrics}`;
  const daemon = await startDaemon({
    name: 'operator',
    program: process.execPath,
    args: [
      '--max-semi-space-size=2',
      join(CHECKOUT_DIR, 'dist', 'operator.mjs'),
      '--kubeconfig',
      options.kubeconfig,
      '--metrics-address',
      `127.0.0.1:${ports.metrics}`,
      '--asset-server-address',
      `127.0.0.1:${ports.assets}`,
      '--asset-server-url',
      `http://127.0.0.1:${ports.assets}`,
      '--webhook-address',
      `127.0.0.1:${ports.webhook}`,
      '--webhook-url',
      `https://127.0.0.1:${ports.webhook}`,
      '--store-dir',
      join(options.dir, 'store'),
      // The only one, and nothing would start it anew if it ended because it lost its Lease.
      '--leader-elect=false',
      '--log-level',
      'warn',
    ],
    ...(options.ledgerURL === undefined ? {} : { env: { LEDGER_URL: options.ledgerURL } }),
    logFile: join(options.dir, 'operator.log'),
    pidFile: join(options.dir, 'operator.pid'),
    lifetime: 'parent',
  });
  const ended = new AbortController();
  const watcher = setInterval(async () => {
    if (daemon.isRunning()) return;
    clearInterval(watcher);
    ended.abort(new Error(`Cannot go on: the operator ended. Its log says:\n${await logTail(daemon.logFile)}`));
  }, ALIVE_INTERVAL_MS);
  watcher.unref();
  const stop: Daemon['stop'] = async (how) => {
    clearInterval(watcher);
    await daemon.stop(how);
  };
  return { ...daemon, stop, ports, metricsURL, signal: AbortSignal.any([options.signal, ended.signal]) };
}

/** Waits until every watch is in step. Returns when, on the monotonic clock in milliseconds. */
export async function waitUntilSynced(operator: BenchOperator): Promise<number> {
  await waitFor(async () => (await readActivity(operator.metricsURL, operator.signal)) !== undefined, {
    what: 'the operator be ready',
    timeoutMs: 120_000,
    intervalMs: 5,
    signal: operator.signal,
  });
  return performance.now();
}

/**
 * Waits until the operator is ready, nothing runs and no pass has begun over several readings in a row. Returns when that
 * began, on the monotonic clock in milliseconds.
 */
export async function waitUntilQuiet(operator: BenchOperator): Promise<number> {
  const { signal } = operator;
  let quiet = 0;
  let sinceMs = 0;
  let lastPasses = -1;
  await waitFor(
    async () => {
      const reading = await readActivity(operator.metricsURL, signal);
      const isQuiet =
        reading !== undefined && reading.busy === 0 && reading.passes > 0 && reading.passes === lastPasses;
      lastPasses = reading?.passes ?? -1;
      if (quiet === 0) sinceMs = performance.now();
      quiet = isQuiet ? quiet + 1 : 0;
      return quiet >= QUIET_READINGS;
    },
    { what: 'the operator come to rest', timeoutMs: 120_000, intervalMs: QUIET_INTERVAL_MS, signal },
  );
  return sinceMs;
}

async function readActivity(
  metricsURL: string,
  signal: AbortSignal,
): Promise<{ readonly busy: number; readonly passes: number } | undefined> {
  const isReady = await fetch(`${metricsURL}/readyz`, { signal }).then(
    (answer) => answer.ok,
    () => false,
  );
  if (!isReady) return undefined;
  const text = await (await fetch(`${metricsURL}/metrics`, { signal })).text();
  return {
    busy: sum(text, 'controller_runtime_active_workers'),
    passes: sum(text, 'controller_runtime_reconcile_total'),
  };
}

function sum(text: string, metric: string): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
