import { beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { VOLUME_FINALIZER } from '../../../src/apis/v1alpha1/names.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { createNamespace, kubectl, mustKubectl } from '../../support/control-plane.ts';
import { createAgent, createVolume } from './claims.ts';
import { APPROVAL_SPEC, create, OPERATOR, tryToPatch } from './requests.ts';

/** All policies are in force; the controllers of the cluster do here what they do everywhere. */
const TIMEOUT_MS = 45_000;

async function read(target: string, path: string, namespace?: string): Promise<string> {
  const args = ['get', target, '--ignore-not-found', '-o', `jsonpath={${path}}`];
  return mustKubectl(args, namespace === undefined ? {} : { namespace });
}

async function isGone(target: string, namespace?: string): Promise<boolean> {
  return (await read(target, '.metadata.uid', namespace)) === '';
}

const untilGone = (target: string, namespace?: string): Promise<true> =>
  waitFor(async () => (await isGone(target, namespace)) || undefined, {
    what: `${target} to go`,
    timeoutMs: TIMEOUT_MS,
  });

const asOperator = (target: string, metadata: object, namespace: string): Promise<string> =>
  tryToPatch(target, { metadata }, { namespace, ...OPERATOR, isReal: true });

const configMap = (name: string, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name,
  metadata,
});

let namespace: string;
beforeAll(async () => {
  namespace = await createNamespace('unjammed');
});

describe('the garbage collector', () => {
  it.each(['background', 'foreground'])('deletes what belongs to others, in the %s', async (cascade) => {
    const owner = await create<KubeObject>(configMap(`owner-${cascade}`), { namespace });
    const { name, uid } = owner.metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: true }];
    await create(configMap(`owned-${cascade}`, { ownerReferences }), { namespace });
    await mustKubectl(['delete', 'configmap', name, `--cascade=${cascade}`, '--wait=false'], { namespace });
    await untilGone(`configmap/owned-${cascade}`, namespace);
    await untilGone(`configmap/${name}`, namespace);
  });

  it('lets an orphan of others go on', async () => {
    const owner = await create<KubeObject>(configMap('parent'), { namespace });
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'parent', uid: owner.metadata.uid }];
    await create(configMap('child', { ownerReferences }), { namespace });
    await mustKubectl(['delete', 'configmap', 'parent', '--cascade=orphan'], { namespace });
    expect(await read('configmap/child', '.metadata.ownerReferences', namespace)).toBe('');
  });
});

describe('a deletion that cascades', () => {
  it.each([
    ['in the foreground', ['foreground'], 'foregroundDeletion'],
    ['to orphans', ['orphan'], 'orphan'],
    ['in the foreground, sent after one in the background', ['background', 'foreground'], 'foregroundDeletion'],
  ])('%s takes neither agent nor volume along', async (sentence, cascades, finalizer) => {
    const name = sentence.replaceAll(/[ ,]+/g, '-');
    const { metadata } = await create<KubeObject>({ kind: 'Workspace', name, spec: {} }, { namespace });
    const claim = await createVolume(namespace, name);
    const pod = await createAgent(namespace, claim);
    // One that does belong to the Workspace shows when the garbage collector has come by.
    const ownerReferences = [{ apiVersion: 'moleculesai.app/v1alpha1', kind: 'Workspace', name, uid: metadata.uid }];
    await create(configMap(`of-${name}`, { ownerReferences }), { namespace });
    for (const cascade of cascades)
      await mustKubectl(['delete', 'workspace', name, `--cascade=${cascade}`, '--wait=false'], { namespace });
    await waitFor(
      async () =>
        !(await read(`workspace/${name}`, '.metadata.finalizers', namespace)).includes(finalizer) || undefined,
      { what: 'the garbage collector to be done', timeoutMs: TIMEOUT_MS },
    );
    expect(await read(`workspace/${name}`, '.metadata.finalizers', namespace)).toBe('["moleculesai.app/approval"]');
    for (const [target, object] of [
      [`pod/${name}`, pod],
      [`pvc/${name}`, claim],
    ] as const) {
      expect(await read(target, '.metadata.uid', namespace)).toBe(object.metadata.uid);
      expect(await read(target, '.metadata.deletionTimestamp', namespace)).toBe('');
    }
    if (finalizer === 'foregroundDeletion') await untilGone(`configmap/of-${name}`, namespace);
  });
});

describe('an object whose foreground deletion is stuck', () => {
  it('can be changed', async () => {
    const { metadata } = await create<KubeObject>({ kind: 'Workspace', name: 'stuck', spec: {} }, { namespace });
    const owner = { apiVersion: 'moleculesai.app/v1alpha1', kind: 'Workspace', name: 'stuck', uid: metadata.uid };
    const ownerReferences = [{ ...owner, blockOwnerDeletion: true }];
    await create(configMap('stays', { ownerReferences, finalizers: ['example.com/hold'] }), { namespace });
    await mustKubectl(['delete', 'workspace', 'stuck', '--cascade=foreground', '--wait=false'], { namespace });
    expect(await read('workspace/stuck', '.metadata.finalizers', namespace)).toContain('foregroundDeletion');
    const options = { namespace, isReal: true };
    expect(await tryToPatch('workspace/stuck', { metadata: { labels: { team: 'a' } } }, options)).toBe('accepted');
    expect(await tryToPatch('configmap/stays', { metadata: { finalizers: null } }, options)).toBe('accepted');
  });
});

describe('the volume of an agent', () => {
  it('is bound', async () => {
    const volume = `unjammed-${namespace}`;
    const spec = {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/nowhere' },
      claimRef: { namespace, name: 'bound' },
      persistentVolumeReclaimPolicy: 'Retain',
    };
    await create({ apiVersion: 'v1', kind: 'PersistentVolume', name: volume, spec }, {});
    await createVolume(namespace, 'bound', { spec: { storageClassName: '', volumeName: volume } });
    await waitFor(async () => (await read('pvc/bound', '.status.phase', namespace)) === 'Bound' || undefined, {
      what: 'the claim to be bound',
      timeoutMs: TIMEOUT_MS,
    });
    await mustKubectl(['delete', 'pvc', 'bound', '--wait=false'], { namespace, ...OPERATOR });
    expect(await asOperator('pvc/bound', { finalizers: null }, namespace)).toBe('accepted');
    await mustKubectl(['delete', 'pv', volume]);
  });

  it('is protected while a Pod uses it, and goes when the operator lets it', async () => {
    const claim = await createVolume(namespace, 'used');
    await createAgent(namespace, claim);
    const finalizers = (): Promise<string> => read('pvc/used', '.metadata.finalizers', namespace);
    expect(JSON.parse(await finalizers())).toContain('kubernetes.io/pvc-protection');
    await mustKubectl(['delete', 'pvc', 'used', '--wait=false'], { namespace, ...OPERATOR });
    await mustKubectl(['delete', 'pod', 'used', '--now'], { namespace });
    // The protection is taken off by its controller, ours stays.
    await waitFor(async () => (await finalizers()) === `["${VOLUME_FINALIZER}"]` || undefined, {
      what: 'the protection to be taken off',
      timeoutMs: TIMEOUT_MS,
    });
    expect(await asOperator('pvc/used', { finalizers: [] }, namespace)).toBe('accepted');
    await untilGone('pvc/used', namespace);
  });
});

describe('the Pod of an agent', () => {
  it('is drained from its node', async () => {
    const node = `node-${namespace}`;
    await create({ apiVersion: 'v1', kind: 'Node', name: node, spec: {} }, {});
    await createAgent(namespace, await createVolume(namespace, 'drained'), { nodeName: node });
    const drained = await kubectl(['drain', node, '--dry-run=server']);
    expect(drained).toMatchObject({ code: 0 });
    expect(drained.stderr + drained.stdout).toContain(`evicting pod ${namespace}/drained`);
    await mustKubectl(['delete', 'node', node]);
  });
});

describe('a namespace', () => {
  it('of others goes', async () => {
    const foreign = await createNamespace('unjammed-foreign');
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    await create(configMap('any'), { namespace: foreign });
    await create({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'any', spec }, { namespace: foreign });
    await mustKubectl(['delete', 'namespace', foreign, '--wait=false']);
    await untilGone(`namespace/${foreign}`);
  });

  it('goes once Org and volumes are gone, with the requests that came to their end', async () => {
    const own = await createNamespace('unjammed-own');
    await create({ kind: 'Org', name: 'org', spec: {} }, { namespace: own });
    await createVolume(own, 'data');
    await create({ kind: 'ApprovalRequest', name: 'apr-done', spec: APPROVAL_SPEC }, { namespace: own, ...OPERATOR });
    const remove = (): Promise<{ readonly code: number | null }> =>
      kubectl(['delete', 'namespace', own, '--wait=false']);
    expect(await remove()).toMatchObject({ code: 1 });
    // As the operator does after an approval.
    const consumed = { status: { phase: 'Consumed' } };
    const status = { namespace: own, ...OPERATOR, subresource: 'status', isReal: true };
    expect(await tryToPatch('apr/apr-done', consumed, status)).toBe('accepted');
    await mustKubectl(['delete', 'org', 'org', '--wait=false'], { namespace: own });
    expect(await asOperator('org/org', { finalizers: null }, own)).toBe('accepted');
    expect(await remove()).toMatchObject({ code: 1 });
    expect(await asOperator('pvc/data', { finalizers: null }, own)).toBe('accepted');
    await mustKubectl(['delete', 'pvc', 'data', '--wait=false'], { namespace: own, ...OPERATOR });
    await untilGone('pvc/data', own);
    await waitFor(async () => (await remove()).code === 0 || undefined, {
      what: 'the apiserver to have heard that Org and volume are gone',
      timeoutMs: TIMEOUT_MS,
    });
    await untilGone(`namespace/${own}`);
  });
});
