import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basicAuthorization, createReadToken, ensureRepository } from '../../../hack/forge/api.ts';
import { type RunningForge, startForge } from '../../../hack/forge/start.ts';
import { runOrThrow } from '../../../hack/lib/run.ts';
import type { ForgeSource } from '../../../src/assets/fetch/forge.ts';
import { createForgeClient } from '../../../src/assets/fetch/forge-client.ts';
import type { ForgeCredential } from '../../../src/assets/fetch/forge-credential.ts';
import { believeForge } from '../../../src/assets/verify/believe-forge.ts';
import { checkSignature } from '../../../src/assets/verify/check-signature.ts';
import { readSigners } from '../../../src/assets/verify/signers.ts';
import { type CommitSigner, createCommitSigner, type SignerOptions } from '../../support/signed-commits.ts';
import { credentialFor, LOOPBACK } from '../../unit/assets/loopback.ts';

const { signal } = new AbortController();
const forge = createForgeClient({ addresses: LOOPBACK });
let root: string;
let gitea: RunningForge;
let credential: ForgeCredential;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gitea-commits-'));
  gitea = await startForge({ dir: join(root, 'forge') });
  credential = credentialFor(await createReadToken(gitea.access), gitea.access.url);
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
      const by = await checkSignature(commit, answer, { signers, now: new Date() });
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
