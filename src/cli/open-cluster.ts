import { coerceError } from '../platform/errors.ts';
import type { Cluster, ClusterOptions } from './connect.ts';

/** The cluster as kubectl would choose it. It connects at the first call. */
export async function openCluster({ kubeconfig, context }: ClusterOptions): Promise<Cluster> {
  const { openKubeClient } = await import('../kube/open-client.ts');
  try {
    const { client, credentials } = openKubeClient({ userAgent: 'kubectl-molecule', kubeconfig, context });
    const { server, namespace } = credentials;
    return { client, server, namespace, close: () => client.close() };
  } catch (thrown) {
    const cause = coerceError(thrown);
    if (cause.message.startsWith('Cannot ')) throw cause;
    throw new Error(`Cannot read the kubeconfig: ${cause.message}; check --kubeconfig or KUBECONFIG`, { cause });
  }
}
