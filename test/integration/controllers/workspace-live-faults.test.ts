import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { ANNOTATIONS } from '../../../src/apis/v1alpha1/names.ts';
import { ORGS, PODS, TEMPLATE_ASSETS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { type KubeObject, keyOf, type Resource } from '../../../src/kube/objects.ts';
import { createNamespace, mustKubectl } from '../../support/control-plane.ts';
import { type AgentPod, startOperator, type TestOperator } from './operator.ts';

const { signal } = new AbortController();
const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const TEMPLATE = {
  source: { forge: 'gitea', baseURL: 'https://git.example', owner: 'molecule', repo: 'faults', ref: 'main' },
  auth: 'anonymous',
};

let operator: TestOperator;
beforeAll(async () => {
  operator = await startOperator();
  await operator.create(ORGS, { spec: { defaults: { image: 'example.invalid/agent:1' } } }, 'org');
  await operator.create(TEMPLATE_ASSETS, { spec: TEMPLATE }, 'template');
});
afterAll(() => operator.stop());

async function run(name: string, spec: object = {}): Promise<AgentPod> {
  await operator.create(WORKSPACES, { spec }, name);
  const pod = await operator.podOf(name);
  await operator.runAgent(pod);
  await operator.until(name, { status: 'True' });
  return pod;
}

/** What a kubelet says of a Pod. */
async function report(pod: AgentPod, status: object): Promise<void> {
  await operator.client.patch(PODS, keyOf(pod), { status }, { subresource: 'status', fieldManager: 'test', signal });
}

function agentStatus(state: object): object {
  return {
    containerStatuses: [
      { name: 'agent', image: 'example.invalid/agent:1', imageID: '', ready: false, restartCount: 0, state },
    ],
  };
}

const NOT_READY = [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:00:00Z' }];

async function eventsOf(name: string): Promise<readonly string[]> {
  type Event = KubeObject & {
    readonly type: string;
    readonly reason: string;
    readonly regarding: { readonly name: string };
  };
  const { items } = await operator.client.list<Event>(EVENTS, { namespace: operator.namespace, signal });
  return items.filter(({ regarding }) => regarding.name === name).map(({ type, reason }) => `${type} ${reason}`);
}

describe('a quota', () => {
  it('that has no room is told by its name, and is noticed when it is raised', async () => {
    const namespace = await createNamespace();
    const quota = (pods: string) => ({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'agents', namespace },
      spec: { hard: { pods } },
    });
    const apply = (object: object) =>
      mustKubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(object) });
    await apply(quota('0'));
    await waitFor(
      async () =>
        (await mustKubectl(['get', 'resourcequota', 'agents', '-o', 'jsonpath={.status.hard.pods}'], { namespace })) ===
        '0',
      { what: 'the quota in force', timeoutMs: 30_000 },
    );
    const limited = await startOperator({ namespace });
    try {
      await limited.create(ORGS, { spec: { defaults: { image: 'example.invalid/agent:1' } } }, 'org');
      await limited.create(WORKSPACES, {}, 'writer');
      const { condition, workspace } = await limited.until('writer', { reason: 'QuotaExceeded' });
      expect(condition.message).toBe(
        'The ResourceQuota "agents" has no room for pods=1 within pods=0; see what uses it with kubectl describe quota agents, then raise it or remove something',
      );
      expect(workspace.status?.phase).toBe('Failed');
      await apply(quota('10'));
      const pod = await waitFor(async () => (await limited.podsOf('writer'))[0], {
        what: 'a Pod once there is room',
        timeoutMs: 60_000,
      });
      await limited.runAgent(pod);
      await limited.until('writer', { status: 'True' });
    } finally {
      await limited.stop();
    }
  }, 120_000);
});

describe('an image that cannot be pulled', () => {
  it('is told by its name, once, and so is that it is over', async () => {
    const pod = await run('pulling');
    for (const reason of ['ErrImagePull', 'ImagePullBackOff', 'ErrImagePull']) {
      await report(pod, {
        conditions: NOT_READY,
        ...agentStatus({ waiting: { reason, message: randomBytes(4).toString('hex') } }),
      });
      const { condition } = await operator.until('pulling', { reason: 'ImageNotPulled' });
      expect(condition.message).toContain('The image "example.invalid/agent:1" cannot be pulled');
    }
    await operator.runAgent(pod);
    await operator.until('pulling', { status: 'True' });
    await waitFor(async () => (await eventsOf('pulling')).length === 2, { what: 'two Events', timeoutMs: 20_000 });
    expect([...(await eventsOf('pulling'))].sort()).toEqual(['Normal WorkspaceReady', 'Warning ImageNotPulled']);
  });
});

describe('an agent that ends, where nodes cannot restart it in place', () => {
  it.each([0, 1, 3, 137, 255])(
    'is healed and started again after exit code %i',
    async (exitCode) => {
      const name = `exit-${exitCode}`;
      const pod = await run(name, { templateRef: { name: 'template' } });
      expect(pod.spec?.restartPolicy).toBe('Never');
      const at = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
      const terminated = { exitCode, startedAt: at, finishedAt: at };
      const phase = exitCode === 0 ? 'Succeeded' : 'Failed';
      await report(pod, { phase, conditions: NOT_READY, ...agentStatus({ terminated }) });
      const next = await operator.podOf(name, { uid: pod.metadata.uid });
      expect(next.metadata.annotations?.[ANNOTATIONS.quickEnds]).toBe('1');
      expect(next.spec?.initContainers?.[0]?.name).toBe('materialize');
      await operator.runAgent(next);
      await operator.until(name, { status: 'True' });
    },
    60_000,
  );

  it('because its node needed the room is told so and made anew', async () => {
    const pod = await run('evicted', { templateRef: { name: 'template' } });
    await report(pod, {
      phase: 'Failed',
      reason: 'Evicted',
      message: 'The node was low on memory',
      conditions: NOT_READY,
    });
    await operator.until('evicted', { reason: 'PodEvicted' });
    const next = await operator.podOf('evicted', { uid: pod.metadata.uid });
    await operator.runAgent(next);
    await operator.until('evicted', { status: 'True' });
    expect(await eventsOf('evicted')).toEqual(['Normal PodEvicted']);
  }, 60_000);
});

describe('a node', () => {
  const node = `node-${randomBytes(4).toString('hex')}`;
  const NODE: Resource = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };
  const key = { namespace: '', name: node };
  const beat = (status: string) =>
    operator.client.patch(
      NODE,
      key,
      {
        status: {
          conditions: [
            {
              type: 'Ready',
              status,
              reason: 'Test',
              lastHeartbeatTime: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
            },
          ],
        },
      },
      { subresource: 'status', fieldManager: 'test', signal },
    );

  it('that falls silent, comes back and goes is told as long as that lasts', async () => {
    await operator.client.create(
      NODE,
      { apiVersion: 'v1', kind: 'Node', metadata: { name: node } },
      { fieldManager: 'test', signal },
    );
    await beat('True');
    const pod = await run('placed');
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: pod.metadata.name },
      target: { kind: 'Node', name: node },
    };
    const path = `/api/v1/namespaces/${operator.namespace}/pods/${pod.metadata.name}/binding`;
    await mustKubectl(['create', '--raw', path, '-f', '-'], { input: JSON.stringify(binding) });
    const bound = await operator.get<AgentPod>(PODS, pod.metadata.name);
    // What a Pod is given by the scheduler is no edit of it.
    expect(bound.metadata.generation ?? 1).toBe(1);
    await beat('Unknown');
    await report(pod, { conditions: NOT_READY });
    const { condition } = await operator.until('placed', { reason: 'NodeLost' });
    expect(condition.message).toContain(`The node "${node}" does not answer`);
    await beat('True');
    await operator.runAgent(pod);
    await operator.until('placed', { status: 'True' });
    await operator.client.delete(NODE, key, { signal });
    await waitFor(
      async () => {
        const { status } = await operator.get<Workspace>(WORKSPACES, 'placed');
        return status?.conditions?.some(({ message }) => message.includes(`The node "${node}" is gone`)) === true;
      },
      { what: 'the loss of the node', timeoutMs: 20_000 },
    );
  }, 60_000);
});
