import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TemplateAsset } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { createAddressPolicy } from '../../../../src/assets/fetch/address-policy.ts';
import { createFluxClient } from '../../../../src/assets/fetch/flux-client.ts';
import { type AssetStore, createAssetStore } from '../../../../src/assets/store/asset-store.ts';
import { ArtifactKeeper } from '../../../../src/controllers/template-asset/artifact-keeper.ts';
import { type ArtifactRef, FLUX_SOURCES } from '../../../../src/controllers/template-asset/flux-source.ts';
import type { Attempt } from '../../../../src/controllers/template-asset/snapshot.ts';
import { SourceChecker, type SourceCheckerOptions } from '../../../../src/controllers/template-asset/source-checker.ts';
import { ApiError } from '../../../../src/kube/errors.ts';
import { HttpKubeClient } from '../../../../src/kube/http-client.ts';
import { createLogger } from '../../../../src/platform/log.ts';
import { NAMESPACE, templateAsset } from '../../../builders/objects.ts';
import { NAMESPACES } from '../../../memory-api/kinds.ts';
import { MemoryApi } from '../../../memory-api/memory-api.ts';
import { createMemoryTransport } from '../../../memory-api/memory-transport.ts';
import { createClients } from '../../assets/clients.ts';
import { fluxArchive } from '../../assets/flux-archive.ts';
import { type Handler, serve, type TestServer } from '../../assets/http-server.ts';
import { conditionOf, storedStatus } from '../../assets/source-controller.ts';
import { entry, archive as forgeArchive } from '../../assets/tar-builder.ts';
import { VirtualClock } from '../../runtime/virtual-clock.ts';

const { signal } = new AbortController();
const WRITE = { fieldManager: 'flux', signal };
const GIT: ArtifactRef = { kind: 'GitRepository', name: 'tpl' };
const ONE = fluxArchive({ 'config.yaml': 'name: one\n', 'prompts/a.md': 'a\n', 'README.md': 'x\n' });
const TWO = fluxArchive({ 'config.yaml': 'name: two\n' });
const COMMIT = '1'.repeat(40);
const NEXT = '2'.repeat(40);

let root: string;
let api: MemoryApi;
let client: HttpKubeClient;
let nowMs: number;
let store: AssetStore;
let fluxServer: TestServer;
let answer: Handler;
let headersSeen: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'flux-'));
  nowMs = 0;
  let uids = 0;
  const clock = new VirtualClock();
  api = new MemoryApi({ now: () => clock.now(), newUID: () => `uid-${uids++}`, kinds: Object.values(FLUX_SOURCES) });
  client = new HttpKubeClient(createMemoryTransport(api), { clock, random: () => 0 });
  await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, WRITE);
  store = await createAssetStore({ root, maxBytes: 2 ** 30, ...createClients() });
  headersSeen = [];
  answer = (_request, response) => response.end(ONE.bytes);
  fluxServer = await serve((request, response) => {
    headersSeen.push(...Object.keys(request.headers));
    answer(request, response);
  });
});
afterEach(async () => {
  await fluxServer[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

/** What source-controller writes; the object is made at the first call. */
async function publish(
  { kind, name }: ArtifactRef,
  artifact: { readonly digest: string; readonly revision: string; readonly namespace?: string } | undefined,
  ready: { readonly status: string; readonly reason: string } = { status: 'True', reason: 'Succeeded' },
): Promise<void> {
  const resource = FLUX_SOURCES[kind];
  const key = { namespace: NAMESPACE, name };
  if (api.object(resource, key) === undefined)
    await client.create(resource, { apiVersion: 'source.toolkit.fluxcd.io/v1', kind, metadata: key }, WRITE);
  const { length: sizeBytes } = ONE.bytes;
  const of = { kind, name, namespace: NAMESPACE, server: fluxServer.url, sizeBytes };
  const status = {
    ...(artifact === undefined ? {} : storedStatus({ ...of, ...artifact })),
    conditions: [conditionOf('Ready', ready.status, ready.reason, '')],
  };
  await client.patch(resource, key, { status }, { ...WRITE, subresource: 'status' });
}

function withRef(artifactRef: ArtifactRef = GIT, generation = 1): TemplateAsset {
  const { spec, metadata, ...base } = templateAsset('claude');
  const { source: _source, auth: _auth, ...rest } = spec;
  return { ...base, metadata: { ...metadata, generation }, spec: { ...rest, artifactRef } };
}

function setUp(overrides: Partial<Pick<SourceCheckerOptions, 'client' | 'store'>> = {}) {
  const options = {
    client,
    store,
    now: () => nowMs,
    random: () => 0,
    log: createLogger({ name: 'test', level: 'silent' }),
    ...overrides,
  };
  const checker = new SourceChecker({
    ...options,
    refs: { look: () => Promise.reject(new Error('No forge is asked')) },
    verifier: { verify: () => Promise.reject(new Error('Nothing is verified')) },
  });
  const keeper = new ArtifactKeeper(options);
  return {
    check: (asset: TemplateAsset) => checker.check(asset, signal),
    restore: (artifact: NonNullable<NonNullable<TemplateAsset['status']>['artifact']>) =>
      keeper.restore(withRef(), artifact, signal),
  };
}

function stored(attempt: Attempt) {
  if (attempt.kind !== 'stored') throw new Error(`${attempt.reason}: ${attempt.message}`);
  return attempt.artifact;
}

describe('an artifact of Flux', () => {
  it.each(Object.keys(FLUX_SOURCES) as ArtifactRef['kind'][])(
    'of the kind %s is read by name, downloaded once, and not again while its digest is the same',
    async (kind) => {
      const ref = { kind, name: 'tpl' };
      await publish(ref, { digest: ONE.digest, revision: `main@sha1:${COMMIT}` });
      const { check } = setUp();
      for (let interval = 0; interval < 3; interval++) {
        expect(stored(await check(withRef(ref)))).toMatchObject({ revision: COMMIT, files: 2 });
        nowMs += 300_000;
      }
      expect(fluxServer.requests).toHaveLength(1);
      const reads = api.requests.filter(({ path }) =>
        path.endsWith(`/namespaces/${NAMESPACE}/${kind.toLowerCase().replace(/y$/, 'ie')}s/tpl`),
      );
      expect(reads.filter(({ method }) => method === 'GET')).toHaveLength(3);
      expect(headersSeen).not.toContain('authorization');
    },
  );

  it('gives the very tree, and the digest, that the same files of a forge give', async () => {
    await publish(GIT, { digest: ONE.digest, revision: `main@sha1:${COMMIT}` });
    const fromFlux = stored(await setUp().check(withRef()));
    const files = [entry({ name: 'repo/prompts/a.md', body: 'a\n' })];
    await using forge = await serve((_request, response) => response.end(forgeArchive(...files)));
    const source = { forge: 'gitea', baseURL: forge.url, owner: 'o', repo: 'r', ref: 'main' } as const;
    const fromForge = await store.ensure({ source, commit: COMMIT, include: ['prompts/**'] }, signal);
    await publish({ kind: 'Bucket', name: 'b' }, { digest: ONE.digest, revision: ONE.digest });
    const bucket = withRef({ kind: 'Bucket', name: 'b' });
    const same = stored(await setUp().check({ ...bucket, spec: { ...bucket.spec, include: ['prompts/**'] } }));
    expect(same.digest).toBe(fromForge.digest);
    expect(same.digest).not.toBe(fromFlux.digest);
  });

  it('is followed when its digest is another', async () => {
    await publish(GIT, { digest: ONE.digest, revision: `main@sha1:${COMMIT}` });
    const { check } = setUp();
    await check(withRef());
    answer = (_request, response) => response.end(TWO.bytes);
    await publish(GIT, { digest: TWO.digest, revision: `main@sha1:${NEXT}` });
    nowMs += 300_000;
    expect(stored(await check(withRef()))).toMatchObject({ revision: NEXT, files: 1 });
    expect(fluxServer.requests).toHaveLength(2);
  });

  it('can be taken by a folder of it', async () => {
    const nested = fluxArchive({ 'templates/seo/config.yaml': 'name: seo\n', 'config.yaml': 'name: no\n' });
    answer = (_request, response) => response.end(nested.bytes);
    await publish(GIT, { digest: nested.digest, revision: `sha1:${COMMIT}` });
    const { digest, files } = stored(await setUp().check(withRef({ ...GIT, subPath: 'templates/seo' })));
    expect(files).toBe(1);
    const bundle = await store.open(digest, signal);
    if (bundle === undefined) throw new Error('It was stored');
    expect((await buffer(bundle.stream)).toString('latin1')).toContain('name: seo');
  });

  it('is no way to what another namespace has: knowing its digest is not enough to be given the tree', async () => {
    const requestOf = (namespace: string) => ({
      artifact: {
        namespace,
        url: `${fluxServer.url}/gitrepository/${namespace}/tpl/x.tar.gz`,
        sha256: ONE.digest.slice('sha256:'.length),
        revision: COMMIT,
      },
      include: ['config.yaml'],
    });
    answer = ({ url = '' }, response) =>
      url.includes(`/${NAMESPACE}/`) ? response.end(ONE.bytes) : response.writeHead(404).end();
    await store.ensure(requestOf(NAMESPACE), signal);
    expect(await store.ensure(requestOf(NAMESPACE), signal)).toMatchObject({ isCached: true });
    await expect(store.ensure(requestOf('other'), signal)).rejects.toMatchObject({
      name: 'FluxDownloadError',
      code: 'NotFound',
    });
  });
});

describe('what Flux does not have', () => {
  it.each<[string, () => Promise<void>, string, string]>([
    [
      'a cluster without Flux',
      async () => api.removeKind(FLUX_SOURCES.GitRepository),
      'FluxNotInstalled',
      'The cluster does not serve GitRepository of source.toolkit.fluxcd.io/v1; install Flux, or name the repository in spec.source',
    ],
    [
      'an object that does not exist',
      async () => undefined,
      'ArtifactNotFound',
      'GitRepository "tpl" does not exist in this namespace; create it, or correct spec.artifactRef',
    ],
    [
      'an object without an artifact',
      () => publish(GIT, undefined, { status: 'Unknown', reason: 'Progressing' }),
      'ArtifactNotReady',
      'GitRepository "tpl" is not ready (Progressing); see kubectl describe gitrepository tpl',
    ],
    [
      'an object that is not Ready, with the artifact of before',
      () => publish(GIT, { digest: ONE.digest, revision: 'x' }, { status: 'False', reason: 'GitOperationFailed' }),
      'ArtifactNotReady',
      'GitRepository "tpl" is not ready (GitOperationFailed); see kubectl describe gitrepository tpl',
    ],
    [
      'an artifact of another namespace',
      () => publish(GIT, { digest: ONE.digest, revision: 'x', namespace: 'victim' }),
      'ArtifactInvalid',
      'GitRepository "tpl" has an address that is not http(s)://HOST/KIND/NAMESPACE/… of this namespace; see kubectl describe gitrepository tpl',
    ],
  ])('such as %s is a reason, and nothing is downloaded', async (_what, prepare, reason, message) => {
    await prepare();
    const { check } = setUp();
    expect(await check(withRef())).toMatchObject({
      kind: 'failed',
      reason,
      message,
      isFinal: false,
      nextCheckMs: 7_500,
    });
    expect(fluxServer.requests).toEqual([]);
  });

  it('comes back by itself once it is there', async () => {
    const { check } = setUp();
    expect(await check(withRef())).toMatchObject({ reason: 'ArtifactNotFound' });
    await publish(GIT, { digest: ONE.digest, revision: `sha1:${COMMIT}` });
    nowMs += 7_500;
    expect(stored(await check(withRef()))).toMatchObject({ revision: COMMIT });
  });

  it('is told apart from what the operator may not read', async () => {
    const get = () => Promise.reject(new ApiError('forbidden', { code: 403, reason: 'Forbidden' }));
    const { check } = setUp({ client: { get } as unknown as SourceCheckerOptions['client'] });
    expect(await check(withRef())).toMatchObject({ kind: 'failed', reason: 'ArtifactNotRead' });
  });
});

describe('a download from Flux', () => {
  const truncated = ONE.bytes.subarray(0, -1);
  it.each<[string, Handler, string]>([
    ['is another archive than the digest names', (_request, response) => response.end(TWO.bytes), 'ArtifactMismatch'],
    ['is refused', (_request, response) => response.writeHead(403).end(), 'FetchFailed'],
    [
      'is cut off',
      (_request, response) =>
        response.writeHead(200, { 'content-length': ONE.bytes.length }).write(truncated, () => response.destroy()),
      'FetchFailed',
    ],
    ['is not there any more', (_request, response) => response.writeHead(404).end(), 'ArtifactNotFound'],
    ['fails at its server', (_request, response) => response.writeHead(503).end(), 'FetchFailed'],
    [
      'is announced as too large',
      (_request, response) => response.writeHead(200, { 'content-length': 2 ** 30 }).flushHeaders(),
      'ArchiveTooLarge',
    ],
    [
      'leads to another protocol',
      (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      'RedirectRefused',
    ],
    [
      'leads to an address that is not listed',
      (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      'RedirectRefused',
    ],
  ])('that %s is a reason, and nothing of it is kept', async (_what, handler, reason) => {
    await publish(GIT, { digest: ONE.digest, revision: `sha1:${COMMIT}` });
    answer = handler;
    const attempt = await setUp().check(withRef());
    expect(attempt).toMatchObject({ kind: 'failed', reason, revision: COMMIT });
    if (attempt.kind === 'failed') expect(attempt.message).not.toMatch(/forge runs|baseURL|token/);
    answer = (_request, response) => response.end(ONE.bytes);
    expect(stored(await setUp().check(withRef())).files).toBe(2);
  });

  it('follows no redirect: what it led to could be of another namespace', async () => {
    await publish(GIT, { digest: ONE.digest, revision: `sha1:${COMMIT}` });
    const location = '/gitrepository/victim/tpl/x.tar.gz';
    answer = ({ url }, response) =>
      url === location ? response.end(ONE.bytes) : response.writeHead(302, { location }).end();
    expect(await setUp().check(withRef())).toMatchObject({
      reason: 'RedirectRefused',
      message: `Cannot fetch from ${fluxServer.url}: it redirects; see what answers there: the controller of Flux, or something in between`,
    });
    expect(fluxServer.requests).toHaveLength(1);
  });

  it('goes to no address that the operator does not list', async () => {
    await publish(GIT, { digest: ONE.digest, revision: `sha1:${COMMIT}` });
    const { forge } = createClients();
    const flux = createFluxClient({ addresses: createAddressPolicy([]) });
    const closed = await createAssetStore({ root, maxBytes: 2 ** 30, forge, flux });
    expect(await setUp({ store: closed }).check(withRef())).toMatchObject({ reason: 'AddressRefused' });
    expect(fluxServer.requests).toEqual([]);
  });

  it('is refused by the same filter as one of a forge', async () => {
    const hostile = fluxArchive({ 'prompts/../../escape': 'x' });
    answer = (_request, response) => response.end(hostile.bytes);
    await publish(GIT, { digest: hostile.digest, revision: `sha1:${COMMIT}` });
    expect(await setUp().check(withRef())).toMatchObject({ reason: 'ArchiveRefused', nextCheckMs: 300_000 });
  });
});

describe('a published artifact of Flux that left the store', () => {
  it('is had again while Flux keeps it, and is lost once Flux has another', async () => {
    await publish(GIT, { digest: ONE.digest, revision: `sha1:${COMMIT}` });
    const artifact = stored(await setUp().check(withRef()));
    await rm(root, { recursive: true });
    const { restore } = setUp();
    expect(await restore(artifact)).toBeUndefined();
    expect(await store.has(artifact.digest, signal)).toBe(true);

    await publish(GIT, { digest: TWO.digest, revision: `sha1:${NEXT}` });
    await rm(root, { recursive: true });
    const { length: asked } = fluxServer.requests;
    expect(await setUp().restore(artifact)).toMatchObject({ reason: 'ArtifactLost', isFinal: false });
    expect(fluxServer.requests).toHaveLength(asked);
  });
});
