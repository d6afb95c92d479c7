import type { KubeClient, ReadOptions } from '../kube/client.ts';

/** Field manager of everything that the plugin writes. */
export const FIELD_MANAGER = 'kubectl-molecule';

/** How a command reaches the cluster; kubectl's own options. */
export interface ClusterOptions {
  /** @default KUBECONFIG, else ~/.kube/config, else the Pod's service account */
  readonly kubeconfig?: string;
  /** @default the current context */
  readonly context?: string;
}

/** What commands ask a cluster. */
export interface ClusterClient extends Pick<KubeClient, 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete'> {
  /** The JSON at a path that is no object's, or the metadata of an object alone. Rejects as `get` does. */
  read(path: string, options: ReadOptions): Promise<unknown>;
}

export interface Cluster {
  readonly client: ClusterClient;
  /** Where it is, for people. */
  readonly server: string;
  /** The context's namespace, else `default`. */
  readonly namespace: string;
  close(): void;
}

/** Rejects with a text that says what to do when there is no usable kubeconfig. */
export type Connect = (options: ClusterOptions) => Promise<Cluster>;
