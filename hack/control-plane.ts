import { mkdir, readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { ensureBinaries, ensureBinary } from './binaries.ts';
import {
  APISERVER_PORTS,
  type ApiserverOptions,
  apiserverArgs,
  CONTROLLER_MANAGER_USER,
  controllerManagerArgs,
  etcdArgs,
  type Pki,
  SCHEDULER_USER,
  schedulerArgs,
} from './control-plane/components.ts';
import { ensureAuthority, ensureCertificate, ensureSigningKey, type KeyPair } from './lib/certificates.ts';
import { type Daemon, logTail, startDaemon, stopRecorded } from './lib/daemon.ts';
import { endpointOf, writeKubeconfig } from './lib/kubeconfig.ts';
import { createKubectl, type Kubectl } from './lib/kubectl.ts';
import { pickPorts } from './lib/ports.ts';
import type { Report } from './lib/report.ts';
import { waitFor } from './lib/wait.ts';

export type ControlPlanePorts = Readonly<Record<(typeof APISERVER_PORTS)[number], number>>;

export interface ControlPlaneOptions extends ApiserverOptions {
  /** Everything is kept here: data, certificates, kubeconfig, logs, pid files. Started again on it, all of it is kept. */
  readonly dir: string;
  /** Without it nothing is garbage-collected, no namespace ends, no claim binds, no ServiceAccount is made. */
  readonly hasControllerManager?: boolean;
  readonly hasScheduler?: boolean;
  /** `parent` for tests, `detached` for a cluster that outlives the command. @default parent */
  readonly lifetime?: 'parent' | 'detached';
  /** Kept where they are still free. */
  readonly rememberedPorts?: Partial<ControlPlanePorts> | undefined;
  /** @default DIR/log */
  readonly logDir?: string;
  readonly report?: Report | undefined;
  /** Ends the waiting for readiness; what was started by then is stopped. It does not stop a running control plane. */
  readonly signal?: AbortSignal | undefined;
}

export interface ControlPlane {
  readonly dir: string;
  readonly server: string;
  readonly caFile: string;
  /** Directory of the certificate authority, for ensureCertificate: any user and group can be made from it. */
  readonly pkiDir: string;
  readonly adminKubeconfig: string;
  readonly kubectl: Kubectl;
  readonly ports: ControlPlanePorts;
  readonly pids: Readonly<Record<string, number>>;
  readonly auditLog: string | undefined;
  /** Stops the processes; data and certificates stay in the directory. */
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;

/**
 * Starts etcd and a kube-apiserver, on request with kube-controller-manager and kube-scheduler, on free loopback ports,
 * and returns once /readyz says yes (about four seconds). Processes of a crashed run on the same directory are stopped first.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dir, signal, lifetime = 'parent' } = options;
  const logDir = options.logDir ?? join(dir, 'log');
  await stopControlPlane(dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const binaries = await ensureBinaries(['etcd', 'kube-apiserver', 'kubectl'], options);
  const controllerManager = options.hasControllerManager && (await ensureBinary('kube-controller-manager', options));
  const scheduler = options.hasScheduler && (await ensureBinary('kube-scheduler', options));
  const pki = await ensurePki(join(dir, 'pki'), signal);
  const ports = await pickPorts(APISERVER_PORTS, options.rememberedPorts);
  const server = `https://127.0.0.1:${ports.apiserver}`;
  const endpoint = await endpointOf(server, pki.ca.certFile);
  const kubeconfigOf = async (name: string, pair: KeyPair): Promise<string> => {
    const file = join(dir, `${name}.kubeconfig`);
    await writeKubeconfig({ file, endpoint, credentials: { kind: 'certificate', pair } });
    return file;
  };
  const adminKubeconfig = await kubeconfigOf('admin', pki.admin);

  const daemons: Daemon[] = [];
  const start = async (name: string, program: string, args: readonly string[]): Promise<Daemon> => {
    const pidFile = pidFileOf(dir, name);
    const daemon = await startDaemon({ name, program, args, logFile: join(logDir, `${name}.log`), pidFile, lifetime });
    daemons.push(daemon);
    return daemon;
  };
  const stop = async (): Promise<void> => {
    // The store last, so that the others can write what they still hold.
    for (const daemon of daemons.toReversed()) await daemon.stop();
  };
  try {
    const etcd = await start('etcd', binaries.etcd, etcdArgs({ dir, ports }));
    const apiserver = await start(
      'kube-apiserver',
      binaries['kube-apiserver'],
      await apiserverArgs({ ...options, pki, ports }),
    );
    await waitForApiserver({ server, caFile: pki.ca.certFile, needed: [etcd, apiserver], signal });
    if (controllerManager) {
      const kubeconfig = await kubeconfigOf('controller-manager', pki.controllerManager);
      await start('kube-controller-manager', controllerManager, controllerManagerArgs({ kubeconfig, pki, ports }));
    }
    if (scheduler) {
      const kubeconfig = await kubeconfigOf('scheduler', pki.scheduler);
      await start('kube-scheduler', scheduler, schedulerArgs({ kubeconfig, ports }));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    dir,
    server,
    caFile: pki.ca.certFile,
    pkiDir: join(dir, 'pki'),
    adminKubeconfig,
    kubectl: createKubectl(binaries.kubectl, adminKubeconfig),
    ports,
    pids: Object.fromEntries(daemons.map((daemon) => [daemon.name, daemon.pid])),
    auditLog: options.auditLog,
    stop,
  };
}

/** Stops what a control plane on this directory left running, whoever started it. True when something was. */
export async function stopControlPlane(dir: string): Promise<boolean> {
  const order = ['kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd'];
  let hasStopped = false;
  for (const name of order) hasStopped = (await stopRecorded(pidFileOf(dir, name))) || hasStopped;
  return hasStopped;
}

/** Where a process of this control plane's directory is remembered. */
export function pidFileOf(dir: string, name: string): string {
  return join(dir, 'run', `${name}.pid`);
}

async function ensurePki(dir: string, signal: AbortSignal | undefined): Promise<Pki> {
  const ca = await ensureAuthority(dir, signal);
  const issue = (name: string, commonName: string, more: { organizations?: string[]; altNames?: string[] } = {}) =>
    ensureCertificate(dir, { name, commonName, ...more }, signal);
  const [apiserver, admin, kubeletClient, controllerManager, scheduler, signingKey] = await Promise.all([
    issue('apiserver', 'kube-apiserver', { altNames: ['DNS:localhost', 'IP:127.0.0.1', 'IP:10.0.0.1'] }),
    issue('admin', 'admin', { organizations: ['system:masters'] }),
    issue('apiserver-kubelet-client', 'kube-apiserver-kubelet-client', { organizations: ['system:masters'] }),
    issue('controller-manager', CONTROLLER_MANAGER_USER),
    issue('scheduler', SCHEDULER_USER),
    ensureSigningKey(dir),
  ]);
  return { ca, apiserver, admin, kubeletClient, controllerManager, scheduler, signingKey };
}

interface ReadinessQuestion {
  readonly server: string;
  readonly caFile: string;
  readonly needed: readonly Daemon[];
  readonly signal: AbortSignal | undefined;
}

async function waitForApiserver(question: ReadinessQuestion): Promise<void> {
  const ca = await readFile(question.caFile, 'utf8');
  await waitFor(
    async () => {
      const dead = question.needed.find((daemon) => !daemon.isRunning());
      if (dead !== undefined) {
        throw new Error(
          `Cannot start ${dead.name}: it ended at once. ${dead.logFile} says:\n${await logTail(dead.logFile)}`,
        );
      }
      return (await statusOf(`${question.server}/readyz`, ca)) === 200;
    },
    { what: `${question.server}/readyz say ok`, timeoutMs: READY_TIMEOUT_MS, intervalMs: 50, signal: question.signal },
  );
}

/** The HTTP status of a GET, or undefined while nobody answers. */
function statusOf(url: string, ca: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { ca, agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}
