import type { KubeClient } from '../kube/client.ts';

/** How a command reaches the cluster; kubectl's own options. */
export interface ClusterOptions {
  /** @default KUBECONFIG, else ~/.kube/config, else the Pod's service account */
  readonly kubeconfig?: string;
  /** @default the current context */
  readonly context?: string;
}

export interface Cluster {
  readonly client: Pick<KubeClient, 'list'>;
  /** The context's namespace, else `default`. */
  readonly namespace: string;
  close(): void;
}

/** Rejects with a text that says what to do when there is no usable kubeconfig. */
export type Connect = (options: ClusterOptions) => Promise<Cluster>;
