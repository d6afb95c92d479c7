import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../../hack/control-plane.ts';
import { CHECKOUT_DIR } from '../../../hack/lib/paths.ts';
import { waitFor } from '../../../hack/lib/wait.ts';
import { API_VERSION, APPROVAL_FINALIZER, OPERATOR_USER } from '../../../src/apis/v1alpha1/names.ts';
import { controlPlane } from '../../support/control-plane.ts';
import { forger } from './forger.ts';
import { APPROVAL_SPEC, DRAFT_SPEC, SHA256, TEMPLATE_ASSET_SPEC } from './requests.ts';

/** A cluster in which nothing is filled in, as before Kubernetes 1.36. */
let cluster: ControlPlane;

async function send(args: readonly string[], user: string, input?: object): Promise<string> {
  const as = ['--as', user, '--as-group', 'system:masters'];
  const flags = input === undefined ? [] : ['-f', '-'];
  const answer = await cluster.kubectl.run([...args, ...as, ...flags], { input: JSON.stringify(input) });
  return answer.code === 0 ? 'accepted' : answer.stderr;
}

const bodyOf = (kind: string, name: string, spec: object): object => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, namespace: 'default' },
  spec,
});

beforeAll(async () => {
  cluster = await startControlPlane({ dir: join(controlPlane().dir, 'without-mutating-policies') });
  const base = join(CHECKOUT_DIR, 'manifests', 'without-mutating-policies');
  await cluster.kubectl.must(['apply', '--server-side', '-k', join(CHECKOUT_DIR, 'crds')]);
  await cluster.kubectl.must(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
  await cluster.kubectl.must(['apply', '--server-side', '-k', base]);
  // Of the last policy that was applied, in the order of their names.
  await waitFor(
    async () => {
      const volume = { finalizers: ['moleculesai.app/volume'], name: 'probe' };
      const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
      const body = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: volume, spec };
      await send(['create'], OPERATOR_USER, body);
      return (
        (await send(['delete', 'pvc', 'probe', '--dry-run=server'], 'admin')).includes('Cannot delete') || undefined
      );
    },
    { what: 'the policies be in force', timeoutMs: 30_000 },
  );
  expect(await send(['create'], OPERATOR_USER, bodyOf('ApprovalRequest', 'asked', APPROVAL_SPEC))).toBe('accepted');
});
afterAll(async () => cluster?.stop());

describe('without mutating policies', () => {
  it.each([
    ['by nobody is told what is missing', {}, 'spec.requestedBy: Required value'],
    [
      'by somebody else is told who he is',
      { requestedBy: 'john' },
      'Cannot ask in the name of john: spec.requestedBy says who asks; write jane there.',
    ],
    ['by oneself is accepted', { requestedBy: 'jane' }, 'accepted'],
  ])('asking %s', async (_sentence, change, expected) => {
    const body = bodyOf('ApprovalRequest', 'mine', { ...DRAFT_SPEC, ...change });
    expect(await send(['create', '--dry-run=server'], 'jane', body)).toContain(expected);
  });

  it.each([
    ['by nobody is told what is missing', {}, 'spec.decision.by: Required value'],
    [
      'by somebody else is told who he is',
      { by: 'jane' },
      'Cannot decide in the name of jane: spec.decision.by says who decides; write john there.',
    ],
    ['by oneself is accepted', { by: 'john' }, 'accepted'],
  ])('deciding %s', async (_sentence, change, expected) => {
    const patch = JSON.stringify({ spec: { decision: { verdict: 'Approved', hash: SHA256, ...change } } });
    const args = ['patch', 'apr/asked', '--type=merge', '--dry-run=server', '-p', patch];
    expect(await send(args, 'john')).toContain(expected);
  });

  it.each([
    ['a Secret', { ...TEMPLATE_ASSET_SPEC, auth: 'token', secretRef: { name: 'forge' } }, 'Cannot use Secret "forge"'],
    ['an object of Flux', { artifactRef: { kind: 'Bucket', name: 'b' } }, 'Cannot use Bucket "b"'],
  ])('a template that uses %s takes the right to it', async (_what, spec, expected) => {
    const binding = ['clusterrolebinding', 'molecule-editor:jane', '--clusterrole=molecule-editor', '--user=jane'];
    await cluster.kubectl.run(['create', ...binding]);
    const input = JSON.stringify(bodyOf('TemplateAsset', 'a', spec));
    const refusal = await waitFor(
      async () => {
        const { stderr } = await cluster.kubectl.run(['create', '--as=jane', '-f', '-'], { input });
        return !stderr.includes('cannot create resource') && stderr;
      },
      { what: 'the role of jane be in force', timeoutMs: 10_000 },
    );
    expect(refusal).toContain(expected);
  });

  it('the operator puts the finalizer on, which then holds as ever', async () => {
    expect(await send(['create'], 'jane', bodyOf('Workspace', 'writer', {}))).toBe('accepted');
    const path = ['get', 'ws', 'writer', '-o', 'jsonpath={.metadata.finalizers}'];
    expect(await cluster.kubectl.must(path)).toBe('');
    const on = JSON.stringify({ metadata: { finalizers: [APPROVAL_FINALIZER] } });
    expect(await send(['patch', 'ws/writer', '--type=merge', '-p', on], OPERATOR_USER)).toBe('accepted');
    const off = JSON.stringify({ metadata: { finalizers: null } });
    expect(await send(['patch', 'ws/writer', '--type=merge', '-p', off], 'jane')).toContain(
      'Cannot take off the finalizer',
    );
  });

  // With ours it may be put right before it is looked at.
  it('a name that a policy of somebody else writes is refused', async () => {
    const createForgers = [
      forger('CREATE', '/spec/requestedBy', 'default'),
      forger('UPDATE', '/spec/decision/by', 'default'),
    ].map((objects) => cluster.kubectl.must(['create', '-f', '-'], { input: JSON.stringify(objects) }));
    await Promise.all(createForgers);
    const ask = bodyOf('ApprovalRequest', 'mine', { ...DRAFT_SPEC, requestedBy: 'jane' });
    const decide = JSON.stringify({ spec: { decision: { verdict: 'Approved', hash: SHA256, by: 'john' } } });
    for (const [attempt, expected] of [
      [() => send(['create', '--dry-run=server'], 'jane', ask), 'Cannot ask in the name of mallory'],
      [
        () => send(['patch', 'apr/asked', '--type=merge', '--dry-run=server', '-p', decide], 'john'),
        'Cannot decide in the name of mallory',
      ],
    ] as const) {
      const refusal = await waitFor(
        async () => {
          const answer = await attempt();
          return answer !== 'accepted' && answer;
        },
        { what: 'the policy of somebody else to be in force', timeoutMs: 20_000 },
      );
      expect(refusal).toContain(expected);
    }
  });
});
