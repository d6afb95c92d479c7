import { describe, expect, it } from 'vitest';
import type { TemplateAsset } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { NOW, type RunOptions, runOn } from './fake-cluster.ts';
import { condition, notReady, type Overrides, templateAsset } from './objects.ts';

const LIVE = 'a1b2c3d4e5f60718293a4b5c6d7e8f9001122334';
const BEFORE = `b2${'0'.repeat(38)}`;
const OLDEST = `b3${'0'.repeat(38)}`;
const FOREIGN = `c4${'0'.repeat(38)}`;
const history = [LIVE, BEFORE, OLDEST].map((revision) => ({
  revision,
  digest: `sha256:${'ab'.repeat(32)}`,
  publishedAt: '2026-11-20T07:05:00Z',
}));

function writing(overrides: Overrides<TemplateAsset> = {}): TemplateAsset {
  const base = templateAsset('writing', overrides);
  return { ...base, metadata: { ...base.metadata, uid: 'uid of writing' }, status: { history, ...base.status } };
}

const rollback = (to: string, words: readonly string[] = [], options: RunOptions = {}) =>
  runOn(['rollback', 'ta/writing', '--to', to, ...words], { objects: [writing()], ...options });

describe('kubectl molecule rollback', () => {
  it('pins the whole commit, asks for a look, and says how to go forward again', async () => {
    const { code, stdout, stderr, cluster } = await rollback('previous');
    expect({ code, stderr, stdout }).toEqual({
      code: 0,
      stderr: '',
      stdout:
        `TemplateAsset acme/writing is set to ${BEFORE}; spec.source.ref was main; to follow that again: ` +
        `kubectl patch templateasset writing -n acme --type=merge -p '{"spec":{"source":{"ref":"main"}}}'; ` +
        'see what comes of it: kubectl molecule status ta/writing -n acme\n',
    });
    expect(cluster.patches).toEqual([
      {
        kind: 'TemplateAsset',
        key: { namespace: 'acme', name: 'writing' },
        body: {
          metadata: {
            uid: 'uid of writing',
            annotations: { 'reconcile.moleculesai.app/requestedAt': NOW.toISOString() },
          },
          spec: { source: { ref: BEFORE } },
        },
        fieldManager: 'kubectl-molecule',
      },
    ]);
  });

  it.each([
    ['the word previous', 'previous', BEFORE],
    ['a commit of the history', OLDEST, OLDEST],
    ['the beginning of one', 'b3000', OLDEST],
    ['any whole commit, because the forge knows more than the history', FOREIGN, FOREIGN],
    ['a whole commit in upper case', FOREIGN.toUpperCase(), FOREIGN],
  ])('takes %s', async (_name, to, after) => {
    const { stdout } = await rollback(to, ['-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'RollbackResult', before: 'main', after, outcome: 'Requested' });
  });

  it.each<readonly [string, string, TemplateAsset, string]>([
    [
      'the beginning of several',
      'b200',
      writing({
        status: { history: [...history, { ...history[0], revision: `b200${'1'.repeat(36)}` }] as typeof history },
      }),
      'write more of it; it knows b20000000000, b20011111111',
    ],
    [
      'what begins no revision',
      'dddd',
      writing(),
      'status.history has no revision that begins with dddd; write all 40 digits; it knows a1b2c3d4e5f6, b20000000000, b30000000000',
    ],
    ['a branch', 'main', writing(), '--to is no commit'],
    ['too few digits', 'b2', writing(), '--to is no commit'],
    [
      'previous where there is none',
      'previous',
      writing({ status: { history: [] } }),
      'no revision but the present one',
    ],
    [
      'what comes from Flux',
      'previous',
      { ...writing(), spec: { artifactRef: { kind: 'GitRepository', name: 'templates' } } },
      'come from GitRepository templates of Flux',
    ],
    [
      'what spec.verify.commit does not allow',
      'previous',
      writing({ spec: { verify: { commit: LIVE } } }),
      `spec.verify.commit allows ${LIVE} alone, so that nothing else would be taken; set it to ${BEFORE}`,
    ],
  ])('refuses %s, and changes nothing', async (_name, to, asset, expected) => {
    const { code, stderr, cluster } = await rollback(to, [], { objects: [asset] });
    expect(code).toBe(1);
    expect(stderr).toContain('Error: Cannot roll TemplateAsset acme/writing back: ');
    expect(stderr).toContain(expected);
    expect(cluster.patches).toEqual([]);
  });

  it('takes the commit that spec.verify.commit allows', async () => {
    const objects = [writing({ spec: { verify: { commit: OLDEST } } })];
    expect((await rollback('b3000', [], { objects })).code).toBe(0);
  });

  const managed = (metadata: object): KubeObject => {
    const asset = writing();
    return { ...asset, metadata: { ...asset.metadata, ...metadata } };
  };
  it.each([
    [
      'a field manager of Flux',
      { managedFields: [{ manager: 'kustomize-controller' }] },
      'Flux (kustomize-controller)',
    ],
    ['a field manager of Argo CD', { managedFields: [{ manager: 'argocd-controller' }] }, 'Argo CD'],
    ['a label', { labels: { 'kustomize.toolkit.fluxcd.io/name': 'agents' } }, 'Flux (kustomize-controller)'],
    ['an annotation', { annotations: { 'argocd.argoproj.io/tracking-id': 'x' } }, 'Argo CD'],
  ])('warns of a tool that sets it back, known by %s', async (_name, metadata, tool) => {
    const { code, stderr } = await rollback('previous', [], { objects: [managed(metadata)] });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `Warning: ${tool} manages this object and sets spec.source.ref back; change it there too\n`,
    });
  });

  it('warns of nobody who only once applied it', async () => {
    const applied = managed({
      managedFields: [{ manager: 'kubectl-client-side-apply' }, { manager: 'molecule-operator' }],
    });
    expect((await rollback('previous', [], { objects: [applied] })).stderr).toBe('');
  });

  it('warns that nothing is fetched while it is suspended or disabled', async () => {
    const objects = [writing({ spec: { suspend: true, auth: 'disabled' } })];
    const { stderr } = await rollback('previous', [], { objects });
    expect(stderr).toContain('Warning: It is suspended');
    expect(stderr).toContain('Warning: spec.auth is disabled');
  });

  it('waits until the operator has looked at it, and ends with 1 when the revision cannot be had', async () => {
    const handled = { observedGeneration: 1, lastHandledReconcileAt: NOW.toISOString() };
    const ready = {
      ...handled,
      conditions: [condition('Ready', 'True', { reason: 'ArtifactStored', message: 'Stored' })],
    };
    const good = await rollback('previous', ['--wait'], {
      watched: () => [{ type: 'MODIFIED', object: templateAsset('writing', { status: ready }) }],
    });
    expect({ code: good.code, stdout: good.stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`delivers ${BEFORE}`),
    });
    const failing = notReady('ArtifactReady', { reason: 'RefNotFound', message: 'No such commit' });
    const bad = await rollback('previous', ['--wait'], {
      watched: () => [{ type: 'MODIFIED', object: templateAsset('writing', { status: { ...handled, ...failing } }) }],
    });
    expect(bad.code).toBe(1);
    expect(bad.stderr).toContain(`is set to ${BEFORE} and does not deliver it: RefNotFound: No such commit`);
  });

  it('is wrong usage without a revision, or of anything but a TemplateAsset', async () => {
    expect((await runOn(['rollback', 'ta/writing'])).code).toBe(2);
    expect((await runOn(['rollback', 'ws/writer', '--to', 'previous'])).code).toBe(2);
  });
});
