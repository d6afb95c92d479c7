import { runMolecule } from '../../../src/cli/molecule.ts';
import { openCluster } from '../../../src/cli/open-cluster.ts';
import { adminKubeconfig } from '../../support/control-plane.ts';
import { type Captured, capture } from '../../unit/cli/capture.ts';

export interface PluginOptions {
  /** @default the cluster's admin */
  readonly kubeconfig?: string;
  readonly signal?: AbortSignal;
}

/** Runs the plugin in this process, on the real apiserver. */
export async function plugin(argv: readonly string[], options: PluginOptions = {}): Promise<Captured> {
  const { kubeconfig = adminKubeconfig(), signal = new AbortController().signal } = options;
  const programURL = new URL('../../../src/bin/kubectl-molecule.ts', import.meta.url).href;
  const context = { connect: openCluster, now: () => new Date(), programURL, signal };
  return capture((io) => runMolecule([...argv, '--kubeconfig', kubeconfig], { ...context, io }));
}
