import type { KeptList } from '../../../../src/assets/kept-version.ts';
import type { AgentPod } from '../../../../src/cli/assets/helper-pod.ts';
import type { KubeObject } from '../../../../src/kube/objects.ts';
import { sealFor } from '../../../../src/platform/sealed.ts';
import { type RunOptions, runOn, type Written } from '../fake-cluster.ts';
import { templateAsset, workspace } from '../objects.ts';

export const DIGEST = `sha256:${'ab'.repeat(32)}`;
export const REVISION = 'a1b2c3d4e5f60718293a4b5c6d7e8f9001122334';

/** The agent's Pod as the apiserver has it. */
export function agentPod(annotations: Readonly<Record<string, string>> = {}): AgentPod & { readonly status: object } {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'acme', name: 'writer-1', uid: 'uid of the pod', annotations },
    spec: {
      nodeName: 'node-7',
      tolerations: [{ key: 'gpu', operator: 'Exists' }],
      imagePullSecrets: [{ name: 'registry' }],
      initContainers: [
        {
          name: 'materialize',
          image: 'example/operator:1.2.3',
          command: ['node', '/app/materialize.mjs'],
          env: [{ name: 'ASSET_SERVER_URL', value: 'http://assets' }],
          volumeMounts: [{ name: 'asset-token', mountPath: '/var/run/secrets' }],
        },
      ],
      containers: [{ name: 'agent', image: 'example/agent' }],
      volumes: [{ name: 'configs', persistentVolumeClaim: { claimName: 'writer-1' } }],
    },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

export const writer = workspace('writer', {
  spec: { templateRef: { name: 'writing' } },
  status: {
    podName: 'writer-1',
    volumeName: 'writer-1',
    assets: { revision: REVISION, digest: DIGEST, files: 4 },
  },
});

export interface Volume {
  /** What the program prints; what it found is sealed as it would be. */
  readonly found?: KeptList;
  readonly printed?: unknown;
  /** How the Pod ends. @default it succeeds */
  readonly status?: object;
}

export interface HelperRun extends Awaited<ReturnType<typeof runOn>> {
  /** What was created for it. */
  readonly helpers: readonly KubeObject[];
}

/** Runs the plugin in a cluster whose kubelet runs a helper to its end at once. */
export async function runBeside(argv: readonly string[], volume: Volume, options: RunOptions = {}): Promise<HelperRun> {
  const objects: KubeObject[] = [writer, templateAsset('writing'), agentPod(), ...(options.objects ?? [])];
  const helpers: KubeObject[] = [];
  const paths: Record<string, unknown> = {};
  const onWrite = (write: Written): void => {
    options.onWrite?.(write);
    if (write.verb !== 'create' || write.kind !== 'Pod') return;
    const pod = write.body as KubeObject & { readonly spec: { readonly containers: [{ readonly args: string[] }] } };
    const address = /^--seal-for=(.*)$/.exec(pod.spec.containers[0].args.at(-1) ?? '')?.[1] ?? '';
    helpers.push(pod);
    const ended: KubeObject & { readonly status: object } = { ...pod, status: volume.status ?? { phase: 'Succeeded' } };
    objects.push(ended);
    paths[`/api/v1/namespaces/acme/pods/${pod.metadata.name}/log`] =
      volume.found === undefined ? volume.printed : sealFor(address, Buffer.from(JSON.stringify(volume.found)));
  };
  const run = await runOn(argv, { ...options, world: () => objects, paths, onWrite });
  return { ...run, helpers };
}
