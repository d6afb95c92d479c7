import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { ANNOTATIONS } from '../../../src/apis/v1alpha1/names.ts';
import { ORGS, PERSISTENT_VOLUME_CLAIMS, TEMPLATE_ASSETS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { TemplateAsset, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { type AgentPod, startOperator, type TestOperator } from './operator.ts';

let operator: TestOperator;
beforeAll(async () => {
  operator = await startOperator();
  await operator.create(ORGS, { spec: { defaults: { image: 'example.invalid/agent:1' } } }, 'org');
});
afterAll(() => operator.stop());

function createTemplate(name: string, rollout: string): Promise<TemplateAsset> {
  const source = { forge: 'gitea', baseURL: 'https://git.example', owner: 'molecule', repo: name, ref: 'main' };
  return operator.create(TEMPLATE_ASSETS, { spec: { source, auth: 'anonymous', rollout } }, name);
}

async function run(name: string, template: string): Promise<AgentPod> {
  await operator.create(WORKSPACES, { spec: { templateRef: { name: template } } }, name);
  const pod = await operator.podOf(name);
  await operator.runAgent(pod);
  await operator.until(name, { status: 'True' });
  return pod;
}

/** Publishes another revision of everything and has the template looked at; its digest. */
async function publish(template: string): Promise<string> {
  const revision = operator.forge.push({ 'config.yaml': `name: ${template}-${Math.random()}\n` });
  await operator.patch(TEMPLATE_ASSETS, template, {
    metadata: { annotations: { [ANNOTATIONS.requestedAt]: revision } },
  });
  const asset = await waitFor(
    async () => {
      const candidate = await operator.get<TemplateAsset>(TEMPLATE_ASSETS, template);
      return candidate.status?.artifact?.revision === revision && candidate;
    },
    { what: `revision ${revision}`, timeoutMs: 20_000 },
  );
  return asset.status?.artifact?.digest ?? '';
}

const digestOf = (pod: AgentPod) => pod.metadata.annotations?.[ANNOTATIONS.assetsDigest];

describe('a new revision of a template', () => {
  it('that is rolled out at once restarts its agents on it', async () => {
    await createTemplate('eager', 'Immediate');
    const pod = await run('follower', 'eager');
    const digest = await publish('eager');
    const next = await operator.podOf('follower', { uid: pod.metadata.uid });
    expect(digestOf(next)).toBe(digest);
    await operator.runAgent(next);
    await operator.until('follower', { status: 'True' });
  });

  it('that waited for a restart waits no longer once its template says at once', async () => {
    await createTemplate('patient', 'NextRestart');
    const pod = await run('waiter', 'patient');
    const { uid = '' } = (await operator.get<Workspace>(WORKSPACES, 'waiter')).metadata;
    const before = digestOf(pod) ?? '';
    operator.onReport(
      { namespace: operator.namespace, name: 'waiter', uid, podUID: pod.metadata.uid ?? '' },
      { outcome: 'unchanged', wantedDigest: before, files: 1, changes: [], changesTotal: 0 },
    );
    const digest = await publish('patient');
    const announced = await waitFor(
      async () => {
        const candidate = await operator.podOf('waiter');
        return digestOf(candidate) === digest && candidate;
      },
      { what: 'the announcement of the revision', timeoutMs: 20_000 },
    );
    expect(announced.metadata.uid).toBe(pod.metadata.uid);
    await operator.patch(TEMPLATE_ASSETS, 'patient', { spec: { rollout: 'Immediate' } });
    const next = await operator.podOf('waiter', { uid: pod.metadata.uid });
    expect(digestOf(next)).toBe(digest);
  });
});

describe('an agent that is hosted elsewhere', () => {
  it('loses its Pod and keeps its volume, and has a Pod again when it comes back', async () => {
    await createTemplate('unused', 'NextRestart');
    await operator.create(WORKSPACES, {}, 'leaver');
    const pod = await operator.podOf('leaver');
    await operator.runAgent(pod);
    await operator.until('leaver', { status: 'True' });
    const claim = await operator.get(PERSISTENT_VOLUME_CLAIMS, pod.metadata.name);
    await operator.patch(WORKSPACES, 'leaver', { spec: { runtime: 'external' } });
    const { workspace } = await operator.until('leaver', { status: 'True', reason: 'ExternalAgent' });
    expect(workspace.status?.phase).toBe('AwaitingAgent');
    expect(await operator.podsOf('leaver')).toEqual([]);
    expect((await operator.get(PERSISTENT_VOLUME_CLAIMS, pod.metadata.name)).metadata.uid).toBe(claim.metadata.uid);
    await operator.patch(WORKSPACES, 'leaver', { spec: { runtime: null } });
    expect((await operator.podOf('leaver')).metadata.name).toBe(pod.metadata.name);
  });

  it('needs nothing from the beginning: the mock is there at once', async () => {
    await operator.create(WORKSPACES, { spec: { runtime: 'mock' } }, 'mock');
    const { workspace } = await operator.until('mock', { status: 'True', reason: 'MockAgent' });
    expect(workspace.status).toMatchObject({ phase: 'Online' });
    expect([workspace.status?.podName, workspace.status?.volumeName]).toEqual([undefined, undefined]);
    expect(await operator.podsOf('mock')).toEqual([]);
  });
});
