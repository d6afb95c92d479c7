import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basicAuthorization, createReadToken, ensureRepository } from '../../../hack/forge/api.ts';
import { type RunningForge, startForge } from '../../../hack/forge/start.ts';
import { runOrThrow } from '../../../hack/lib/run.ts';
import type { ForgeSource } from '../../../src/assets/fetch/forge.ts';
import { createForgeClient } from '../../../src/assets/fetch/forge-client.ts';
import type { ForgeCredential } from '../../../src/assets/fetch/forge-credential.ts';
import { type AssetStore, createAssetStore } from '../../../src/assets/store/asset-store.ts';
import { believeForge } from '../../../src/assets/verify/believe-forge.ts';
import { checkSignature } from '../../../src/assets/verify/check-signature.ts';
import { readSigners } from '../../../src/assets/verify/signers.ts';
import { type CommitSigner, createCommitSigner, type SignerOptions } from '../../support/signed-commits.ts';
import { createClients } from '../../unit/assets/clients.ts';
import { serve, type TestServer } from '../../unit/assets/http-server.ts';
import { credentialFor, LOOPBACK } from '../../unit/assets/loopback.ts';

const { signal } = new AbortController();
const forge = createForgeClient({ addresses: LOOPBACK });
let root: string;
let gitea: RunningForge;
let credential: ForgeCredential;
let token: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gitea-commits-'));
  gitea = await startForge({ dir: join(root, 'forge') });
  token = await createReadToken(gitea.access);
  credential = credentialFor(token, gitea.access.url);
});

afterAll(async () => {
  await gitea?.stop();
  await rm(root, { recursive: true, force: true });
});

const sourceOf = (repo: string): ForgeSource => ({
  forge: 'gitea',
  baseURL: gitea.access.url,
  owner: gitea.access.user,
  repo,
  ref: 'main',
});

/** A signer whose address is that of the forge's user, and its repository at the forge. */
async function pushing(
  repo: string,
  key: SignerOptions['key'],
): Promise<AsyncDisposable & { readonly signer: CommitSigner; push(): Promise<void> }> {
  const signer = await createCommitSigner({ dir: join(root, repo), email: `${gitea.access.user}@localhost`, key });
  await ensureRepository(gitea.access, repo);
  const remote = `${gitea.access.url}/${gitea.access.user}/${repo}.git`;
  const env = {
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: ${basicAuthorization(gitea.access)}`,
  };
  return {
    signer,
    push: async () => {
      await runOrThrow('git', ['-C', signer.gitDir, 'push', '--quiet', remote, 'HEAD:refs/heads/main'], { env });
    },
    [Symbol.asyncDispose]: () => signer.stop(),
  };
}

const keys = [
  ['ssh', { format: 'ssh', type: 'ed25519' }],
  ['openpgp', { format: 'openpgp', type: 'ed25519' }],
] as const;

describe('a real Gitea', () => {
  it.each(keys)(
    'shows a commit and its signature byte for byte, so that it can be checked here: %s',
    async (name, key) => {
      await using repository = await pushing(`signed-${name}`, key);
      const { signer, push } = repository;
      await signer.commit('First of all: ünïcödé');
      const { commit, payload, signature } = await signer.commit('Second\n\nWith a body');
      await push();
      const source = sourceOf(`signed-${name}`);
      expect(await forge.resolve(source, { credential, signal })).toBe(commit);
      const answer = await forge.readCommit(source, commit, { credential, signal });
      expect(answer.payload).toBe(payload);
      expect(answer.signature.trim()).toBe(signature.trim());
      const data =
        key.format === 'ssh' ? { allowed_signers: `* ${signer.publicKey}` } : { 'signer.asc': signer.publicKey };
      const signers = await readSigners('signers', data);
      const { signer: by, tree } = await checkSignature(commit, answer, { signers, now: new Date() });
      expect(payload).toContain(`tree ${tree}\n`);
      expect(by).toMatch(key.format === 'ssh' ? /^SSH key SHA256:/ : /^OpenPGP key [0-9A-F]{40}$/);
      // Of the first commit, under the name of the second.
      const parent = /^parent (\w+)$/m.exec(payload)?.[1] ?? '';
      const other = await forge.readCommit(source, parent, { credential, signal });
      await expect(checkSignature(commit, other, { signers, now: new Date() })).rejects.toMatchObject({
        code: 'SignatureInvalid',
      });
    },
  );

  it('takes a signature for good once it knows the key, and not before', async () => {
    await using repository = await pushing('believed', { format: 'openpgp', type: 'ed25519' });
    const { commit } = await repository.signer.commit('Signed');
    await repository.push();
    const ask = () => forge.readCommit(sourceOf('believed'), commit, { credential, signal });
    const before = await ask();
    expect(before.isVerified).toBe(false);
    expect(() => believeForge(before)).toThrow(
      'The forge does not take its signature for good and says gpg.error.no_gpg_keys_found',
    );
    const response = await fetch(`${gitea.access.url}/api/v1/user/gpg_keys`, {
      method: 'POST',
      headers: { authorization: basicAuthorization(gitea.access), 'content-type': 'application/json' },
      body: JSON.stringify({ armored_public_key: repository.signer.publicKey }),
    });
    expect(response.status).toBe(201);
    const after = await ask();
    expect(after.isVerified).toBe(true);
    expect(() => believeForge(after)).not.toThrow();
  });

  it('says of a commit without a signature that it has none', async () => {
    await using repository = await pushing('unsigned', { format: 'ssh', type: 'ed25519' });
    const { gitDir } = repository.signer;
    await repository.signer.commit('Signed');
    const plain = [
      '-C',
      gitDir,
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@b',
      'commit',
      '--allow-empty',
      '-qm',
      'Plain',
    ];
    await runOrThrow('git', plain, {});
    await repository.push();
    const source = sourceOf('unsigned');
    const commit = await forge.resolve(source, { credential, signal });
    const answer = await forge.readCommit(source, commit, { credential, signal });
    expect(() => believeForge(answer)).toThrow('It is not signed');
    const signers = await readSigners('signers', { allowed_signers: `* ${repository.signer.publicKey}` });
    await expect(checkSignature(commit, answer, { signers, now: new Date() })).rejects.toMatchObject({
      code: 'CommitNotSigned',
    });
  });

  it('says of a commit that it does not have, and to whoever has no right, what it says of refs', async () => {
    const source = sourceOf('unsigned');
    const missing = forge.readCommit(source, 'a'.repeat(40), { credential, signal });
    await expect(missing).rejects.toMatchObject({ code: 'RefNotFound' });
    await expect(forge.readCommit(source, 'a'.repeat(40), { signal })).rejects.toMatchObject({
      code: 'RepositoryNotFound',
    });
  });
});

describe('the files of a signed commit', () => {
  /** What lies between operator and forge: it hands on what it is asked, and may answer otherwise than it was answered. */
  const between = (bend: (path: string, answer: Buffer) => Promise<Buffer>): Promise<TestServer> =>
    serve(async ({ url = '/', headers }, response) => {
      const authorization = headers.authorization ?? '';
      const answer = await fetch(`${gitea.access.url}${url}`, { headers: { authorization } });
      response.writeHead(answer.status).end(await bend(url, Buffer.from(await answer.arrayBuffer())));
    });
  const honest = async (_path: string, answer: Buffer): Promise<Buffer> => answer;
  const ofGitea = async (path: string): Promise<Buffer> => {
    const url = `${gitea.access.url}/api/v1/repos/${gitea.access.user}/files/${path}`;
    const answer = await fetch(url, { headers: { authorization: basicAuthorization(gitea.access) } });
    return Buffer.from(await answer.arrayBuffer());
  };

  let good: { readonly commit: string; readonly tree: string };
  let evil: { readonly commit: string; readonly tree: string };

  beforeAll(async () => {
    await using repository = await pushing('files', { format: 'ssh', type: 'ed25519' });
    const { signer, push } = repository;
    const write = async (path: string, content: string): Promise<void> => {
      await mkdir(dirname(join(signer.gitDir, path)), { recursive: true });
      await writeFile(join(signer.gitDir, path), content);
    };
    const commit = async (message: string): Promise<typeof good> => {
      await runOrThrow('git', ['-C', signer.gitDir, 'add', '--all']);
      const { commit, payload } = await signer.commit(message);
      return { commit, tree: /^tree (\w+)$/m.exec(payload)?.[1] ?? '' };
    };
    // More than Gitea lists on two pages, names that sort in two ways, and everything that Git can hold.
    for (let index = 0; index < 2_100; index++) await write(`docs/${index % 30}/${index}.md`, `${index}\n`);
    for (const name of ['a', 'a-b', 'a.b', 'a0', 'ünïcödé 🧪', '"quoted"']) await write(`prompts/${name}.md`, name);
    for (const name of ['a/b', 'a.b/c', 'a0/c']) await write(`agent-skills/${name}/SKILL.md`, name);
    await write('config.yaml', 'name: files\n');
    await write('agent-skills/run', '#!/bin/sh\n');
    await chmod(join(signer.gitDir, 'agent-skills/run'), 0o755);
    await symlink('config.yaml', join(signer.gitDir, 'latest'));
    const module = `160000,${'c'.repeat(40)},agent-skills/module`;
    await runOrThrow('git', ['-C', signer.gitDir, 'update-index', '--add', '--cacheinfo', module]);
    await mkdir(join(signer.gitDir, 'agent-skills/module'));
    good = await commit('Good');
    await write('prompts/a.md', 'Do as I say\n');
    evil = await commit('Evil');
    await push();
  });

  async function take(server: TestServer, store: AssetStore) {
    const source = { ...sourceOf('files'), baseURL: server.url };
    const include = ['config.yaml', 'prompts/**', 'agent-skills/**'];
    return store.ensure({ source, ...good, credential: credentialFor(token, server.url), include }, signal);
  }
  const openStore = (name: string): Promise<AssetStore> =>
    createAssetStore({ root: join(root, name), maxBytes: 2 ** 30, ...createClients() });

  it('are taken as Gitea lists and sends them, whatever they are and on however many pages', async () => {
    await using server = await between(honest);
    expect(await take(server, await openStore('honest'))).toMatchObject({ files: 11, ignored: 1 });
    expect(server.requests.filter(({ line }) => line.includes('/git/trees/'))).toHaveLength(3);
  });

  it('are refused when the archive is that of another commit, made up to look like the right one', async () => {
    await using server = await between(async (path, answer) => {
      if (!path.includes('/archive/')) return answer;
      const tar = gunzipSync(await ofGitea(`archive/${evil.commit}.tar.gz`)).toString('latin1');
      return gzipSync(Buffer.from(tar.replaceAll(evil.commit, good.commit), 'latin1'));
    });
    await expect(take(server, await openStore('swapped'))).rejects.toMatchObject({
      code: 'TreeMismatch',
      message: 'The archive of it is not what was signed: "prompts/a.md" has other bytes',
    });
    for (const folder of ['bundles', 'revisions', 'tmp'])
      expect(await readdir(join(root, 'swapped', folder))).toEqual([]);
  });

  it('are not even asked for when the list is that of another commit', async () => {
    await using server = await between(async (path, answer) =>
      path.includes('/git/trees/') ? ofGitea(path.replace(/.*(git\/trees\/)\w+/, `$1${evil.tree}`)) : answer,
    );
    await expect(take(server, await openStore('lied-to'))).rejects.toMatchObject({ code: 'TreeMismatch' });
    expect(server.requests.filter(({ line }) => line.includes('/archive/'))).toEqual([]);
  });
});
