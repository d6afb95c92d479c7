import { join } from 'node:path';
import type { ControlPlane } from '../control-plane.ts';
import { pidFileOf } from '../control-plane.ts';
import { ensureCertificate } from '../lib/certificates.ts';
import { type Daemon, startDaemon } from '../lib/daemon.ts';
import { writeAtomically } from '../lib/files.ts';
import { endpointOf, writeKubeconfig } from '../lib/kubeconfig.ts';
import type { ClusterLayout } from './layout.ts';

/** The one node. Its name resolves on every machine, which lets the apiserver reach the kubelet over loopback. */
export const NODE_NAME = 'localhost';

export interface KubeletOptions {
  readonly program: string;
  readonly controlPlane: ControlPlane;
  readonly ports: { readonly kubelet: number; readonly kubeletHealth: number };
  /** The gateway's address: of this machine, and there also without any other network. */
  readonly nodeAddress: string;
  readonly signal?: AbortSignal | undefined;
}

/** Starts the kubelet. The node is Ready some seconds later. */
export async function startKubelet(layout: ClusterLayout, options: KubeletOptions): Promise<Daemon> {
  const { controlPlane } = options;
  const pair = await ensureCertificate(
    controlPlane.pkiDir,
    {
      name: 'kubelet',
      commonName: `system:node:${NODE_NAME}`,
      organizations: ['system:nodes'],
      altNames: [`DNS:${NODE_NAME}`],
    },
    options.signal,
  );
  const kubeconfig = join(layout.clusterDir, 'kubelet.kubeconfig');
  const endpoint = await endpointOf(controlPlane.server, controlPlane.caFile);
  await writeKubeconfig({ file: kubeconfig, endpoint, credentials: { kind: 'certificate', pair } });
  const configFile = join(layout.clusterDir, 'kubelet.yaml');
  const config = kubeletConfig(layout, { ...options, caFile: controlPlane.caFile, pair });
  await writeAtomically(configFile, JSON.stringify(config, undefined, 2));
  return startDaemon({
    name: 'kubelet',
    program: options.program,
    args: [
      `--config=${configFile}`,
      `--kubeconfig=${kubeconfig}`,
      `--root-dir=${layout.kubeletDir}`,
      `--cert-dir=${join(layout.clusterDir, 'kubelet-certificates')}`,
      `--hostname-override=${NODE_NAME}`,
      `--node-ip=${options.nodeAddress}`,
      '--v=1',
    ],
    logFile: join(layout.logDir, 'kubelet.log'),
    pidFile: pidFileOf(layout.clusterDir, 'kubelet'),
    lifetime: 'detached',
  });
}

interface KubeletConfigOptions extends KubeletOptions {
  readonly caFile: string;
  readonly pair: { readonly certFile: string; readonly keyFile: string };
}

function kubeletConfig(layout: ClusterLayout, options: KubeletConfigOptions): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: '127.0.0.1',
    port: options.ports.kubelet,
    healthzPort: options.ports.kubeletHealth,
    authentication: { x509: { clientCAFile: options.caFile } },
    tlsCertFile: options.pair.certFile,
    tlsPrivateKeyFile: options.pair.keyFile,
    containerRuntimeEndpoint: `unix://${layout.containerdSocket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${layout.cgroup}`,
    // Since 1.35 it refuses cgroup v1, which many development machines still have.
    failCgroupV1: false,
    failSwapOn: false,
    makeIPTablesUtilChains: false,
    enforceNodeAllocatable: [],
    localStorageCapacityIsolation: false,
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    // Images come from archives: one that was collected could not be pulled again.
    imageGCHighThresholdPercent: 100,
    maxPods: 200,
    nodeStatusUpdateFrequency: '2s',
    podLogsDir: join(layout.logDir, 'pods'),
    volumePluginDir: join(layout.kubeletDir, 'plugins'),
    // No DNS in this cluster: a question fails at once at an address where nobody listens, instead of leaving the machine.
    clusterDNS: [options.nodeAddress],
    clusterDomain: 'cluster.local',
  };
}
