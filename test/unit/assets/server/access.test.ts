import { Readable } from 'node:stream';
import { beforeEach, expect, it } from 'vitest';
import { ANNOTATIONS, ASSET_AUDIENCE } from '../../../../src/apis/v1alpha1/names.ts';
import type { TemplateAsset, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { createAssetServer } from '../../../../src/assets/server/asset-server.ts';
import { createTokenReviewer } from '../../../../src/assets/server/token-review.ts';
import { createAssetAccess } from '../../../../src/controllers/workspace/asset-access.ts';
import type { ObservedPod } from '../../../../src/controllers/workspace/observed.ts';
import type { KubeClient } from '../../../../src/kube/client.ts';
import { TransportError } from '../../../../src/kube/errors.ts';
import { childName } from '../../../../src/rules/identity.ts';
import { fakeStore } from '../../../builders/fake-store.ts';
import { DIGEST, meta, NAMESPACE, storedTemplate, uidOf, workspace } from '../../../builders/objects.ts';

/** The cluster as server, reviewer and access see it; a test changes it between two requests. */
interface Cluster {
  pods: readonly ObservedPod[];
  workspaces: readonly Workspace[];
  templates: readonly TemplateAsset[];
  /** Pod behind each token: namespace, name, uid. */
  tokens: ReadonlyMap<string, readonly [string, string, string]>;
  isApiserverUp: boolean;
}

const OTHER = 'other-org';
const POD = childName('researcher', uidOf('researcher'));
const TOKEN = 'pod.of.researcher';
const researcher = workspace('researcher', { spec: { kind: 'workspace', templateRef: { name: 'claude' } } });
let cluster: Cluster;
let nowMs: number;

function pod(changes: Partial<ObservedPod['metadata']> = {}): ObservedPod {
  const annotations = { [ANNOTATIONS.workspaceUID]: uidOf('researcher') };
  return { metadata: { ...meta(POD, uidOf('pod')), annotations, ...changes }, phase: 'Running', isReady: false };
}

beforeEach(() => {
  nowMs = 0;
  cluster = {
    pods: [pod()],
    workspaces: [researcher],
    templates: [storedTemplate('claude')],
    tokens: new Map([[TOKEN, [NAMESPACE, POD, uidOf('pod')]]]),
    isApiserverUp: true,
  };
});

/** The server with its real reviewer and its real access; the apiserver answers about tokens from `cluster`. */
function serve() {
  const create = async (_resource: object, review: { readonly spec: { readonly token: string } }): Promise<object> => {
    if (!cluster.isApiserverUp) throw new TransportError('connection refused');
    const [namespace, name = '', uid = ''] = cluster.tokens.get(review.spec.token) ?? [];
    if (namespace === undefined) return { status: { authenticated: false } };
    const extra = {
      'authentication.kubernetes.io/pod-name': [name],
      'authentication.kubernetes.io/pod-uid': [uid],
    };
    const user = { username: `system:serviceaccount:${namespace}:agent`, extra };
    return { status: { authenticated: true, audiences: [ASSET_AUDIENCE], user } };
  };
  const app = createAssetServer({
    reviewToken: createTokenReviewer({ client: { create } as unknown as KubeClient, now: () => nowMs }),
    authorize: (identity) =>
      createAssetAccess({
        pods: fakeStore(cluster.pods),
        workspaces: fakeStore(cluster.workspaces, { uid: (object) => object.metadata.uid }),
        templateAssets: fakeStore(cluster.templates),
      })(identity),
    openBundle: async () => ({ stream: Readable.from([Buffer.from('bundle')]), sizeBytes: 6 }),
    onReport: () => undefined,
    onMissing: () => undefined,
    onError: () => undefined,
  });
  return (token = TOKEN, digest = DIGEST) =>
    app.inject({ url: `/v1/assets/${digest}`, headers: { authorization: `Bearer ${token}` } });
}

const served = { statusCode: 200, body: 'bundle' };

it.each<[string, (cluster: Cluster) => Partial<Cluster>]>([
  ['is terminating', () => ({ pods: [pod({ deletionTimestamp: '2026-03-01T10:00:00Z' })] })],
  ['was deleted, although its token was accepted a moment ago', () => ({ pods: [] })],
  [
    'was made again under its name, for which the old token does not speak',
    () => ({ pods: [pod({ uid: uidOf('new') })] }),
  ],
  [
    'belongs to a Workspace that was made again',
    () => ({
      workspaces: [{ ...researcher, metadata: { ...researcher.metadata, uid: uidOf('made again') } }],
    }),
  ],
  [
    'claims the Workspace of somebody else by an annotation',
    ({ workspaces }) => ({
      pods: [pod({ annotations: { [ANNOTATIONS.workspaceUID]: uidOf('victim') } })],
      workspaces: [...workspaces, workspace('victim', { spec: researcher.spec })],
    }),
  ],
  ['has a Workspace that names no template any more', () => ({ workspaces: [workspace('researcher')] })],
])('stops serving a Pod at once that %s', async (_what, change) => {
  const ask = serve();
  expect(await ask()).toMatchObject(served);
  cluster = { ...cluster, ...change(cluster) };
  const { statusCode, body } = await ask();
  expect([statusCode, body.includes('bundle')]).toEqual([403, false]);
});

it('serves the Pod that was made again, by its own token', async () => {
  const ask = serve();
  await ask();
  cluster.pods = [pod({ uid: uidOf('new') })];
  cluster.tokens = new Map([...cluster.tokens, ['new.pod.token', [NAMESPACE, POD, uidOf('new')]]]);
  expect(await ask('new.pod.token')).toMatchObject(served);
});

it('gives a namesake in another namespace nothing, with the very names, digest and claim of the one that may', async () => {
  const namesake = pod({ namespace: OTHER, uid: uidOf('namesake') });
  cluster.pods = [...cluster.pods, namesake];
  cluster.tokens = new Map([...cluster.tokens, ['foreign.pod.token', [OTHER, POD, uidOf('namesake')]]]);
  const ask = serve();
  expect((await ask('foreign.pod.token')).statusCode).toBe(403);
  expect(await ask()).toMatchObject(served);
});

it('gives nobody a tree that another namespace publishes and that its own does not, although the store has it', async () => {
  const secret = `sha256:${'5'.repeat(64)}`;
  const theirs = storedTemplate('secret');
  const artifact = { revision: 'b'.repeat(40), digest: secret, sizeBytes: 6, files: 1 };
  cluster.templates = [
    ...cluster.templates,
    { ...theirs, metadata: { ...theirs.metadata, namespace: OTHER }, status: { ...theirs.status, artifact } },
  ];
  const ask = serve();
  const [known, unknown] = [await ask(TOKEN, secret), await ask(TOKEN, `sha256:${'6'.repeat(64)}`)];
  expect([known.statusCode, known.body]).toEqual([unknown.statusCode, unknown.body]);
  expect(known.statusCode).toBe(403);
});

it('answers 503 while it cannot be asked whose token it is, and not longer from memory than a minute', async () => {
  const ask = serve();
  expect(await ask()).toMatchObject(served);
  cluster.isApiserverUp = false;
  nowMs = 59_999;
  expect(await ask()).toMatchObject(served);
  nowMs = 60_000;
  const answer = await ask();
  expect([answer.statusCode, answer.headers['retry-after'], answer.body.includes('bundle')]).toEqual([503, '2', false]);
  expect((await ask('never.seen.before')).statusCode).toBe(503);
  cluster.isApiserverUp = true;
  expect(await ask()).toMatchObject(served);
});
