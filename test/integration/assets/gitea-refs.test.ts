import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basicAuthorization, createReadToken, ensureRepository } from '../../../hack/forge/api.ts';
import { pushChange } from '../../../hack/forge/push.ts';
import { type RunningForge, startForge } from '../../../hack/forge/start.ts';
import { runOrThrow } from '../../../hack/lib/run.ts';
import { createFluxClient } from '../../../src/assets/fetch/flux-client.ts';
import type { ForgeSource } from '../../../src/assets/fetch/forge.ts';
import { createForgeClient } from '../../../src/assets/fetch/forge-client.ts';
import type { ForgeCredential } from '../../../src/assets/fetch/forge-credential.ts';
import { createRefCache } from '../../../src/assets/fetch/ref-cache.ts';
import { createAssetStore } from '../../../src/assets/store/asset-store.ts';
import { serve, type TestServer } from '../../unit/assets/http-server.ts';
import { credentialFor, LOOPBACK } from '../../unit/assets/loopback.ts';

const INTERVAL_MS = 300_000;
const { signal } = new AbortController();
const forge = createForgeClient({ addresses: LOOPBACK });
let directory: string;
let gitea: RunningForge;
let token: string;
let credential: ForgeCredential;
/** Between us and Gitea; counts. */
let proxy: TestServer;
let older: string;
let newer: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gitea-refs-'));
  gitea = await startForge({ dir: join(directory, 'forge') });
  token = await createReadToken(gitea.access);
  proxy = await serve(async (request, response) => {
    const { authorization } = request.headers;
    const answer = await fetch(`${gitea.access.url}${request.url}`, {
      ...(authorization === undefined ? {} : { headers: { authorization } }),
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
  });
  credential = credentialFor(token, proxy.url);
  older = (await pushChange(gitea.access, { repository: 'tpl', files: { 'config.yaml': 'name: older\n' } })).commit;
  newer = (await pushChange(gitea.access, { repository: 'tpl', files: { 'config.yaml': 'name: newer\n' } })).commit;
  await ensureRepository(gitea.access, 'empty');
  await pushRefs(
    ...['release/2026', 'both', newer.slice(0, 7), 'doomed'].map((branch) => `${older}:refs/heads/${branch}`),
    ...['v1', 'rel/v1', 'both'].map((tag) => `${newer}:refs/tags/${tag}`),
  );
  await tagWithMessage('v1-annotated', older);
});

afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await gitea?.stop();
  await rm(directory, { recursive: true, force: true });
});

function source(ref: string, change: Partial<ForgeSource> = {}): ForgeSource {
  return { forge: 'gitea', baseURL: proxy.url, owner: gitea.access.user, repo: 'tpl', ref, ...change };
}

async function requestsDuring(work: () => Promise<unknown>): Promise<number> {
  const before = proxy.requests.length;
  await work();
  return proxy.requests.length - before;
}

describe('a ref on a real Gitea', () => {
  it.each([
    ['a branch', 'main', 'newer'],
    ['a branch with a slash', 'release/2026', 'older'],
    ['a lightweight tag', 'v1', 'newer'],
    ['a tag with a slash', 'rel/v1', 'newer'],
    ['an annotated tag, of which the commit counts and not the tag', 'v1-annotated', 'older'],
    ['a tag and a branch of one name, of which the tag wins as it does in git', 'both', 'newer'],
    ['that branch, called by its full name', 'heads/both', 'older'],
    ['that tag, called by its full name', 'tags/both', 'newer'],
  ])('may be %s, and costs one request', async (_what, ref, expected) => {
    let commit: string | undefined;
    const requests = await requestsDuring(async () => {
      commit = await forge.resolve(source(ref), { credential, signal });
    });
    expect({ commit, requests }).toEqual({ commit: expected === 'older' ? older : newer, requests: 1 });
  });

  it('may be a branch that is called like the beginning of a commit', async () => {
    expect(await forge.resolve(source(newer.slice(0, 7)), { credential, signal })).toBe(older);
  });

  it('may not be the beginning of a commit', async () => {
    await expect(forge.resolve(source(older.slice(0, 8)), { credential, signal })).rejects.toMatchObject({
      code: 'RefAbbreviated',
      message: `Cannot take "${older.slice(0, 8)}" for a commit: it is only the beginning of ${older}`,
    });
  });

  it('that is a whole commit costs no request', async () => {
    expect(await requestsDuring(() => forge.resolve(source(older), { credential, signal }))).toBe(0);
  });

  it('cannot be asked for conditionally: Gitea answers neither ETag nor 304', async () => {
    const url = `${gitea.access.url}/api/v1/repos/${gitea.access.user}/tpl`;
    for (const path of ['git/commits/main', 'branches/main', 'git/refs/heads/main', 'commits?sha=main&limit=1']) {
      const headers = { authorization: `token ${token}`, 'if-modified-since': new Date().toUTCString() };
      const { status, headers: answered } = await fetch(`${url}/${path}`, { headers });
      expect({ path, status, etag: answered.get('etag') }).toEqual({ path, status: 200, etag: null });
    }
  });
});

describe('what is missing on a real Gitea', () => {
  it.each<[string, string, Partial<ForgeSource>, string, string]>([
    ['a ref', 'nope', {}, 'RefNotFound', 'Repository molecule/tpl has no branch, tag or commit "nope"'],
    ['a repository', 'main', { repo: 'nope' }, 'RepositoryNotFound', 'Repository molecule/nope does not exist at'],
    ['everything, before the first push', 'main', { repo: 'empty' }, 'RepositoryEmpty', 'Repository molecule/empty is'],
  ])('is named when it is %s', async (_what, ref, change, code, message) => {
    const failure = await forge.resolve(source(ref, change), { credential, signal }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it('is named when it is a commit that was written down wrong, for whose archive Gitea answers 500', async () => {
    const commit = 'f'.repeat(40);
    await expect(forge.download(source(commit), commit, { credential, signal })).rejects.toMatchObject({
      code: 'RefNotFound',
      message: `Repository molecule/tpl has no branch, tag or commit "${commit}"`,
    });
  });

  it('is named when it is a branch that was deleted meanwhile', async () => {
    expect(await forge.resolve(source('doomed'), { credential, signal })).toBe(older);
    await pushRefs(':refs/heads/doomed');
    await expect(forge.resolve(source('doomed'), { credential, signal })).rejects.toMatchObject({
      code: 'RefNotFound',
    });
  });
});

it('a ref that does not move costs one request per interval, however many follow it, and its files one download', async () => {
  let nowMs = 0;
  const refs = createRefCache({ forge, now: () => nowMs, random: Math.random });
  const store = await createAssetStore({
    root: join(directory, 'store'),
    maxBytes: 2 ** 30,
    forge,
    flux: createFluxClient({ addresses: LOOPBACK }),
  });
  const follow = async (ref: string) => {
    const question = { credential, intervalMs: INTERVAL_MS, signal };
    const look = await refs.look(source(ref), question);
    if (look.kind === 'failed') throw look.error;
    return store.ensure({ source: source(ref), commit: look.commit, credential, include: ['config.yaml'] }, signal);
  };
  const followers = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 'release/2026' : older));
  const counts: number[] = [];
  for (let interval = 0; interval < 4; interval++) {
    counts.push(await requestsDuring(() => Promise.all(followers.map(follow))));
    nowMs += INTERVAL_MS * 1.1;
  }
  expect(counts).toEqual([2, 1, 1, 1]);
});

async function pushRefs(...refs: readonly string[]): Promise<void> {
  const gitDir = join(directory, 'git');
  const env = {
    GIT_DIR: gitDir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: ${basicAuthorization(gitea.access)}`,
  };
  const git = (...args: readonly string[]) => runOrThrow('git', args, { env: { ...process.env, ...env }, signal });
  const remote = `${gitea.access.url}/${gitea.access.user}/tpl.git`;
  await git('init', '--quiet', '--bare');
  await git('fetch', '--quiet', remote, 'refs/heads/main');
  await git('push', '--quiet', remote, ...refs);
}

async function tagWithMessage(tag: string, target: string): Promise<void> {
  const answer = await fetch(`${gitea.access.url}/api/v1/repos/${gitea.access.user}/tpl/tags`, {
    method: 'POST',
    headers: { authorization: basicAuthorization(gitea.access), 'content-type': 'application/json' },
    body: JSON.stringify({ tag_name: tag, target, message: 'A release' }),
  });
  expect(answer.status).toBe(201);
}
