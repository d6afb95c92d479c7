import { NODES, PODS } from '../../src/apis/v1alpha1/resources.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { type KubeObject, keyOf } from '../../src/kube/objects.ts';

const IN_FLIGHT = 8;
const FAKE_NODE = 'bench-node';

/**
 * A node that makes every Pod ready with exactly one PATCH of its status, at most IN_FLIGHT at a time. It declares no
 * features. Runs until aborted; rejects when the apiserver refuses it.
 */
export async function runReadier(client: KubeClient, signal: AbortSignal): Promise<void> {
  await client.apply(
    NODES,
    { apiVersion: 'v1', kind: 'Node', metadata: { name: FAKE_NODE } },
    { fieldManager: 'bench', signal },
  );
  const waiting: KubeObject[] = [];
  let running = 0;
  const pump = (): void => {
    while (running < IN_FLIGHT) {
      const pod = waiting.shift();
      if (pod === undefined) return;
      running += 1;
      void makeReady(client, pod, signal).finally(() => {
        running -= 1;
        pump();
      });
    }
  };
  while (!signal.aborted) {
    for await (const event of client.watch<KubeObject>(PODS, { sendInitialEvents: true, signal })) {
      if (event.type !== 'ADDED') continue;
      waiting.push(event.object);
      pump();
    }
  }
}

async function makeReady(client: KubeClient, pod: KubeObject, signal: AbortSignal): Promise<void> {
  const at = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const status = {
    phase: 'Running',
    podIP: '10.99.0.1',
    podIPs: [{ ip: '10.99.0.1' }],
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: at,
    })),
  };
  await client.patch(PODS, keyOf(pod), { status }, { subresource: 'status', fieldManager: 'bench-node', signal });
}
