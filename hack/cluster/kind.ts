import { ensureBinary } from '../binaries.ts';
import { findProgram } from '../lib/files.ts';
import { run, runOrThrow } from '../lib/run.ts';
import type { BareClusterOptions } from './bare.ts';
import type { ClusterLayout } from './layout.ts';
import { type ClusterState, writeCluster } from './state.ts';

/** A cluster in Docker, by the Kubernetes tool `kind`, named after the checkout. */
export async function startKindCluster(layout: ClusterLayout, options: BareClusterOptions): Promise<ClusterState> {
  await requireKind();
  const kubectlProgram = await ensureBinary('kubectl', options);
  const known = await runOrThrow('kind', ['get', 'clusters'], options);
  if (!known.split('\n').includes(layout.name)) {
    const args = ['create', 'cluster', '--name', layout.name, '--kubeconfig', layout.kubeconfig, '--wait', '120s'];
    await runOrThrow('kind', args, { signal: options.signal, action: 'create a kind cluster' });
  }
  await runOrThrow('kind', ['export', 'kubeconfig', '--name', layout.name, '--kubeconfig', layout.kubeconfig], options);
  const gateways = await runOrThrow(
    'docker',
    ['network', 'inspect', 'kind', '--format', '{{range .IPAM.Config}}{{.Gateway}}\n{{end}}'],
    options,
  );
  const hostAddress = gateways.split('\n').find((address) => /^\d+\.\d+\.\d+\.\d+$/.test(address));
  const state: ClusterState = {
    kind: 'kind',
    kubeconfig: layout.kubeconfig,
    kubectlProgram,
    ...(hostAddress !== undefined && { hostAddress }),
  };
  await writeCluster(layout, state);
  return state;
}

export async function stopKindCluster(layout: ClusterLayout): Promise<void> {
  await runOrThrow('kind', ['delete', 'cluster', '--name', layout.name, '--kubeconfig', layout.kubeconfig]);
}

/** Brings an image archive into the cluster. */
export async function loadKindImage(layout: ClusterLayout, archive: string, signal?: AbortSignal): Promise<void> {
  await runOrThrow('kind', ['load', 'image-archive', archive, '--name', layout.name], { signal });
}

async function requireKind(): Promise<void> {
  if ((await findProgram('kind')) === undefined) {
    throw new Error('Cannot use CLUSTER=kind: the program kind is missing (https://kind.sigs.k8s.io)');
  }
  const engine = await run('docker', ['info', '--format', '{{.ServerVersion}}']).catch(() => undefined);
  if (engine?.code !== 0) {
    throw new Error(
      'Cannot use CLUSTER=kind: no Docker engine answers. Start one, or leave CLUSTER unset for a bare cluster',
    );
  }
}
