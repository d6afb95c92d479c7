import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TemplateAsset } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { hostOf } from '../../../../src/assets/fetch/allowed-hosts.ts';
import { createRefCache } from '../../../../src/assets/fetch/ref-cache.ts';
import { createAssetServer } from '../../../../src/assets/server/asset-server.ts';
import { createAssetStore } from '../../../../src/assets/store/asset-store.ts';
import { SourceChecker, type SourceCheckerOptions } from '../../../../src/controllers/template-asset/source-checker.ts';
import type { ObjectKey } from '../../../../src/kube/objects.ts';
import { createLogger } from '../../../../src/platform/log.ts';
import { meta, templateAsset, uidOf } from '../../../builders/objects.ts';
import { createClients } from '../../assets/clients.ts';
import { type ScriptedGithub, startGithub } from '../../assets/fetch/scripted-github.ts';
import { serve } from '../../assets/http-server.ts';
import { archive } from '../../assets/tar-builder.ts';

const { signal } = new AbortController();
const COMMIT = '1'.repeat(40);
let root: string;
let github: ScriptedGithub;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sharing-'));
  github = await startGithub(archive());
  github.refs.set('main', COMMIT);
});
afterEach(async () => {
  await github[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

/** What an operator is while it runs: everything that a restart loses, on the disk that it keeps. */
async function startOperator({
  url,
  tokenOf = () => 's3cret',
}: {
  url: string;
  tokenOf?: (namespace: string) => string;
}) {
  let nowMs = 0;
  const time = { now: () => nowMs, random: () => 0 };
  const { forge, flux } = createClients();
  const store = await createAssetStore({ root, maxBytes: 2 ** 30, forge, flux });
  const get = async (_resource: object, { namespace = '' }: ObjectKey): Promise<object> => {
    const data = { token: tokenOf(namespace), allowedHosts: hostOf(new URL(url)) };
    return { data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, btoa(text)])) };
  };
  const checker = new SourceChecker({
    ...time,
    client: { get } as unknown as SourceCheckerOptions['client'],
    refs: createRefCache({ ...time, forge }),
    verifier: { verify: async () => undefined },
    store,
    log: createLogger({ name: 'test', level: 'silent' }),
  });
  return {
    store,
    check: (asset: TemplateAsset) => checker.check(asset, signal),
    wait: (ms: number) => {
      nowMs += ms;
    },
  };
}

function inNamespace(namespace: string, url: string, forge: 'gitea' | 'github' = 'github'): TemplateAsset {
  const base = templateAsset('claude');
  return {
    ...base,
    metadata: { ...meta('claude', uidOf(namespace)), namespace },
    spec: {
      ...base.spec,
      source: { forge, baseURL: url, owner: 'molecule', repo: 'tpl', ref: 'main' },
      auth: 'token',
      secretRef: { name: 'forge', key: 'token' },
    },
  };
}

const everywhere = (url: string): readonly TemplateAsset[] =>
  Array.from({ length: 20 }, (_, index) => inNamespace(`org-${index}`, url));

describe('twenty TemplateAssets of one repository in as many namespaces, with one token', () => {
  it('cost one question and one download, then one conditional question per interval', async () => {
    const { check, wait } = await startOperator(github);
    const assets = everywhere(github.url);
    const attempts = await Promise.all(assets.map(check));
    expect(new Set(attempts.map(({ kind }) => kind))).toEqual(new Set(['stored']));
    expect([github.answers, github.downloads.length]).toEqual([[200, 302], 1]);
    for (let interval = 1; interval <= 3; interval++) {
      wait(300_000);
      for (const asset of assets) await check(asset);
      expect(github.answers.slice(2)).toEqual(Array.from({ length: interval }, () => 304));
    }
    expect(github.downloads).toHaveLength(1);
  });

  it('cost no download when the operator starts again', async () => {
    const { check } = await startOperator(github);
    await Promise.all(everywhere(github.url).map(check));
    const restarted = await startOperator(github);
    const attempts = await Promise.all(everywhere(github.url).map(restarted.check));
    expect(new Set(attempts.map(({ kind }) => kind))).toEqual(new Set(['stored']));
    expect([github.answers, github.downloads.length]).toEqual([[200, 302, 200], 1]);
  });

  it('serve a hundred Workspaces by that one download', async () => {
    const { check, store } = await startOperator(github);
    const attempt = await check(inNamespace('org', github.url));
    if (attempt.kind !== 'stored') throw new Error(attempt.message);
    const { digest } = attempt.artifact;
    await using app = createAssetServer({
      reviewToken: async (token) => ({ namespace: 'org', podName: token, podUID: token, serviceAccount: 'agent' }),
      authorize: ({ podUID }) => ({ workspace: { namespace: 'org', name: podUID, uid: podUID, podUID }, digest }),
      openBundle: (wanted, until, from) => store.open(wanted, until, from),
      onReport: () => undefined,
      onMissing: () => undefined,
      onError: () => undefined,
    });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        app.inject({ url: `/v1/assets/${digest}`, headers: { authorization: `Bearer pod-${index}` } }),
      ),
    );
    expect(
      new Set(answers.map(({ statusCode, rawPayload }) => `${statusCode} ${rawPayload.toString('base64')}`)).size,
    ).toBe(1);
    expect(answers[0]?.statusCode).toBe(200);
    expect([github.answers, github.downloads.length]).toEqual([[200, 302], 1]);
  });
});

it('a token that may not read a private repository gets nothing of what another one fetched of it', async () => {
  const commit = JSON.stringify({ sha: COMMIT });
  await using forge = await serve((request, response) => {
    if (request.headers.authorization !== 'token alices') response.writeHead(404).end();
    else response.end(request.url?.includes('/archive/') ? archive() : commit);
  });
  const tokenOf = (namespace: string): string => (namespace === 'alice' ? 'alices' : 'bobs');
  const { check, store } = await startOperator({ url: forge.url, tokenOf });
  const alices = await check(inNamespace('alice', forge.url, 'gitea'));
  expect(alices).toMatchObject({ kind: 'stored', artifact: { revision: COMMIT } });

  const bobs = inNamespace('bob', forge.url, 'gitea');
  expect(await check(bobs)).toMatchObject({ kind: 'failed', reason: 'RepositoryNotFound' });
  // Nor by the commit, which needs no question to the forge about a ref.
  const pinned = { ...bobs, spec: { ...bobs.spec, source: { ...bobs.spec.source, ref: COMMIT } } };
  const attempt = await check({ ...pinned, metadata: { ...pinned.metadata, generation: 2 } } as TemplateAsset);
  expect(attempt).toMatchObject({ kind: 'failed' });
  if (alices.kind === 'stored') expect(await store.has(alices.artifact.digest, signal)).toBe(true);
  const asked = forge.requests.filter(({ authorization }) => authorization === 'token bobs');
  expect(asked.length).toBeGreaterThanOrEqual(2);
});
