import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { ANNOTATIONS, OPERATOR_NAMESPACE, OPERATOR_USER, RUNTIME_CATALOG } from '../../../src/apis/v1alpha1/names.ts';
import { CONFIG_MAPS, ORGS, PODS, SECRETS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import { kubectl, mustKubectl } from '../../support/control-plane.ts';
import { type AgentPod, startOperator, type TestOperator } from './operator.ts';

const { signal } = new AbortController();

let operator: TestOperator;
beforeAll(async () => {
  const catalog = ['apply', '--server-side', '-f', 'manifests/catalog/runtime-catalog.yaml'];
  await mustKubectl(catalog, { namespace: OPERATOR_NAMESPACE });
  operator = await startOperator();
  await operator.create(ORGS, {}, 'org');
});
afterAll(() => operator.stop());

const imageOf = (pod: AgentPod) => pod.spec?.containers[0]?.image;

/** Makes a Workspace and lets its agent run. */
async function run(name: string, spec: object): Promise<AgentPod> {
  await operator.create(WORKSPACES, { spec }, name);
  const pod = await operator.podOf(name);
  await operator.runAgent(pod);
  await operator.until(name, { status: 'True' });
  return pod;
}

/** The operator has looked at the Workspace since the call. */
async function look(name: string): Promise<void> {
  const requestedAt = randomBytes(8).toString('hex');
  await operator.patch(WORKSPACES, name, { metadata: { annotations: { [ANNOTATIONS.requestedAt]: requestedAt } } });
  await waitFor(
    async () => {
      const { status } = await operator.get<{ status?: { lastHandledReconcileAt?: string } } & AgentPod>(
        WORKSPACES,
        name,
      );
      return status?.lastHandledReconcileAt === requestedAt;
    },
    { what: `a pass over the Workspace ${name}`, timeoutMs: 20_000 },
  );
}

async function uidsOf(name: string): Promise<readonly (string | undefined)[]> {
  return (await operator.podsOf(name)).map(({ metadata }) => metadata.uid);
}

describe('the catalog', () => {
  const catalog = { namespace: OPERATOR_NAMESPACE, name: RUNTIME_CATALOG };
  /** The catalog is everybody's; this runtime is not. */
  const runtime = `house-made-${randomBytes(4).toString('hex')}`;
  const setImage = (image: string | null) =>
    operator.client.patch(CONFIG_MAPS, catalog, { data: { [runtime]: image } }, { fieldManager: 'test', signal });
  afterAll(() => setImage(null));

  it('has an image for an agent whose Workspace and Org name none', async () => {
    await operator.create(WORKSPACES, {}, 'plain');
    expect(imageOf(await operator.podOf('plain'))).toBe('registry.example.com/workspace-template-claude-code:latest');
  });

  it.each([
    [RUNTIME_CATALOG, 'list', 'yes'],
    [RUNTIME_CATALOG, 'watch', 'yes'],
    ['another', 'watch', 'no'],
    ['another', 'list', 'no'],
    // Of people who may sign a template's commits: by name, at the moment of use.
    ['another', 'get', 'yes'],
    ['another', 'patch', 'no'],
  ])('is the one ConfigMap that the operator may follow: %s, %s: %s', async (name, verb, answer) => {
    const question = ['auth', 'can-i', verb, `configmaps/${name}`];
    const { stdout } = await kubectl(question, { namespace: OPERATOR_NAMESPACE, as: OPERATOR_USER });
    expect(stdout.trim()).toBe(answer);
  });

  it('makes a runtime known, restarts its agents when it has another image, and leaves them when it has none', async () => {
    await operator.create(WORKSPACES, { spec: { runtime } }, 'house');
    await operator.until('house', { reason: 'RuntimeUnknown' });
    await setImage('example.invalid/house:1');
    const first = await operator.podOf('house');
    expect(imageOf(first)).toBe('example.invalid/house:1');
    await operator.runAgent(first);
    await operator.until('house', { status: 'True' });
    await setImage('example.invalid/house:2');
    const second = await operator.podOf('house', first.metadata);
    expect(imageOf(second)).toBe('example.invalid/house:2');
    await operator.runAgent(second);
    await operator.until('house', { status: 'True' });
    await setImage(null);
    await operator.until('house', { type: 'Runnable', reason: 'RuntimeUnknown' });
    expect(await uidsOf('house')).toEqual([second.metadata.uid]);
  });
});

describe('a privileged tier', () => {
  it('is refused until the Org allows it, and stopped when it no longer does', async () => {
    await operator.create(WORKSPACES, { spec: { tier: 3, image: 'example.invalid/agent:1' } }, 'mighty');
    const { condition } = await operator.until('mighty', { reason: 'TierNotAllowed' });
    expect(condition.message).toContain('spec.allowPrivilegedTiers of the Org');
    expect(await uidsOf('mighty')).toEqual([]);
    await operator.patch(ORGS, 'org', { spec: { allowPrivilegedTiers: true } });
    const pod = await operator.podOf('mighty');
    expect(pod.spec).toMatchObject({ hostPID: true, containers: [{ securityContext: { privileged: true } }] });
    await operator.patch(ORGS, 'org', { spec: { allowPrivilegedTiers: false } });
    await waitFor(async () => (await uidsOf('mighty')).length === 0, { what: 'the Pod gone', timeoutMs: 20_000 });
    await operator.until('mighty', { reason: 'TierNotAllowed' });
  });
});

describe('spec.env', () => {
  it('may not hold a credential in clear', async () => {
    const env = [{ name: 'GH_TOKEN', value: 'hunter2' }];
    await operator.create(WORKSPACES, { spec: { env } }, 'careless');
    const { condition } = await operator.until('careless', { reason: 'EnvForbidden' });
    expect(condition.message).toContain('the credential GH_TOKEN is written in clear');
    expect(condition.message).not.toContain('hunter2');
    expect(await uidsOf('careless')).toEqual([]);
  });

  it('costs no read where it names no Secret', async () => {
    const before = operator.requestsOf('GET');
    await run('frugal', { env: [{ name: 'LANG', value: 'C' }] });
    expect(operator.requestsOf('GET')).toBe(before);
  });
});

describe('a Secret of spec.env', () => {
  const spec = { env: [{ name: 'API_KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'api' } } }] };
  const hashOf = ({ metadata }: AgentPod) => metadata.annotations?.[ANNOTATIONS.secretsHash];
  const setKeys = (stringData: object) => operator.patch(SECRETS, 'keys', { stringData });

  it('is waited for, and its rotation restarts the agent', async () => {
    await operator.create(WORKSPACES, { spec }, 'keyed');
    await operator.until('keyed', { reason: 'SecretNotFound' });
    await operator.create(SECRETS, { apiVersion: 'v1', spec: undefined, stringData: { other: 'x' } }, 'keys');
    await look('keyed');
    await operator.until('keyed', { reason: 'SecretKeyMissing' });
    await setKeys({ api: 'one' });
    await look('keyed');
    const first = await operator.podOf('keyed');
    expect(hashOf(first)).toMatch(/^[0-9a-f]{32}$/);
    await operator.runAgent(first);
    await operator.until('keyed', { status: 'True' });

    await setKeys({ other: 'y' });
    await look('keyed');
    expect(await uidsOf('keyed')).toEqual([first.metadata.uid]);

    await setKeys({ api: 'two' });
    await look('keyed');
    const second = await operator.podOf('keyed', first.metadata);
    expect(hashOf(second)).not.toBe(hashOf(first));
  });

  it('stops no agent when it is deleted', async () => {
    const pod = await run('kept', spec);
    await operator.client.delete(SECRETS, { namespace: operator.namespace, name: 'keys' }, { signal });
    await look('kept');
    await operator.until('kept', { type: 'Runnable', reason: 'SecretNotFound' });
    expect(await uidsOf('kept')).toEqual([pod.metadata.uid]);
  });

  it('is written on a Pod that does not tell of it, which is not restarted for that', async () => {
    const env = [{ name: 'API_KEY', valueFrom: { secretKeyRef: { name: 'more-keys', key: 'api' } } }];
    await operator.create(SECRETS, { apiVersion: 'v1', spec: undefined, stringData: { api: 'one' } }, 'more-keys');
    const pod = await run('older', { env });
    const annotations = { [ANNOTATIONS.secretsHash]: null };
    await operator.patch(PODS, pod.metadata.name, { metadata: { annotations } });
    await waitFor(async () => hashOf(await operator.get(PODS, pod.metadata.name)) === hashOf(pod), {
      what: 'the annotation back on the Pod',
      timeoutMs: 20_000,
    });
    expect(await uidsOf('older')).toEqual([pod.metadata.uid]);
  });
});
