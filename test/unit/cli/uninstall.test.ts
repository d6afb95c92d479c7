import { describe, expect, it } from 'vitest';
import { GROUP, OPERATOR_NAMESPACE, VOLUME_FINALIZER } from '../../../src/apis/v1alpha1/names.ts';
import { WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import { renderPlan } from '../../../src/cli/uninstall/render-plan.ts';
import {
  findDyingVolumes,
  type Leftover,
  STEPS,
  type Step,
  type StepSource,
} from '../../../src/cli/uninstall/steps.ts';
import { takeStep } from '../../../src/cli/uninstall/take-step.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { FakeCluster, NOW } from './fake-cluster.ts';

const DYING = '2026-11-21T07:00:00Z';

function object(kind: string, name: string, more: Partial<KubeObject['metadata']> = {}): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name, namespace: 'acme', uid: name, resourceVersion: '7', ...more } };
}

function source(...objects: readonly KubeObject[]): StepSource & { readonly client: FakeCluster } {
  return { client: new FakeCluster({ objects }), now: () => NOW, signal: new AbortController().signal };
}

function step(title: string): Step {
  const found = STEPS.find((candidate) => candidate.title.startsWith(title));
  if (found === undefined) throw new Error(`No step "${title}"`);
  return found;
}

const namesOf = (leftovers: readonly Leftover[]): readonly string[] => leftovers.map((one) => one.object.metadata.name);

describe('the steps of an uninstallation', () => {
  it('stop the operator before the policies go, and let go of finalizers before the kinds go', () => {
    expect(STEPS.map(({ title }) => title)).toEqual([
      'Stop the operator',
      'Wait until its Pods have ended',
      'Wait until nobody leads',
      'Delete policies, guard and webhook configuration',
      'Take our finalizers off Orgs, Workspaces, TemplateAssets and ApprovalRequests',
      'Take our finalizer off the volumes, which stay',
      'End the agents',
      'Delete the walls and accounts of agents',
      'Delete the kinds, and every object of them',
      'Delete what ran the operator',
      'Delete what the operator made for itself',
      'Delete its rights and roles',
    ]);
  });

  it('find an operator that leads from outside of the cluster, and none that died long ago', async () => {
    const lease = (renewTime: string): KubeObject & { readonly spec: object } => ({
      ...object('Lease', 'molecule-operator', { namespace: OPERATOR_NAMESPACE }),
      spec: { holderIdentity: 'laptop_1', renewTime, leaseDurationSeconds: 15 },
    });
    const waiting = step('Wait until nobody leads');
    expect(await waiting.find(source(lease(NOW.toISOString())))).toHaveLength(1);
    expect(await waiting.find(source(lease('2026-11-20T07:00:00Z')))).toEqual([]);
    expect(waiting.act).toBeUndefined();
  });

  it('let go of a volume that lives, keep one that is being deleted, and touch none of somebody else', async () => {
    const cluster = source(
      object('PersistentVolumeClaim', 'lives', { finalizers: [VOLUME_FINALIZER, 'kubernetes.io/pvc-protection'] }),
      object('PersistentVolumeClaim', 'dying', { finalizers: [VOLUME_FINALIZER], deletionTimestamp: DYING }),
      object('PersistentVolumeClaim', 'foreign', { finalizers: ['example.com/mine'] }),
    );
    const volumes = step('Take our finalizer off the volumes');
    const [found, ...others] = await volumes.find(cluster);
    expect([found?.object.metadata.name, others]).toEqual(['lives', []]);
    if (found !== undefined) await volumes.act?.(found, cluster);
    expect(cluster.client.patches).toMatchObject([
      { body: { metadata: { resourceVersion: '7', finalizers: ['kubernetes.io/pvc-protection'] } } },
    ]);
    expect(namesOf(await findDyingVolumes(cluster))).toEqual(['dying']);
  });

  it('take every finalizer of ours off our kinds, and leave those of others', async () => {
    const held = { finalizers: [`${GROUP}/approval`, 'example.com/mine'] };
    const cluster = source(
      object('Org', 'org', held),
      object('Workspace', 'free', { finalizers: ['example.com/mine'] }),
    );
    const release = step('Take our finalizers off Orgs');
    const found = await release.find(cluster);
    expect(namesOf(found)).toEqual(['org']);
    for (const one of found) await release.act?.(one, cluster);
    expect(cluster.client.patches).toMatchObject([{ body: { metadata: { finalizers: ['example.com/mine'] } } }]);
  });

  it('delete the certificate of the webhook and the volume of the guard, and let the ledger keep its own', async () => {
    const inOwn = { namespace: OPERATOR_NAMESPACE };
    const cluster = source(
      object('Secret', 'molecule-webhook', inOwn),
      object('Secret', 'molecule-ledger', inOwn),
      object('PersistentVolumeClaim', 'guard-probe', { ...inOwn, finalizers: [VOLUME_FINALIZER] }),
      object('PersistentVolumeClaim', 'guard-probe'),
      object('PersistentVolumeClaim', 'data-postgres-0', inOwn),
    );
    expect(await step('Take our finalizer off the volumes').find(cluster)).toEqual([]);
    const belongings = step('Delete what the operator made for itself');
    const found = await belongings.find(cluster);
    expect(found.map(({ object: { kind, metadata } }) => `${kind} ${metadata.namespace}/${metadata.name}`)).toEqual([
      'Secret molecule-system/molecule-webhook',
      'PersistentVolumeClaim molecule-system/guard-probe',
    ]);
    for (const one of found) await belongings.act?.(one, cluster);
    expect(cluster.client.writes).toMatchObject([
      { verb: 'delete', kind: 'Secret', name: 'molecule-webhook' },
      { verb: 'patch', kind: 'PersistentVolumeClaim', name: 'guard-probe', body: { metadata: { finalizers: [] } } },
    ]);
  });

  it('delete the kinds of our group and no others', async () => {
    const cluster = source(
      object('CustomResourceDefinition', `orgs.${GROUP}`),
      object('CustomResourceDefinition', `orgs.not${GROUP}`),
    );
    expect(namesOf(await step('Delete the kinds').find(cluster))).toEqual([`orgs.${GROUP}`]);
  });
});

describe('taking a step', () => {
  const options = { ...source(), timeoutMs: 20, intervalMs: 1 };
  const leftover: Leftover = {
    resource: WORKSPACES,
    object: object('Workspace', 'writer', { finalizers: ['x/held'] }),
  };

  function stepThat(act: (call: number) => void): { readonly taken: Step; readonly calls: () => number } {
    let calls = 0;
    let isDone = false;
    const taken: Step = {
      title: 'Do it',
      find: async () => (isDone ? [] : [leftover]),
      act: async () => {
        calls += 1;
        act(calls);
        isDone = true;
      },
    };
    return { taken, calls: () => calls };
  }

  it.each([
    [403, 'a policy that is gone is obeyed for a second'],
    [409, 'somebody wrote in between'],
  ])('tries again after %i, because %s', async (code) => {
    const { taken, calls } = stepThat((call) => {
      if (call === 1) throw new ApiError('refused', { code, reason: '' });
    });
    await takeStep(taken, { ...options, timeoutMs: 5_000 });
    expect(calls()).toBe(2);
  });

  it('ends at once with any other refusal', async () => {
    const { taken, calls } = stepThat(() => {
      throw new ApiError('too much', { code: 422, reason: '' });
    });
    await expect(takeStep(taken, options)).rejects.toThrow('too much');
    expect(calls()).toBe(1);
  });

  it('says what is left, what holds it and that it goes on from there', async () => {
    const taken: Step = { title: 'Do it', find: async () => [leftover, leftover] };
    await expect(takeStep(taken, options)).rejects.toThrow(
      'Cannot finish "Do it": Workspace acme/writer and 1 more left: held by x/held; see to it and run the same command again, it goes on from there',
    );
  });

  it('says who refuses', async () => {
    const { taken } = stepThat(() => {
      throw new ApiError('you may not', { code: 403, reason: 'Forbidden' });
    });
    await expect(takeStep(taken, options)).rejects.toThrow('Workspace acme/writer left: you may not; see to it');
  });
});

describe('the plan that is shown', () => {
  it('numbers the steps, names a few objects, and says what stays and what goes', () => {
    const many = ['Pod a/1', 'Pod a/2', 'Pod a/3', 'Pod a/4', 'Pod a/5', 'Pod a/6'];
    const lines = renderPlan(
      [
        { title: 'Stop', objects: [] },
        { title: 'End', objects: many },
      ],
      'https://c.test',
    );
    expect(lines.slice(0, 3)).toEqual([
      'Removing Molecule Operator from https://c.test, in this order:',
      '  1. Stop: nothing to do',
      '  2. End: 6 objects (Pod a/1, Pod a/2, Pod a/3, Pod a/4 and 2 more)',
    ]);
    expect(lines.join('\n')).toContain('What stays: every volume of an agent with its data');
  });
});
