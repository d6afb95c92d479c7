import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ensureBinary } from '../binaries.ts';
import { APISERVER_PORTS } from '../control-plane/components.ts';
import { type ControlPlane, pidFileOf, startControlPlane } from '../control-plane.ts';
import { findRecorded, logTail, startDaemon } from '../lib/daemon.ts';
import { readIfExists, writeAtomically } from '../lib/files.ts';
import { endpointOf, writeKubeconfig } from '../lib/kubeconfig.ts';
import type { Kubectl } from '../lib/kubectl.ts';
import { pickPorts } from '../lib/ports.ts';
import type { Report } from '../lib/report.ts';
import { waitFor } from '../lib/wait.ts';
import { cgroupRoots, cleanRuntime } from './clean.ts';
import { importImage, startContainerd } from './containerd.ts';
import { ensurePauseArchive } from './images.ts';
import { NODE_NAME, startKubelet } from './kubelet.ts';
import type { ClusterLayout } from './layout.ts';
import { ensureBridge, pickSubnet, writeCniConfig } from './network.ts';
import { ensureCniPlugins, ensurePrograms, NODE_PACKAGES } from './packages.ts';
import { type ClusterState, writeCluster } from './state.ts';
import { STORAGE_CLASS } from './storage-class.ts';

export interface BareClusterOptions {
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

const NODE_READY_TIMEOUT_MS = 60_000;

const PORT_NAMES = [...APISERVER_PORTS, 'kubelet', 'kubeletHealth'] as const;

const addressesSchema = z.object({
  ports: z.partialRecord(z.enum(PORT_NAMES), z.number()),
});

const COMPONENTS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'containerd',
  'kubelet',
  'volumes',
] as const;

/**
 * A whole cluster from plain programs: control plane, one node, one kind of volume. What a crashed run left is removed
 * first; data that it left is taken up again.
 */
export async function startBareCluster(layout: ClusterLayout, options: BareClusterOptions): Promise<ClusterState> {
  const { report, signal } = options;
  refuseUnfitMachine(layout);
  await ensurePrograms(NODE_PACKAGES, options);
  const cniBinDir = await ensureCniPlugins(options);
  const kubelet = await ensureBinary('kubelet', options);
  const pauseArchive = await ensurePauseArchive(options);
  await cleanRuntime(layout);
  try {
    const ports = await pickAddresses(layout);
    const subnet = await pickSubnet(layout, signal);
    const hostAddress = `${subnet}.1`;
    await ensureBridge(layout, hostAddress, signal);
    const cniConfDir = await writeCniConfig(layout, subnet);
    await makeCgroups(layout);
    const startNode = async (): Promise<void> => {
      await startContainerd(layout, { cniBinDir, cniConfDir, signal });
      await importImage(layout, pauseArchive, signal);
    };
    const { clusterDir, logDir } = layout;
    const [controlPlane] = await Promise.all([
      startControlPlane({
        dir: clusterDir,
        logDir,
        hasControllerManager: true,
        hasScheduler: true,
        lifetime: 'detached',
        rememberedPorts: ports,
        report,
        signal,
      }),
      startNode(),
    ]);
    const startedAt = new Date();
    await startKubelet(layout, { program: kubelet, controlPlane, ports, nodeAddress: hostAddress, signal });
    await startVolumes(layout, controlPlane);
    await writeDevKubeconfig(layout, controlPlane);
    const state: ClusterState = {
      kind: 'bare',
      kubeconfig: layout.kubeconfig,
      kubectlProgram: controlPlane.kubectl.program,
      hostAddress,
    };
    await writeCluster(layout, state);
    await waitForNode(layout, { kubectl: controlPlane.kubectl, startedAt, signal });
    await waitForDefaultAccount(controlPlane.kubectl, signal);
    return state;
  } catch (error) {
    await cleanRuntime(layout);
    throw error;
  }
}

/** Names of the cluster's processes that do not run. */
export async function findDeadComponents(layout: ClusterLayout): Promise<readonly string[]> {
  const pids = await Promise.all(COMPONENTS.map((name) => findRecorded(pidFileOf(layout.clusterDir, name))));
  return COMPONENTS.filter((_, index) => pids[index] === undefined);
}

function refuseUnfitMachine(layout: ClusterLayout): void {
  if (process.platform !== 'linux') {
    throw new Error(
      `Cannot start a bare cluster on ${process.platform}: a kubelet needs Linux. Use CLUSTER=kind or CLUSTER=existing`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new Error(
      'Cannot start a bare cluster: a kubelet needs root. Run as root, or use CLUSTER=kind or CLUSTER=existing',
    );
  }
  const longestSocket = join(layout.kubeletDir, 'pod-resources', 'kubelet.sock');
  if (Buffer.byteLength(longestSocket) > 107) {
    throw new Error(
      `Cannot start a kubelet: the path ${longestSocket} is too long for a socket. Use a checkout with a shorter path`,
    );
  }
}

async function pickAddresses(layout: ClusterLayout): Promise<Readonly<Record<(typeof PORT_NAMES)[number], number>>> {
  const text = await readIfExists(layout.addressFile);
  const remembered = text === undefined ? undefined : addressesSchema.parse(JSON.parse(text)).ports;
  const ports = await pickPorts(PORT_NAMES, remembered);
  await writeAtomically(layout.addressFile, `${JSON.stringify({ ports }, undefined, 2)}\n`);
  return ports;
}

/** The kubelet wants its root cgroup to be there in every hierarchy. */
async function makeCgroups(layout: ClusterLayout): Promise<void> {
  for (const dir of await cgroupRoots(layout)) await mkdir(dir, { recursive: true });
}

async function startVolumes(layout: ClusterLayout, controlPlane: ControlPlane): Promise<void> {
  await controlPlane.kubectl.must(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(STORAGE_CLASS) });
  await mkdir(layout.volumesDir, { recursive: true, mode: 0o711 });
  await startDaemon({
    name: 'volumes',
    program: process.execPath,
    args: [
      join(import.meta.dirname, '..', 'volumes.ts'),
      'run',
      `--kubeconfig=${controlPlane.adminKubeconfig}`,
      `--dir=${layout.volumesDir}`,
      `--node=${NODE_NAME}`,
    ],
    logFile: join(layout.logDir, 'volumes.log'),
    pidFile: pidFileOf(layout.clusterDir, 'volumes'),
    lifetime: 'detached',
  });
}

async function writeDevKubeconfig(layout: ClusterLayout, controlPlane: ControlPlane): Promise<void> {
  const pair = { certFile: join(controlPlane.pkiDir, 'admin.crt'), keyFile: join(controlPlane.pkiDir, 'admin.key') };
  const endpoint = await endpointOf(controlPlane.server, controlPlane.caFile);
  await writeKubeconfig({ file: layout.kubeconfig, endpoint, credentials: { kind: 'certificate', pair } });
}

interface NodeQuestion {
  readonly kubectl: Kubectl;
  /** A node that was Ready before a crash still says so; only a heartbeat since then counts. */
  readonly startedAt: Date;
  readonly signal: AbortSignal | undefined;
}

async function waitForNode(layout: ClusterLayout, question: NodeQuestion): Promise<void> {
  const template = '{range .status.conditions[?(@.type=="Ready")]}{.status} {.lastHeartbeatTime}{end}';
  await waitFor(
    async () => {
      if ((await findRecorded(pidFileOf(layout.clusterDir, 'kubelet'))) === undefined) {
        throw new Error(`Cannot start the kubelet:\n${await logTail(join(layout.logDir, 'kubelet.log'))}`);
      }
      const { stdout } = await question.kubectl.run(['get', 'node', NODE_NAME, '-o', `jsonpath=${template}`], question);
      const [status, heartbeat] = stdout.split(' ');
      // Heartbeats carry whole seconds.
      return status === 'True' && Date.parse(heartbeat ?? '') >= question.startedAt.getTime() - 1_000;
    },
    { what: 'the node become Ready', timeoutMs: NODE_READY_TIMEOUT_MS, intervalMs: 200, signal: question.signal },
  );
}

/** Without it the apiserver refuses Pods in the namespace `default`. */
async function waitForDefaultAccount(kubectl: Kubectl, signal: AbortSignal | undefined): Promise<void> {
  await waitFor(
    async () => (await kubectl.run(['get', 'serviceaccount', 'default', '-n', 'default'], { signal })).code === 0,
    {
      what: 'the default ServiceAccount',
      timeoutMs: NODE_READY_TIMEOUT_MS,
      signal,
    },
  );
}
