import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { kubectlFor } from '../../hack/cluster/state.ts';
import { runInAgent } from '../../hack/demo/agents.ts';
import { applyExamples } from '../../hack/demo/tour.ts';
import type { Environment } from '../../hack/environment.ts';
import { FORGE_PID_FILE } from '../../hack/forge.ts';
import { IMAGES } from '../../hack/image.ts';
import { findRecorded } from '../../hack/lib/daemon.ts';
import type { Kubectl } from '../../hack/lib/kubectl.ts';
import { waitFor } from '../../hack/lib/wait.ts';
import { OPERATOR_PID_FILE } from '../../hack/operator.ts';
import { ANNOTATIONS, API_VERSION } from '../../src/apis/v1alpha1/names.ts';

const TIMEOUT_MS = 150_000;

export interface PodFacts {
  readonly uid: string;
  readonly startTime: string;
  readonly agentRestarts: number;
  readonly isServing: boolean;
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
  /** Waits until `kubectl describe` of an object such as workspace/writer has these words; all that it prints. */
  told(object: string, words: string | RegExp): Promise<string>;
  /**
   * Waits until a Workspace is Ready on what a TemplateAsset publishes, proven by digest.
   * @returns the commit that it is from
   */
  delivered(workspace: string, template: string): Promise<string>;
  /** Waits until a condition of an object has a status, and returns the condition. */
  condition(object: string, type: string, status: string): Promise<Json>;
  /** JavaScript in an agent's container; its standard output. */
  inAgent(workspace: string, script: string): Promise<string>;
  podFacts(workspace: string): Promise<PodFacts>;
  /** Waits until the agent serves after more restarts than it had. The Workspace's Ready may lag: it skips short states. */
  restarted(workspace: string, before: PodFacts): Promise<void>;
  /** Ends the agent with this exit code, from inside: its process is told so through Node's inspector. */
  exitAgent(workspace: string, code: number): Promise<void>;
  /** A TemplateAsset of this repository of the forge, read with the world's token; `changes` go into its spec. */
  template(name: string, repository: string, changes?: object): Promise<void>;
  workspace(name: string, spec: object): Promise<void>;
  /** An Org without examples, for Workspaces that a test makes by itself. */
  org(): Promise<void>;
  /** A token for the forge at this address, and for no other. */
  forgeSecret(name: string, secret: { readonly token: string; readonly url: string }): Promise<void>;
  /** Applies examples/acme. */
  examples(): Promise<void>;
  /** A new value of the annotation that asks for a pass now. */
  sync(object: string): Promise<void>;
  /** Waits until `ask` gives something. */
  until<T>(
    what: string,
    ask: () => Promise<T | undefined | false>,
    options?: { readonly intervalMs?: number },
  ): Promise<T>;
}

/** Process 1 of a container ignores signals that it does not handle, so no signal gives it an exit code of our choice. */
const EXIT = (code: number): string => `
process.kill(1, 'SIGUSR1');
let url;
while (url === undefined) {
  url = await fetch('http://127.0.0.1:9229/json').then(async (answer) => (await answer.json())[0].webSocketDebuggerUrl, () => undefined);
}
const socket = new WebSocket(url);
const expression = 'setTimeout(() => process.exit(${code}), 50)';
socket.onopen = () => socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
// A process with a debugger attached waits at its exit for that to leave.
await new Promise((resolve) => { socket.onmessage = resolve; socket.onerror = resolve; });
socket.close();
`;

// biome-ignore lint/suspicious/noExplicitAny: tests look into objects of the API as they come
export type Json = any;

export async function createWorld(options: { readonly hasExamples: boolean }): Promise<World> {
  const provided = inject('environment');
  const environment: Environment = { ...provided, kubectl: kubectlFor(provided.cluster) };
  const { kubectl } = environment;
  const namespace = `e2e-${randomBytes(4).toString('hex')}`;
  await kubectl.must(['create', 'namespace', namespace]);
  if (options.hasExamples) await applyExamples(environment, namespace);

  const until: World['until'] = (what, ask, { intervalMs = 200 } = {}) =>
    waitFor(ask, { what, timeoutMs: TIMEOUT_MS, intervalMs });
  const read: World['read'] = async (kind, name) => {
    const answer = await kubectl.run(['get', kind, name, '-n', namespace, '-o', 'json', '--ignore-not-found']);
    return answer.stdout.trim() === '' ? undefined : JSON.parse(answer.stdout);
  };
  const podName = async (workspace: string): Promise<string> =>
    (await read('workspace', workspace))?.status?.podName ?? '';
  const podFacts: World['podFacts'] = async (workspace) => {
    const pod = await read('pod', await podName(workspace));
    const agent = pod.status.containerStatuses.find((container: Json) => container.name === 'agent');
    return {
      uid: pod.metadata.uid,
      startTime: pod.status.startTime,
      agentRestarts: agent.restartCount,
      isServing: agent.ready,
    };
  };
  const apply: World['apply'] = async (manifest) => {
    await kubectl.must(['apply', '--server-side', '-n', namespace, '-f', '-'], { input: JSON.stringify(manifest) });
  };
  const own = (kind: string, name: string, spec: object): Promise<void> =>
    apply({ apiVersion: API_VERSION, kind, metadata: { name }, spec });
  return {
    environment,
    kubectl,
    namespace,
    until,
    read,
    apply,
    template: (name, repository, changes = {}) => {
      const { url, user } = environment.forge;
      const source = { forge: 'gitea', baseURL: url, owner: user, repo: repository, ref: 'main' };
      return own('TemplateAsset', name, { source, auth: 'token', secretRef: { name: 'forge-token' }, ...changes });
    },
    examples: () => applyExamples(environment, namespace),
    org: () =>
      own('Org', 'org', { defaults: { runtime: 'claude-code', image: IMAGES.mockAgent, storage: { size: '64Mi' } } }),
    forgeSecret: (name, { token, url }) =>
      apply({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name },
        stringData: { token, allowedHosts: new URL(url).host },
      }),
    workspace: (name, spec) => own('Workspace', name, spec),
    sync: async (object) => {
      const value = randomBytes(4).toString('hex');
      await kubectl.must(['annotate', '--overwrite', '-n', namespace, object, `${ANNOTATIONS.requestedAt}=${value}`]);
    },
    told: (object, words) =>
      until(`kubectl describe ${object} say "${words}"`, async () => {
        const text = await kubectl.must(['describe', '-n', namespace, object]);
        return (typeof words === 'string' ? text.includes(words) : words.test(text)) && text;
      }),
    delivered: (workspace, template) =>
      until(`${workspace} run on what ${template} publishes`, async () => {
        const { conditions = [], assets } = (await read('workspace', workspace))?.status ?? {};
        const { artifact } = (await read('templateasset', template))?.status ?? {};
        const isReady = conditions.some(({ type, status }: Json) => type === 'Ready' && status === 'True');
        return isReady && assets?.digest !== undefined && assets.digest === artifact?.digest && assets.revision;
      }),
    condition: (object, type, status) => {
      const [kind = '', name = ''] = object.split('/');
      return until(`${object} have ${type}=${status}`, async () => {
        const conditions = (await read(kind, name))?.status?.conditions ?? [];
        return conditions.find((condition: Json) => condition.type === type && condition.status === status);
      });
    },
    inAgent: async (workspace, script) => runInAgent(kubectl, { namespace, podName: await podName(workspace) }, script),
    exitAgent: async (workspace, code) => {
      const args = ['exec', '-n', namespace, await podName(workspace), '-c', 'agent', '--', '/nodejs/bin/node'];
      // The container ends under the command, which therefore fails; whether the agent ended is what the caller waits for.
      await kubectl.run([...args, '--input-type=module', '-e', EXIT(code)]);
    },
    podFacts,
    restarted: async (workspace, before) => {
      await until(`${workspace} serve after a restart`, async () => {
        const facts = await podFacts(workspace);
        return facts.agentRestarts > before.agentRestarts && facts.isServing;
      });
    },
  };
}

/** How `kubectl describe` prints the reason of a condition. */
export function reasonLine(reason: string): RegExp {
  return new RegExp(`^\\s*Reason:\\s+${reason}$`, 'm');
}

/** Of the forge of this checkout. */
export function forgePid(): Promise<number> {
  return pidIn(FORGE_PID_FILE, 'forge');
}

/** Of the operator of this checkout, which may have been started anew since the environment was. */
export function operatorPid(): Promise<number> {
  return pidIn(OPERATOR_PID_FILE, 'operator');
}

async function pidIn(file: string, name: string): Promise<number> {
  const pid = await findRecorded(file);
  if (pid === undefined) throw new Error(`Cannot find the ${name}: none runs`);
  return pid;
}
