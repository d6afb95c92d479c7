/**
 * The operator as a process, with its own ServiceAccount, on a control plane of its own: it would act on what other test
 * files make.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../../hack/control-plane.ts';
import { installApi } from '../../../hack/install-api.ts';
import { pickPorts } from '../../../hack/lib/ports.ts';
import { openServiceAccount } from '../../../hack/lib/service-account.ts';
import { waitFor } from '../../../hack/lib/wait.ts';
import { ensureWebhook } from '../../../hack/webhook.ts';
import { WEBHOOK_NAME } from '../../../src/admission/webhook-configuration.ts';
import {
  API_VERSION,
  LABELS,
  OPERATOR_NAMESPACE,
  OPERATOR_SERVICE_ACCOUNT,
  ORG_NAME,
} from '../../../src/apis/v1alpha1/names.ts';
import { controlPlane as shared } from '../../support/control-plane.ts';

let plane: ControlPlane;
let kubeconfig: string;
let namespaces = 0;
let namespace: string;
const running: OperatorProcess[] = [];

beforeAll(async () => {
  const dir = join(shared().dir, 'operator-process');
  plane = await startControlPlane({ dir });
  await installApi(plane.kubectl);
  const account = { kubectl: plane.kubectl, namespace: OPERATOR_NAMESPACE, name: OPERATOR_SERVICE_ACCOUNT, dir };
  kubeconfig = (await openServiceAccount(account)).kubeconfig;
});
afterAll(() => plane.stop());

beforeEach(async () => {
  namespaces += 1;
  namespace = `test-${namespaces}`;
  await plane.kubectl.must(['create', 'namespace', namespace]);
  // An earlier test may have killed its holder.
  await plane.kubectl.must(['delete', 'lease', '--all', '-n', OPERATOR_NAMESPACE]);
});
afterEach(async () => {
  for (const operator of running.splice(0)) await operator.end();
});

const SOURCE = 'src/bin/operator.ts';
/** As it is shipped, built by `make build`. */
const BUNDLE = 'dist/operator.mjs';

class OperatorProcess {
  readonly child: ChildProcess;
  readonly exit: Promise<unknown[]>;
  readonly #metricsURL: string;
  #log = '';

  constructor(
    ports: { readonly metrics: number; readonly assets: number; readonly webhook: number },
    { flags, program = SOURCE }: { readonly flags: readonly string[]; readonly program?: string },
  ) {
    this.#metricsURL = `http://127.0.0.1:${ports.metrics}`;
    const args = ['--kubeconfig', kubeconfig, '--metrics-address', `127.0.0.1:${ports.metrics}`];
    const assets = [
      '--asset-server-address',
      `127.0.0.1:${ports.assets}`,
      '--store-dir',
      join(plane.dir, `${ports.assets}`),
      '--webhook-address',
      `127.0.0.1:${ports.webhook}`,
    ];
    this.child = spawn(process.execPath, [program, ...args, ...assets, ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString();
    });
    this.exit = once(this.child, 'exit');
  }

  /** What it logged, as messages with their reason. */
  get messages(): readonly string[] {
    return this.#log
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as { readonly msg: string; readonly reason?: string })
      .map(({ msg, reason }) => (reason === undefined ? msg : `${msg}: ${reason}`));
  }

  async isReady(): Promise<boolean> {
    if (this.child.exitCode !== null) throw new Error(`The operator ended with ${this.child.exitCode}`);
    return fetch(`${this.#metricsURL}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
  }

  /** The sum of a metric over its labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.#metricsURL}/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  async metricNames(): Promise<readonly string[]> {
    const text = await (await fetch(`${this.#metricsURL}/metrics`)).text();
    return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
  }

  async leads(): Promise<boolean> {
    return (await this.metric('leader_election_master_status')) === 1;
  }

  async passes(): Promise<number> {
    return this.metric('controller_runtime_reconcile_total');
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await this.exit;
  }
}

/** Returns when it is ready, whether it leads or not. */
async function start(...flags: readonly string[]): Promise<OperatorProcess> {
  return watched(new OperatorProcess(await pickPorts(['metrics', 'assets', 'webhook']), { flags }));
}

async function watched(operator: OperatorProcess): Promise<OperatorProcess> {
  running.push(operator);
  await until('the operator be ready', () => operator.isReady());
  return operator;
}

async function until(what: string, ask: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  await waitFor(ask, { what, timeoutMs, intervalMs: 50 });
}

async function createWorkspaces(count: number): Promise<void> {
  const org = { kind: 'Org', metadata: { name: ORG_NAME }, spec: { displayName: 'Acme' } };
  const workspaces = Array.from({ length: count }, (_none, index) => ({
    kind: 'Workspace',
    metadata: { name: `agent-${index}` },
    spec: { kind: 'workspace', image: 'example.invalid/agent:1' },
  }));
  const items = [org, ...workspaces].map((object) => ({ apiVersion: API_VERSION, ...object }));
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await plane.kubectl.must(['create', '-n', namespace, '-f', '-'], { input: list });
}

async function lease(): Promise<{ readonly holderIdentity: string; readonly leaseTransitions: number }> {
  const text = await plane.kubectl.must(['get', 'lease', 'molecule-operator', '-n', OPERATOR_NAMESPACE, '-o', 'json']);
  return JSON.parse(text).spec;
}

/** A Pod that stands for the one in which an operator runs. */
async function createPod(name: string): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: OPERATOR_NAMESPACE },
    spec: {
      serviceAccountName: OPERATOR_SERVICE_ACCOUNT,
      containers: [{ name: 'operator', image: 'example.invalid/operator:1' }],
    },
  };
  await plane.kubectl.must(['create', '-f', '-'], { input: JSON.stringify(pod) });
}

async function labelledPods(): Promise<string> {
  const selector = ['-l', `${LABELS.leader}=true`, '-o', 'jsonpath={.items[*].metadata.name}'];
  return plane.kubectl.must(['get', 'pods', '-n', OPERATOR_NAMESPACE, ...selector]);
}

describe('an operator', () => {
  it('that is told to end in the middle of its work ends with 0 and leaves the Lease to the next', async () => {
    const operator = await start();
    await until('it lead', () => operator.leads());
    expect((await lease()).holderIdentity).not.toBe('');
    await createWorkspaces(30);
    await until('passes run', async () => (await operator.passes()) > 0);
    operator.child.kill('SIGTERM');
    expect(await operator.exit).toEqual([0, null]);
    expect(operator.messages.at(-1)).toBe('Stopped');
    expect(await lease()).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    const next = await start();
    await until('the next one lead', () => next.leads(), 5_000);
  });

  it('that was killed is followed at once by another in its place', async () => {
    const killed = await start('--instance', 'pod-a');
    await until('it lead', () => killed.leads());
    await killed.end();
    const next = await start('--instance', 'pod-a');
    await until('the next one lead', () => next.leads(), 5_000);
  });

  it('waits while another leads, takes over when that one is silent, and the silent one ends when it wakes', async () => {
    await createPod('pod-a');
    await createPod('pod-b');
    const first = await start('--instance', 'pod-a', '--pod-name', 'pod-a');
    await until('the first lead', () => first.leads());
    const second = await start('--instance', 'pod-b', '--pod-name', 'pod-b');
    await until('the first Pod have the label', async () => (await labelledPods()) === 'pod-a');
    await createWorkspaces(3);
    await until('the first work', async () => (await first.passes()) > 0);
    expect([await second.isReady(), await second.leads(), await second.passes()]).toEqual([true, false, 0]);
    const { leaseTransitions } = await lease();
    first.child.kill('SIGSTOP');
    await until('the second lead', () => second.leads(), 50_000);
    await until('the second work', async () => (await second.passes()) > 0);
    await until('both Pods have the label', async () => (await labelledPods()) === 'pod-a pod-b');
    first.child.kill('SIGCONT');
    expect(await first.exit).toEqual([1, null]);
    expect(first.messages.at(-1)).toBe("Cut off: Lost the leader's Lease: it could not be renewed within 20 s");
    expect(await lease()).toMatchObject({
      holderIdentity: expect.stringMatching(/^pod-b_/),
      leaseTransitions: leaseTransitions + 1,
    });
    await start('--instance', 'pod-a', '--pod-name', 'pod-a');
    await until('the label be where the leader is', async () => (await labelledPods()) === 'pod-b');
  }, 120_000);

  it('tells of itself under the names that dashboards know', async () => {
    const operator = await start();
    await until('it lead', () => operator.leads());
    expect(await operator.metricNames()).toEqual(
      expect.arrayContaining([
        'controller_runtime_reconcile_total',
        'controller_runtime_reconcile_errors_total',
        'controller_runtime_reconcile_time_seconds',
        'controller_runtime_active_workers',
        'controller_runtime_max_concurrent_reconciles',
        'workqueue_depth',
        'workqueue_adds_total',
        'workqueue_retries_total',
        'workqueue_queue_duration_seconds',
        'workqueue_work_duration_seconds',
        'workqueue_unfinished_work_seconds',
        'workqueue_longest_running_processor_seconds',
        'rest_client_requests_total',
        'rest_client_request_duration_seconds',
        'leader_election_master_status',
        'process_resident_memory_bytes',
        'process_open_fds',
        'nodejs_eventloop_lag_seconds',
        'molecule_watch_age_seconds',
        'molecule_open_watches',
        'molecule_events_dropped_total',
        'molecule_objects',
        'molecule_pending_approvals',
        'molecule_guard_open_routes',
        'molecule_ledger_health',
      ]),
    );
    expect(await operator.metric('rest_client_request_duration_seconds_count')).toBeGreaterThan(0);
  });

  it('that is bundled can make the certificate of its webhook, and has the apiserver trust it', async () => {
    await ensureWebhook(plane.kubectl);
    const ports = await pickPorts(['metrics', 'assets', 'webhook']);
    const flags = ['--webhook-url', `https://127.0.0.1:${ports.webhook}`];
    await watched(new OperatorProcess(ports, { flags, program: BUNDLE }));
    const path = 'jsonpath={.webhooks[0].clientConfig.caBundle}';
    const bundle = (): Promise<string> =>
      plane.kubectl.must(['get', 'validatingwebhookconfiguration', WEBHOOK_NAME, '-o', path]);
    await until('the apiserver trust it', async () => (await bundle()) !== '');
    const { subject, subjectAltName } = new X509Certificate(Buffer.from(await bundle(), 'base64'));
    expect({ subject, subjectAltName }).toEqual({
      subject: 'CN=molecule-webhook',
      subjectAltName: 'IP Address:127.0.0.1',
    });
  });

  it('that is told twice to end is cut off and says so', async () => {
    const operator = await start();
    await until('it lead', () => operator.leads());
    // Both wait for it, so that it hears the second before it is done with the first.
    operator.child.kill('SIGSTOP');
    operator.child.kill('SIGTERM');
    operator.child.kill('SIGINT');
    operator.child.kill('SIGCONT');
    expect(await operator.exit).toEqual([1, null]);
    expect(operator.messages.at(-1)).toMatch(/^Cut off: Stopping on SIG(TERM|INT)$/);
  });
});
