import { join } from 'node:path';
import { CHECKOUT_DIR, checkoutId } from '../lib/paths.ts';

/** Where the cluster of a checkout keeps its things, and the names it uses outside of the checkout. */
export interface ClusterLayout {
  /** Unique among the checkouts of this machine. */
  readonly name: string;
  readonly devDir: string;
  /** What people and other tools use: `KUBECONFIG=.dev/kubeconfig kubectl get pods`. */
  readonly kubeconfig: string;
  /** Which kind of cluster runs and how to reach it; missing when none does. */
  readonly stateFile: string;
  /** Ports and Pod network of the last start; outlives `down`, so that the next start gets the same. */
  readonly addressFile: string;
  /** Certificates, etcd data, kubeconfigs, pid files. */
  readonly clusterDir: string;
  readonly logDir: string;
  readonly containerdDir: string;
  readonly kubeletDir: string;
  readonly cniDir: string;
  readonly volumesDir: string;
  /** Sockets and containers' run-time state. Short, because the path of a socket is limited to 107 bytes. */
  readonly runtimeDir: string;
  readonly containerdSocket: string;
  /** Below each hierarchy's mount point. */
  readonly cgroup: string;
  /** At most 15 bytes, as the kernel allows. */
  readonly bridge: string;
}

export function clusterLayout(checkoutDir: string = CHECKOUT_DIR): ClusterLayout {
  const id = checkoutId(checkoutDir);
  const devDir = join(checkoutDir, '.dev');
  const name = `molecule-${id}`;
  const runtimeDir = join('/run', name);
  return {
    name,
    devDir,
    kubeconfig: join(devDir, 'kubeconfig'),
    stateFile: join(devDir, 'cluster.json'),
    addressFile: join(devDir, 'addresses.json'),
    clusterDir: join(devDir, 'cluster'),
    logDir: join(devDir, 'log'),
    containerdDir: join(devDir, 'containerd'),
    kubeletDir: join(devDir, 'kubelet'),
    cniDir: join(devDir, 'cni'),
    volumesDir: join(devDir, 'volumes'),
    runtimeDir,
    containerdSocket: join(runtimeDir, 'containerd.sock'),
    cgroup: name,
    bridge: `mol${id}`,
  };
}
