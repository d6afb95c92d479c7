import { z } from 'zod';
import { readIfExists, writeAtomically } from '../lib/files.ts';
import { createKubectl, type Kubectl } from '../lib/kubectl.ts';
import { type ClusterLayout, clusterLayout } from './layout.ts';

const stateSchema = z.object({
  kind: z.enum(['bare', 'kind', 'existing']),
  kubeconfig: z.string(),
  kubectlProgram: z.string(),
  /** The address under which Pods reach programs on this machine; undefined where that is not known. */
  hostAddress: z.string().optional(),
});

export type ClusterState = Readonly<z.infer<typeof stateSchema>>;

/** The cluster that `cluster up` last brought up in this checkout; undefined when there is none. It may have crashed. */
export async function readCluster(layout: ClusterLayout = clusterLayout()): Promise<ClusterState | undefined> {
  const text = await readIfExists(layout.stateFile);
  return text === undefined ? undefined : stateSchema.parse(JSON.parse(text));
}

export async function writeCluster(layout: ClusterLayout, state: ClusterState): Promise<void> {
  await writeAtomically(layout.stateFile, `${JSON.stringify(state, undefined, 2)}\n`);
}

export function kubectlFor(state: ClusterState): Kubectl {
  return createKubectl(state.kubectlProgram, state.kubeconfig);
}
