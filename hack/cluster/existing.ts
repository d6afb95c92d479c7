import { ensureBinary } from '../binaries.ts';
import { findProgram, writeAtomically } from '../lib/files.ts';
import { runOrThrow } from '../lib/run.ts';
import type { BareClusterOptions } from './bare.ts';
import type { ClusterLayout } from './layout.ts';
import { type ClusterState, writeCluster } from './state.ts';

/** Takes the cluster of the user's current context as it is. Its kubeconfig is copied, so that a switch of contexts changes nothing here. */
export async function useExistingCluster(layout: ClusterLayout, options: BareClusterOptions): Promise<ClusterState> {
  const kubectlProgram = (await findProgram('kubectl')) ?? (await ensureBinary('kubectl', options));
  const config = await runOrThrow(kubectlProgram, ['config', 'view', '--minify', '--flatten', '--raw'], {
    signal: options.signal,
    action: 'use CLUSTER=existing',
  });
  await writeAtomically(layout.kubeconfig, config, 0o600);
  await runOrThrow(kubectlProgram, ['--kubeconfig', layout.kubeconfig, 'version'], {
    signal: options.signal,
    action: 'reach the cluster of the current context',
  });
  const state: ClusterState = { kind: 'existing', kubeconfig: layout.kubeconfig, kubectlProgram };
  await writeCluster(layout, state);
  return state;
}
