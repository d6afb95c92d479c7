import type { CommandContext } from './command-context.ts';
import type { Cluster } from './connect.ts';
import type { ClusterFlags } from './options.ts';

/** Opens the cluster that the flags name, and closes it whatever happens. */
export async function withCluster<T>(
  flags: Pick<ClusterFlags, 'context' | 'kubeconfig'>,
  { connect }: Pick<CommandContext, 'connect'>,
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const { context, kubeconfig } = flags;
  const cluster = await connect({
    ...(context === undefined ? {} : { context }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  });
  try {
    return await use(cluster);
  } finally {
    cluster.close();
  }
}

/** A cluster that has not answered by then does not answer. */
const READ_TIMEOUT_MS = 30_000;

/** For commands that read and end. */
export function readDeadline(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(READ_TIMEOUT_MS)]);
}
