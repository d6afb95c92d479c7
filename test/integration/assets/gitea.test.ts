import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReadToken } from '../../../hack/forge/api.ts';
import { pushDirectory } from '../../../hack/forge/push.ts';
import { type RunningForge, startForge } from '../../../hack/forge/start.ts';
import { createFluxClient } from '../../../src/assets/fetch/flux-client.ts';
import type { ForgeSource } from '../../../src/assets/fetch/forge.ts';
import { createForgeClient } from '../../../src/assets/fetch/forge-client.ts';
import type { ForgeCredential } from '../../../src/assets/fetch/forge-credential.ts';
import { createAssetServer } from '../../../src/assets/server/asset-server.ts';
import { type AssetStore, createAssetStore } from '../../../src/assets/store/asset-store.ts';
import { runInPod } from '../../../src/materialize/run-in-pod.ts';
import { DEFAULT_INCLUDE } from '../../../src/rules/asset-path.ts';
import { credentialFor, LOOPBACK } from '../../unit/assets/loopback.ts';

const signal = new AbortController().signal;
const forge = createForgeClient({ addresses: LOOPBACK });
let root: string;
let gitea: RunningForge;
let credential: ForgeCredential;
let store: AssetStore;
let source: ForgeSource;
let commit: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gitea-test-'));
  gitea = await startForge({ dir: join(root, 'forge') });
  credential = credentialFor(await createReadToken(gitea.access), gitea.access.url);
  ({ commit } = await pushDirectory(gitea.access, {
    repository: 'claude-code-default',
    directory: 'examples/templates/claude-code-default',
  }));
  source = {
    forge: 'gitea',
    baseURL: gitea.access.url,
    owner: gitea.access.user,
    repo: 'claude-code-default',
    ref: 'main',
  };
  store = await createAssetStore({
    root: join(root, 'store'),
    maxBytes: 2 ** 30,
    forge,
    flux: createFluxClient({ addresses: LOOPBACK }),
  });
});

afterAll(async () => {
  await gitea?.stop();
  await rm(root, { recursive: true, force: true });
});

describe('a real Gitea', () => {
  it('resolves a branch to the commit that was pushed', async () => {
    expect(await forge.resolve(source, { credential, signal })).toBe(commit);
  });

  it('gives its archive, of which the store keeps the assets and passes over Dockerfile and symlink', async () => {
    const artifact = await store.ensure({ source, commit, credential, include: DEFAULT_INCLUDE }, signal);
    expect(artifact).toMatchObject({ revision: commit, files: 8, isCached: false });
    expect(await store.ensure({ source, commit, credential, include: DEFAULT_INCLUDE }, signal)).toEqual({
      ...artifact,
      isCached: true,
    });
  });

  it('does not serve a private template to somebody without its token, even when it is stored already', async () => {
    await store.ensure({ source, commit, credential, include: DEFAULT_INCLUDE }, signal);
    for (const other of [{}, { credential: credentialFor('f'.repeat(40), gitea.access.url) }]) {
      await expect(store.ensure({ source, commit, ...other, include: DEFAULT_INCLUDE }, signal)).rejects.toMatchObject({
        name: 'FetchError',
      });
    }
  });

  it.each([
    ['an unknown branch', { ref: 'nope' }, 'RefNotFound'],
    ['an unknown repository', { repo: 'nope' }, 'RepositoryNotFound'],
  ])('says that %s is not found', async (_what, change, code) => {
    await expect(forge.resolve({ ...source, ...change }, { credential, signal })).rejects.toMatchObject({ code });
  });

  it('says the same without a token, and something else for a wrong one', async () => {
    await expect(forge.resolve(source, { signal })).rejects.toMatchObject({ code: 'RepositoryNotFound' });
    await expect(
      forge.resolve(source, { credential: credentialFor('wrong', gitea.access.url), signal }),
    ).rejects.toMatchObject({ code: 'Unauthorized' });
  });

  it('brings a template and then its next revision onto a volume, through store, server and materializer', async () => {
    const target = join(root, 'configs');
    const stateDirectory = join(root, 'state');
    const tokenFile = join(root, 'pod-token');
    await Promise.all([mkdir(target), mkdir(stateDirectory)]);
    await writeFile(tokenFile, 'pod-token');
    let digest = '';
    await using app = createAssetServer({
      reviewToken: async (given) =>
        given === 'pod-token'
          ? { namespace: 'tenant', podName: 'ws', podUID: 'uid', serviceAccount: 'agent' }
          : 'rejected',
      authorize: () => ({ workspace: { namespace: 'tenant', name: 'ws', uid: 'ws-uid', podUID: 'uid' }, digest }),
      openBundle: (wanted, callSignal) => store.open(wanted, callSignal),
      onReport: (_workspace, { outcome }) => outcomes.push(outcome),
      onMissing: () => expect.unreachable('the tree is in the store'),
      onError: (error) => expect.unreachable(error.message),
    });
    const outcomes: string[] = [];
    await app.listen({ host: '127.0.0.1', port: 0 });
    const env = (): Record<string, string> => ({
      ASSETS_DIGEST: digest,
      ASSETS_INCLUDE: JSON.stringify(DEFAULT_INCLUDE),
      ASSET_SERVER_URL: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    });
    const start = (nowMs: number) =>
      runInPod({ env: env(), nowMs, log: () => undefined, signal, places: { target, stateDirectory, tokenFile } });

    digest = (await store.ensure({ source, commit, credential, include: DEFAULT_INCLUDE }, signal)).digest;
    expect((await start(1_000_000)).exitCode).toBe(0);
    expect((await readdir(join(target, 'agent-skills'))).sort()).toEqual([
      'review-change',
      'summarise-repository',
      'write-tests',
    ]);
    expect(await readdir(target)).not.toContain('Dockerfile');

    const directory = join(root, 'template');
    await cp('examples/templates/claude-code-default', directory, { recursive: true, verbatimSymlinks: true });
    await writeFile(join(directory, 'config.yaml'), 'name: changed\n');
    await rm(join(directory, 'agent-skills/write-tests'), { recursive: true });
    await pushDirectory(gitea.access, { repository: 'claude-code-default', directory });
    const next = await forge.resolve(source, { credential, signal });
    digest = (await store.ensure({ source, commit: next, credential, include: DEFAULT_INCLUDE }, signal)).digest;
    expect((await start(9_000_000)).exitCode).toBe(0);
    expect(await readFile(join(target, 'config.yaml'), 'utf8')).toBe('name: changed\n');
    expect((await readdir(join(target, 'agent-skills'))).sort()).toEqual(['review-change', 'summarise-repository']);
    expect(outcomes).toEqual(['changed', 'changed']);
  });
});
