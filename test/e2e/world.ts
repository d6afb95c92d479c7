import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { kubectlFor } from '../../hack/cluster/state.ts';
import { runInAgent } from '../../hack/demo/agents.ts';
import { applyExamples } from '../../hack/demo/tour.ts';
import type { Environment } from '../../hack/environment.ts';
import type { Kubectl } from '../../hack/lib/kubectl.ts';
import { waitFor } from '../../hack/lib/wait.ts';

const TIMEOUT_MS = 150_000;

export interface PodFacts {
  readonly uid: string;
  readonly startTime: string;
  readonly agentRestarts: number;
}

/** One Org of examples/acme in a namespace of its own. */
export interface World {
  readonly environment: Environment;
  readonly kubectl: Kubectl;
  readonly namespace: string;
  /** Applies one manifest. */
  apply(manifest: object): Promise<void>;
  /** An object as JSON; undefined when there is none. */
  read(kind: string, name: string): Promise<Json | undefined>;
  /** Waits until a condition of an object has a status, and returns the condition. */
  condition(object: string, type: string, status: string): Promise<Json>;
  /** JavaScript in an agent's container; its standard output. */
  inAgent(workspace: string, script: string): Promise<string>;
  podFacts(workspace: string): Promise<PodFacts>;
  /** Waits until `ask` gives something. */
  until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into objects of the API as they come
export type Json = any;

export async function createWorld(options: { readonly hasExamples: boolean }): Promise<World> {
  const provided = inject('environment');
  const environment: Environment = { ...provided, kubectl: kubectlFor(provided.cluster) };
  const { kubectl } = environment;
  const namespace = `e2e-${randomBytes(4).toString('hex')}`;
  await kubectl.must(['create', 'namespace', namespace]);
  if (options.hasExamples) await applyExamples(environment, namespace);

  const until: World['until'] = (what, ask) => waitFor(ask, { what, timeoutMs: TIMEOUT_MS, intervalMs: 200 });
  const read: World['read'] = async (kind, name) => {
    const answer = await kubectl.run(['get', kind, name, '-n', namespace, '-o', 'json', '--ignore-not-found']);
    return answer.stdout.trim() === '' ? undefined : JSON.parse(answer.stdout);
  };
  const podName = async (workspace: string): Promise<string> =>
    (await read('workspace', workspace))?.status?.podName ?? '';
  return {
    environment,
    kubectl,
    namespace,
    until,
    read,
    apply: async (manifest) => {
      await kubectl.must(['apply', '--server-side', '-n', namespace, '-f', '-'], { input: JSON.stringify(manifest) });
    },
    condition: (object, type, status) => {
      const [kind = '', name = ''] = object.split('/');
      return until(`${object} have ${type}=${status}`, async () => {
        const conditions = (await read(kind, name))?.status?.conditions ?? [];
        return conditions.find((condition: Json) => condition.type === type && condition.status === status);
      });
    },
    inAgent: async (workspace, script) => runInAgent(kubectl, { namespace, podName: await podName(workspace) }, script),
    podFacts: async (workspace) => {
      const pod = await read('pod', await podName(workspace));
      const agent = pod.status.containerStatuses.find((container: Json) => container.name === 'agent');
      return { uid: pod.metadata.uid, startTime: pod.status.startTime, agentRestarts: agent.restartCount };
    },
  };
}
