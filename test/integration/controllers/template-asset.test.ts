import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { ANNOTATIONS } from '../../../src/apis/v1alpha1/names.ts';
import { ORGS, TEMPLATE_ASSETS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { Condition, TemplateAsset } from '../../../src/apis/v1alpha1/types.generated.ts';
import { FetchError } from '../../../src/assets/fetch/forge.ts';
import { isNotFound } from '../../../src/kube/errors.ts';
import type { Resource } from '../../../src/kube/objects.ts';
import { decide, untilRequest } from './approvals.ts';
import { startOperator, type TestOperator } from './operator.ts';

const SPEC = {
  source: { forge: 'gitea', baseURL: 'https://git.example', owner: 'molecule', repo: 'tpl', ref: 'main' },
  auth: 'anonymous',
};
const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const { signal } = new AbortController();
let operator: TestOperator;

beforeAll(async () => {
  operator = await startOperator();
  await operator.create(ORGS, { spec: { defaults: { image: 'example.invalid/agent:1' } } }, 'org');
});
afterAll(() => operator.stop());

/** Each with a repository of its own unless told otherwise, because those that share one share what is known of it. */
function createTemplate(name: string, spec: object = {}, repo = name): Promise<TemplateAsset> {
  const source = { ...SPEC.source, repo };
  return operator.create(TEMPLATE_ASSETS, { spec: { ...SPEC, source, ...spec } }, name);
}

/** Waits until the TemplateAsset's Ready is as said, and answers with the object. */
function until(name: string, wanted: Partial<Condition>, more: (asset: TemplateAsset) => boolean = () => true) {
  return waitFor(
    async () => {
      const asset = await operator.get<TemplateAsset>(TEMPLATE_ASSETS, name);
      const ready = asset.status?.conditions?.find(({ type }) => type === 'Ready');
      const isWanted = Object.entries(wanted).every(([key, value]) => ready?.[key as keyof Condition] === value);
      return ready !== undefined && isWanted && more(asset) && { asset, ready };
    },
    { what: `the TemplateAsset ${name} be ${JSON.stringify(wanted)}`, timeoutMs: 20_000 },
  );
}

let requests = 0;
/** Asks for a look now and waits until it is answered. */
async function sync(name: string, wanted: Partial<Condition> = {}) {
  requests += 1;
  const value = `request-${requests}`;
  await operator.patch(TEMPLATE_ASSETS, name, { metadata: { annotations: { [ANNOTATIONS.requestedAt]: value } } });
  return until(name, wanted, ({ status }) => status?.lastHandledReconcileAt === value);
}

describe('a TemplateAsset', () => {
  it('brings a new revision to the Pods that use it without restarting them, by one download for all', async () => {
    const first = operator.forge.push({ 'config.yaml': 'name: one\n' });
    await createTemplate('shared');
    await createTemplate('twin', {}, 'shared');
    for (const name of ['shared', 'twin']) await until(name, { status: 'True', reason: 'ArtifactStored' });
    for (const name of ['one', 'two'])
      await operator.create(WORKSPACES, { spec: { templateRef: { name: 'shared' } } }, name);
    const pods = await Promise.all(['one', 'two'].map((name) => operator.podOf(name)));
    const { asset } = await until('shared', { status: 'True' });
    expect(asset.status?.artifact?.revision).toBe(first);
    expect(operator.forge.requests).toEqual({ resolve: 1, download: 1 });

    const second = operator.forge.push({ 'config.yaml': 'name: two\n' });
    const { asset: synced } = await sync('shared', { status: 'True' });
    expect(synced.status?.artifact?.revision).toBe(second);
    for (const [index, name] of ['one', 'two'].entries()) {
      const pod = await waitFor(
        async () => {
          const candidate = await operator.podOf(name);
          const digest = candidate.metadata.annotations?.[ANNOTATIONS.assetsDigest];
          return digest === synced.status?.artifact?.digest && candidate;
        },
        { what: `the Pod of ${name} want the new revision`, timeoutMs: 20_000 },
      );
      expect(pod.metadata.uid).toBe(pods[index]?.metadata.uid);
    }
    expect(operator.forge.requests).toEqual({ resolve: 2, download: 2 });
  });

  it('keeps its last good revision live while a newer one fails, and says which failed and why', async () => {
    const good = operator.forge.push({ 'config.yaml': 'name: good\n' });
    await createTemplate('turning', { include: ['config.yaml'] });
    await operator.create(WORKSPACES, { spec: { templateRef: { name: 'turning' } } }, 'turning');
    await operator.runAgent(await operator.podOf('turning'));
    const before = await operator.until('turning', { status: 'True' });

    const bad = operator.forge.push({ 'README.md': 'nothing of use\n' });
    const { asset, ready } = await sync('turning', { status: 'False' });
    expect(ready.message).toBe(
      `Revision ${bad.slice(0, 12)} failed: Cannot accept archive: it holds no file that the template includes (NothingIncluded); correct spec.include or spec.source.subPath; revision ${good.slice(0, 12)} stays live`,
    );
    expect(asset.status).toMatchObject({
      artifact: { revision: good },
      lastAttempt: { revision: bad, reason: 'NothingIncluded' },
    });
    expect(asset.status?.conditions?.map(({ type }) => type)).toContain('Stalled');
    const after = await operator.until('turning', { status: 'True' });
    expect(after.workspace.metadata.resourceVersion).toBe(before.workspace.metadata.resourceVersion);

    operator.forge.push({ 'config.yaml': 'name: better\n' });
    const { asset: mended } = await sync('turning', { status: 'True' });
    expect(mended.status?.lastAttempt).toBeUndefined();
    await expectEvents('turning', ['Normal ArtifactStored', 'Warning NothingIncluded', 'Normal ArtifactStored']);
  });

  it('keeps its last good revision live when its ref is gone', async () => {
    const good = operator.forge.push({ 'config.yaml': 'name: kept\n' });
    await createTemplate('orphaned');
    await until('orphaned', { status: 'True' });
    operator.forge.failWith(
      new FetchError('RefNotFound', 'Repository molecule/tpl has no branch, tag or commit "main"'),
    );
    try {
      const { asset, ready } = await sync('orphaned', { status: 'False', reason: 'RefNotFound' });
      expect(asset.status?.artifact?.revision).toBe(good);
      expect(ready.message).toContain(`push it, or correct spec.source.ref; revision ${good.slice(0, 12)} stays live`);
    } finally {
      operator.forge.failWith(undefined);
    }
  });

  it('goes at once when nobody uses it, and waits for an approval, served as ever, where somebody does', async () => {
    for (const name of ['unused', 'left', 'used']) {
      await createTemplate(name);
      await until(name, { status: 'True' });
    }
    for (const name of ['left', 'used']) {
      await operator.create(WORKSPACES, { spec: { templateRef: { name } } }, `user-of-${name}`);
      await operator.podOf(`user-of-${name}`);
    }
    for (const name of ['unused', 'left', 'used'])
      await operator.client.delete(TEMPLATE_ASSETS, { namespace: operator.namespace, name }, { signal });
    await untilGone('unused');
    const { asset } = await until('used', { status: 'True' }, ({ status }) => {
      return status?.conditions?.some(({ reason }) => reason === 'AwaitingApproval') === true;
    });
    expect(asset.status?.artifact).toBeDefined();
    await operator.patch(WORKSPACES, 'user-of-left', { spec: { templateRef: null } });
    await untilGone('left');
    await decide(operator, await untilRequest(operator, 'used', { phase: 'Pending' }));
    await untilGone('used');
    await operator.podOf('user-of-used');
  });
});

describe('a suspended TemplateAsset', () => {
  it('asks the forge nothing, stays served, and answers a request only when it is suspended no more', async () => {
    operator.forge.push({ 'config.yaml': 'name: calm\n' });
    await createTemplate('calm');
    await until('calm', { status: 'True' });
    await operator.patch(TEMPLATE_ASSETS, 'calm', { spec: { suspend: true } });
    await until('calm', { status: 'True', reason: 'Suspended' });
    const asked = { ...operator.forge.requests };
    operator.forge.push({ 'config.yaml': 'name: newer\n' });
    const annotations = { [ANNOTATIONS.requestedAt]: 'while-suspended' };
    await operator.patch(TEMPLATE_ASSETS, 'calm', { metadata: { annotations, labels: { touched: 'yes' } } });
    // A later change of spec was seen, and so was the request.
    await operator.patch(TEMPLATE_ASSETS, 'calm', { spec: { interval: '10m' } });
    const { asset } = await until('calm', { reason: 'Suspended' }, ({ metadata, status }) => {
      return status?.observedGeneration === metadata.generation;
    });
    expect(asset.status?.lastHandledReconcileAt).not.toBe('while-suspended');
    expect(operator.forge.requests).toEqual(asked);
    await operator.patch(TEMPLATE_ASSETS, 'calm', { spec: { suspend: false } });
    await until(
      'calm',
      { reason: 'ArtifactStored' },
      ({ status }) => status?.lastHandledReconcileAt === 'while-suspended',
    );
  });

  it('gets exactly its published revision back when the store was thrown away, although its branch moved on', async () => {
    const published = operator.forge.push({ 'config.yaml': 'name: published\n' });
    await createTemplate('asleep');
    await operator.create(WORKSPACES, { spec: { templateRef: { name: 'asleep' } } }, 'sleeper');
    await operator.runAgent(await operator.podOf('sleeper'));
    await operator.patch(TEMPLATE_ASSETS, 'asleep', { spec: { suspend: true } });
    const { asset } = await until('asleep', { reason: 'Suspended' });
    operator.forge.push({ 'config.yaml': 'name: moved on\n' });
    const { resolve } = operator.forge.requests;
    await rm(operator.storeRoot, { recursive: true });
    operator.onMissing({ namespace: operator.namespace, name: 'sleeper', uid: '', podUID: '' });
    const bundle = asset.status?.artifact?.digest.replace('sha256:', '') ?? '';
    await waitFor(
      async () => (await readdir(join(operator.storeRoot, 'bundles')).catch((): string[] => [])).includes(bundle),
      {
        what: 'the published tree be in the store again',
        timeoutMs: 20_000,
      },
    );
    expect(asset.status?.artifact?.revision).toBe(published);
    expect(operator.forge.requests.resolve).toBe(resolve);
    const { condition } = await operator.until('sleeper', { status: 'True' });
    expect(condition.reason).toBe('WorkspaceReady');
  });
});

async function untilGone(name: string): Promise<void> {
  await waitFor(
    () =>
      operator.get(TEMPLATE_ASSETS, name).then(
        () => false,
        (error: unknown) => isNotFound(error),
      ),
    { what: `the TemplateAsset ${name} be gone`, timeoutMs: 20_000 },
  );
}

interface SeenEvent {
  readonly metadata: { readonly name: string };
  readonly type: string;
  readonly reason: string;
  readonly regarding: { readonly name: string };
}

/** Whatever their order: Events have no better times than seconds. */
async function expectEvents(name: string, wanted: readonly string[]): Promise<void> {
  const seen = async (): Promise<readonly string[]> => {
    const { items } = await operator.client.list<SeenEvent & { apiVersion: string; kind: string }>(EVENTS, {
      namespace: operator.namespace,
      signal,
    });
    return items.filter(({ regarding }) => regarding.name === name).map(({ type, reason }) => `${type} ${reason}`);
  };
  await waitFor(async () => (await seen()).length >= wanted.length, { what: `Events of ${name}`, timeoutMs: 20_000 });
  expect((await seen()).toSorted()).toEqual(wanted.toSorted());
}
