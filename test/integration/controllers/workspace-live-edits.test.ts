import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { ANNOTATIONS, LABELS, OPERATOR_USER, VOLUME_FINALIZER } from '../../../src/apis/v1alpha1/names.ts';
import { ORGS, PERSISTENT_VOLUME_CLAIMS, PODS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { KubeObject, Resource } from '../../../src/kube/objects.ts';
import { mustKubectl } from '../../support/control-plane.ts';
import { type AgentPod, startOperator, type TestOperator } from './operator.ts';

let operator: TestOperator;
beforeAll(async () => {
  operator = await startOperator();
  await operator.create(ORGS, { spec: { defaults: { image: 'example.invalid/agent:1' } } }, 'org');
});
afterAll(() => operator.stop());

const FOREIGN = { labels: { 'example.com/team': 'blue' }, annotations: { 'example.com/note': 'keep me' } };

/** A Workspace whose agent runs, and on whose Pod and volume somebody left something of theirs. */
async function run(name: string): Promise<AgentPod> {
  await operator.create(WORKSPACES, {}, name);
  const pod = await operator.podOf(name);
  await operator.runAgent(pod);
  await operator.until(name, { status: 'True' });
  for (const resource of [PODS, PERSISTENT_VOLUME_CLAIMS])
    await operator.patch(resource, pod.metadata.name, { metadata: FOREIGN });
  return pod;
}

/** What the guard refuses happens all the same where it is missing. It lets the operator's account through, so that is whose name this has. */
async function damage(resource: Resource, name: string, metadata: object): Promise<void> {
  const patch = JSON.stringify({ metadata });
  await mustKubectl(['patch', resource.plural, name, '--type=merge', '--patch', patch], {
    namespace: operator.namespace,
    as: OPERATOR_USER,
    groups: ['system:masters'],
  });
}

/** Waits until the object is as wanted and holds what is not ours. */
async function untilHealed(
  resource: Resource,
  name: string,
  isHealed: (object: KubeObject) => boolean,
): Promise<KubeObject> {
  const healed = await waitFor(
    async () => {
      const object = await operator.get(resource, name);
      return isHealed(object) && object;
    },
    { what: `${resource.kind} ${name} be put right`, timeoutMs: 20_000 },
  );
  expect(healed.metadata).toMatchObject(FOREIGN);
  return healed;
}

describe.each([PODS, PERSISTENT_VOLUME_CLAIMS])('what somebody changes on a $kind', (resource) => {
  const kind = resource.plural.slice(0, 3);

  it.each([
    ['a label of ours is changed', { labels: { [LABELS.workspace]: 'other' } }],
    ['a label of ours is removed', { labels: { [LABELS.incarnation]: null } }],
    ['the label that it is found by is removed', { labels: { [LABELS.managedBy]: null } }],
    ['an annotation of ours is changed', { annotations: { [ANNOTATIONS.incarnation]: 'other' } }],
    ['an annotation of ours is removed', { annotations: { [ANNOTATIONS.workspaceUID]: null } }],
  ])('is put back in place, and nothing of theirs: %s', async (what, metadata) => {
    const name = `${kind}-${what.replaceAll(/[^a-z]+/g, '-').slice(0, 28)}-${Object.keys(metadata)[0]?.slice(0, 1)}`;
    const pod = await run(name);
    const before = await operator.get(resource, pod.metadata.name);
    await damage(resource, pod.metadata.name, metadata);
    const wanted = { ...before.metadata.labels, ...before.metadata.annotations };
    const healed = await untilHealed(resource, pod.metadata.name, ({ metadata: { labels, annotations } }) =>
      Object.entries(wanted).every(([key, value]) => ({ ...labels, ...annotations })[key] === value),
    );
    expect(healed.metadata.uid).toBe(before.metadata.uid);
    expect((await operator.podOf(name)).metadata.uid).toBe(pod.metadata.uid);
    await operator.until(name, { status: 'True' });
  });
});

describe('what somebody changes on a volume', () => {
  it('is held again when the finalizer is taken off, beside that of others', async () => {
    const pod = await run('finalizer');
    const { metadata } = pod;
    const others = ['example.com/backup'];
    await damage(PERSISTENT_VOLUME_CLAIMS, metadata.name, { finalizers: others });
    const healed = await untilHealed(PERSISTENT_VOLUME_CLAIMS, metadata.name, ({ metadata: { finalizers = [] } }) =>
      finalizers.includes(VOLUME_FINALIZER),
    );
    expect(healed.metadata.finalizers).toEqual(expect.arrayContaining(others));
  });
});

describe('what somebody changes on a Pod that cannot be trusted then', () => {
  it.each<[string, string, (pod: string) => Promise<unknown>]>([
    [
      'its image',
      'image',
      (pod) =>
        mustKubectl(['set', 'image', `pod/${pod}`, 'agent=example.invalid/other:1'], { namespace: operator.namespace }),
    ],
    [
      'what says from which spec it was made',
      'spec-hash',
      (pod) => operator.patch(PODS, pod, { metadata: { annotations: { [ANNOTATIONS.specHash]: 'other' } } }),
    ],
  ])('makes it anew: %s', async (_what, name, edit) => {
    const pod = await run(name);
    await edit(pod.metadata.name);
    const next = await operator.podOf(name, { uid: pod.metadata.uid });
    expect(next.spec?.containers[0]?.image).toBe('example.invalid/agent:1');
    await operator.runAgent(next);
    await operator.until(name, { status: 'True' });
  });

  it('is left to run when somebody looks into it with a container of their own', async () => {
    const pod = await run('debugged');
    const { namespace } = operator;
    await mustKubectl(['debug', pod.metadata.name, '--image=example.invalid/debug:1', '--profile=restricted'], {
      namespace,
    });
    await operator.patch(WORKSPACES, 'debugged', { metadata: { annotations: { [ANNOTATIONS.requestedAt]: '1' } } });
    await waitFor(
      async () => {
        const { status } = await operator.get<KubeObject & { status?: { lastHandledReconcileAt?: string } }>(
          WORKSPACES,
          'debugged',
        );
        return status?.lastHandledReconcileAt === '1';
      },
      { what: 'a pass over the Workspace debugged', timeoutMs: 20_000 },
    );
    expect((await operator.podOf('debugged')).metadata.uid).toBe(pod.metadata.uid);
  });
});
