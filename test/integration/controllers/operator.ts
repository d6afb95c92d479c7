/**
 * The real controllers, in this process, against the shared control plane, with the rights of the operator's account. An
 * operator sees one namespace only, so that those of other test files leave its objects alone.
 *
 *   const operator = await startOperator();                     // a namespace of its own
 *   afterAll(() => operator.stop());
 *   await operator.create(ORGS, { spec: { defaults: { image: 'example/agent:1' } } }, 'org');
 *   await operator.create(WORKSPACES, {}, 'writer');
 *   const pod = await operator.podOf('writer');                 // waits until it is there
 *   await operator.runAgent(pod);                               // as a kubelet would say that it runs and is ready
 *   await operator.until('writer', { reason: 'WorkspaceReady' });
 *   const again = await startOperator({ namespace: operator.namespace });   // after stop(): a restart of the operator
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { V1Pod } from '@kubernetes/client-node';
import { Registry } from '@prometheus-io/client';
import { waitFor } from '../../../hack/lib/wait.ts';
import { API_VERSION, LABELS, OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT } from '../../../src/apis/v1alpha1/names.ts';
import { PODS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { Condition, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { createFluxClient } from '../../../src/assets/fetch/flux-client.ts';
import type { ForgeClient } from '../../../src/assets/fetch/forge.ts';
import { createAssetStore } from '../../../src/assets/store/asset-store.ts';
import type { ClearanceSource } from '../../../src/controllers/clearance.ts';
import { type Controllers, declareControllers } from '../../../src/controllers/declare-controllers.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { type KubeObject, keyOf, type Resource } from '../../../src/kube/objects.ts';
import { openKubeClient } from '../../../src/kube/open-client.ts';
import { createSystemClock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { EventRecorder } from '../../../src/runtime/events.ts';
import { Manager } from '../../../src/runtime/manager.ts';
import { createRuntimeMetrics } from '../../../src/runtime/metrics.ts';
import { MemoryLedger } from '../../memory-ledger/memory-ledger.ts';
import {
  adminKubeconfig,
  controlPlane,
  createNamespace,
  serviceAccountKubeconfig,
} from '../../support/control-plane.ts';
import { LOOPBACK } from '../../unit/assets/loopback.ts';
import { createFakeForge, type FakeForge } from './fake-forge.ts';

const TIMEOUT_MS = 20_000;
const CLEAR: ClearanceSource = {
  current: () => ({ ledger: 'available', openRoutes: [] }),
  onChange: () => undefined,
};

/** A Pod of an agent, as the apiserver sends it. */
export type AgentPod = V1Pod & KubeObject;

export interface TestOperator extends Pick<Controllers, 'stores' | 'onReport' | 'onMissing'> {
  readonly namespace: string;
  /** With all rights, for the test itself. */
  readonly client: KubeClient;
  readonly forge: FakeForge;
  /** Where the asset store is. */
  readonly storeRoot: string;
  readMetrics(): Promise<string>;
  /** What the controllers asked the ledger to keep; it outlives `stop` when it is handed to the next operator. */
  readonly ledger: MemoryLedger;
  /** How many requests of this HTTP method the controllers have made; watches are GETs. */
  requestsOf(method: string): number;
  /** Makes an object of one of our kinds, or another whose `body` says its apiVersion, in the namespace. */
  create<T extends KubeObject>(resource: Resource, body: object, name: string): Promise<T>;
  /** A merge patch as people send it. */
  patch<T extends KubeObject>(resource: Resource, name: string, patch: Readonly<Record<string, unknown>>): Promise<T>;
  get<T extends KubeObject>(resource: Resource, name: string): Promise<T>;
  /** Waits for the Workspace's one live Pod; `unless`: another than that with this uid. */
  podOf(workspace: string, unless?: { readonly uid?: string | undefined }): Promise<AgentPod>;
  podsOf(workspace: string): Promise<readonly AgentPod[]>;
  /** Says of a Pod what a kubelet says once materialize has succeeded and the agent serves its card. */
  runAgent(pod: AgentPod): Promise<void>;
  /** Waits until a condition of the Workspace, Ready unless `type` names another, is as said. */
  until(
    workspace: string,
    wanted: Partial<Pick<Condition, 'type' | 'status' | 'reason'>>,
  ): Promise<{ readonly workspace: Workspace; readonly condition: Condition }>;
  /** Lets the running passes end. What it made stays. */
  stop(): Promise<void>;
}

export interface TestOperatorOptions {
  readonly namespace?: string;
  /** That of the operator before. @default one of its own, which is empty */
  readonly ledger?: MemoryLedger;
  /** @default everything is clear */
  readonly clearance?: ClearanceSource;
  /** Another than `forge`, which is then asked nothing. */
  readonly forgeClient?: ForgeClient;
  /** Is handed every line of the log, in all its detail. */
  readonly onLog?: (line: string) => void;
}

export async function startOperator(options: TestOperatorOptions = {}): Promise<TestOperator> {
  const namespace = options.namespace ?? (await createNamespace());
  const { client } = openKubeClient({ kubeconfig: adminKubeconfig(), userAgent: 'test' });
  const requests = new Map<string, number>();
  const account = openKubeClient({
    kubeconfig: await serviceAccountKubeconfig({ namespace: OPERATOR_NAMESPACE, name: OPERATOR_SERVICE_ACCOUNT }),
    userAgent: 'molecule-operator',
    onResponse: (method) => requests.set(method, (requests.get(method) ?? 0) + 1),
  }).client;
  const confined = confineTo(namespace, account);
  const { onLog } = options;
  const log = createLogger({
    name: 'test',
    ...(onLog === undefined ? { level: 'silent' } : { level: 'debug', destination: { write: onLog } }),
  });
  const clock = createSystemClock();
  const ledger = options.ledger ?? new MemoryLedger({ now: () => clock.now() });
  const registry = new Registry();
  const metrics = createRuntimeMetrics(registry);
  const stop = new AbortController();
  const kill = new AbortController();
  const manager = new Manager({
    client: confined,
    intents: ledger,
    events: new EventRecorder({ client: confined, clock, random: Math.random, log, metrics, signal: kill.signal }),
    clock,
    random: Math.random,
    log,
    metrics,
  });
  const forge = createFakeForge();
  const forgeClient = options.forgeClient ?? forge;
  const root = await mkdtemp(join(controlPlane().dir, 'store-'));
  const controllers = declareControllers(manager, {
    client: confined,
    clock,
    random: Math.random,
    log,
    forge: forgeClient,
    assets: await createAssetStore({
      root,
      maxBytes: 2 ** 30,
      forge: forgeClient,
      flux: createFluxClient({ addresses: LOOPBACK }),
    }),
    settings: {
      programImage: 'example.invalid/molecule-operator:1',
      materializeCommand: ['materialize'],
      assetServerURL: 'http://127.0.0.1:1',
      assetServerPort: 1,
      tierSizes: new Map(),
    },
    holderOf: () => undefined,
    ledger,
    clearance: options.clearance ?? CLEAR,
    workers: 4,
  });
  const running = manager.run({ stop: stop.signal, kill: kill.signal });
  return {
    ...controllers,
    ...createHelpers(client, namespace),
    namespace,
    client,
    forge,
    storeRoot: root,
    readMetrics: () => registry.metrics(),
    ledger,
    requestsOf: (method) => requests.get(method) ?? 0,
    stop: async () => {
      stop.abort(new Error('End of the test'));
      await running;
      account.close();
      client.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

type Helpers = Pick<TestOperator, 'create' | 'patch' | 'get' | 'podOf' | 'podsOf' | 'runAgent' | 'until'>;

function createHelpers(client: KubeClient, namespace: string): Helpers {
  const { signal } = new AbortController();
  const write = { fieldManager: 'test', signal };
  const podsOf = async (workspace: string): Promise<readonly AgentPod[]> => {
    const page = await client.list<AgentPod>(PODS, {
      namespace,
      labelSelector: `${LABELS.workspace}=${workspace}`,
      signal,
    });
    return page.items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  };
  const get = <T extends KubeObject>(resource: Resource, name: string): Promise<T> =>
    client.get<T>(resource, { namespace, name }, { signal });
  return {
    podsOf,
    get,
    create: <T extends KubeObject>(resource: Resource, body: object, name: string) => {
      const object = { apiVersion: API_VERSION, kind: resource.kind, spec: {}, ...body, metadata: { name, namespace } };
      // The decoding edge of a test: the apiserver refuses what is none.
      return client.create(resource, object as KubeObject as T, write);
    },
    patch: (resource, name, patch) => client.patch(resource, { namespace, name }, patch, write),
    podOf: (workspace, unless) =>
      waitFor(async () => (await podsOf(workspace)).find(({ metadata }) => metadata.uid !== unless?.uid), {
        what: `a Pod of the Workspace ${workspace}`,
        timeoutMs: TIMEOUT_MS,
      }),
    runAgent: async (pod) => {
      await client.patch(PODS, keyOf(pod), { status: runningStatus(pod) }, { ...write, subresource: 'status' });
    },
    until: (workspace, { type = 'Ready', ...wanted }) =>
      waitFor(
        async () => {
          const object = await get<Workspace>(WORKSPACES, workspace);
          const condition = object.status?.conditions?.find((candidate) => candidate.type === type);
          const isWanted =
            condition !== undefined &&
            condition.status === (wanted.status ?? condition.status) &&
            condition.reason === (wanted.reason ?? condition.reason);
          return isWanted && { workspace: object, condition };
        },
        { what: `${type} of the Workspace ${workspace} be ${JSON.stringify(wanted)}`, timeoutMs: TIMEOUT_MS },
      ),
  };
}

function runningStatus({ spec }: AgentPod): object {
  const at = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const done = { terminated: { exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at } };
  const common = { image: 'x', imageID: 'x', restartCount: 0, ready: true };
  return {
    phase: 'Running',
    podIP: '10.99.0.1',
    podIPs: [{ ip: '10.99.0.1' }],
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: at,
    })),
    initContainerStatuses: (spec?.initContainers ?? []).map(({ name }) => ({ ...common, name, state: done })),
    containerStatuses: (spec?.containers ?? []).map(({ name }) => ({
      ...common,
      name,
      state: { running: { startedAt: at } },
    })),
  };
}

/** Follows one namespace where a controller would follow all; what it names itself stays. */
function confineTo(namespace: string, client: KubeClient): KubeClient {
  const confine = <O extends { readonly namespace?: string }>({ namespaced }: Resource, options: O): O =>
    namespaced ? { namespace, ...options } : options;
  return {
    get: (resource, key, options) => client.get(resource, key, options),
    list: (resource, options) => client.list(resource, confine(resource, options)),
    watch: (resource, options) => client.watch(resource, confine(resource, options)),
    create: (resource, object, options) => client.create(resource, object, options),
    apply: (resource, object, options) => client.apply(resource, object, options),
    patch: (resource, key, patch, options) => client.patch(resource, key, patch, options),
    delete: (resource, key, options) => client.delete(resource, key, options),
  };
}
