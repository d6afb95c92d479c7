import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../../src/apis/v1alpha1/names.ts';
import type { TemplateAsset, TemplateAssetVerify } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { FetchError, type ForgeCommit } from '../../../../src/assets/fetch/forge.ts';
import { VerificationError } from '../../../../src/assets/verify/verification-error.ts';
import { ApiError } from '../../../../src/kube/errors.ts';
import { meta, NAMESPACE, REVISION, templateAsset, templateSource, uidOf } from '../../../builders/objects.ts';
import { createSshSigner, idOf, payloadOf } from '../../assets/verify/sign.ts';
import { setUp, type World } from './world.ts';

const SIGNED = (() => {
  const { publicKey, sign } = createSshSigner();
  const payload = payloadOf();
  const signature = sign(payload);
  const answer: ForgeCommit = { isVerified: false, reason: 'no_user', payload, signature };
  return { commit: idOf(payload, signature), answer, signers: { data: { allowed_signers: `a ${publicKey}` } } };
})();
const BY_SIGNERS = { signature: { by: 'signers', signersRef: { name: 'signers' } } } as const;
const BY_FORGE = { signature: { by: 'forge' } } as const;

function verified(verify: TemplateAssetVerify, name = 'claude'): TemplateAsset {
  const base = templateAsset(name, { metadata: meta(name, uidOf(`template-${name}`)) });
  return { ...base, spec: { ...base.spec, source: templateSource('shared'), verify } };
}

const signedWorld = (change: Partial<World> = {}) =>
  setUp({
    resolve: async () => SIGNED.commit,
    readCommit: async () => SIGNED.answer,
    signers: SIGNED.signers,
    ...change,
  });

const apiError = (code: number, reason: string) => new ApiError('said the apiserver', { code, reason });

describe('a commit pin', () => {
  it('lets the one commit through, and says so', async () => {
    const { check, asked } = setUp();
    expect(await check(verified({ commit: REVISION }))).toMatchObject({
      kind: 'stored',
      proof: {
        reason: 'CommitPinned',
        message: `Revision ${REVISION.slice(0, 12)} is the one that spec.verify.commit names`,
      },
    });
    expect(asked.commits).toBe(0);
  });

  it('takes nothing of another, nor asks for any of it', async () => {
    const { check, asked, calls } = setUp();
    const attempt = await check(verified({ commit: 'c'.repeat(40), ...BY_FORGE }));
    expect(attempt).toMatchObject({
      kind: 'failed',
      reason: 'CommitMismatch',
      message:
        'It is what "main" stands for, and spec.verify.commit is cccccccccccc; nothing of it is taken; put it into spec.verify.commit once it may be, or correct spec.source.ref',
      revision: REVISION,
      isUnproved: true,
      isFinal: true,
      nextCheckMs: 300_000,
    });
    expect(attempt).not.toHaveProperty('proof');
    expect([calls.stored, asked.commits]).toEqual([[], 0]);
  });

  it('and a signature are both wanted where both are named', async () => {
    const { check, calls } = setUp();
    expect(await check(verified({ commit: REVISION, ...BY_FORGE }))).toMatchObject({ reason: 'CommitNotSigned' });
    expect(calls.stored).toEqual([]);
  });
});

describe('a signature that the forge answers for', () => {
  const said = (isVerified: boolean, reason: string) =>
    setUp({ readCommit: async () => ({ isVerified, reason, payload: '', signature: '' }) });

  it('is believed, with no word about whose it is', async () => {
    const { check, asked } = said(true, 'molecule / SHA256:x');
    expect(await check(verified(BY_FORGE))).toMatchObject({
      kind: 'stored',
      proof: {
        reason: 'SignatureVerified',
        message: `Revision ${REVISION.slice(0, 12)} is signed by a key that the forge knows`,
      },
    });
    expect(asked.configMaps).toEqual([]);
  });

  it.each([
    ['unsigned', 'CommitNotSigned', 'It is not signed; '],
    ['gpg.error.not_signed_commit', 'CommitNotSigned', 'It is not signed; '],
    ['expired_key', 'SignatureRefused', 'The forge does not take its signature for good and says expired_key; '],
    [
      'gpg.error.no_gpg_keys_found',
      'SignatureRefused',
      'The forge does not take its signature for good and says gpg.error.no_gpg_keys_found; ',
    ],
    [
      '<script>',
      'SignatureRefused',
      'The forge does not take its signature for good and gives no reason that is known; ',
    ],
    ['', 'SignatureRefused', 'The forge does not take its signature for good and gives no reason that is known; '],
  ])('is refused when the forge says %j', async (word, reason, message) => {
    const { check, calls } = said(false, word);
    const attempt = await check(verified(BY_FORGE));
    expect(attempt).toMatchObject({
      kind: 'failed',
      reason,
      message: expect.stringContaining(message),
      isUnproved: true,
    });
    expect(calls.stored).toEqual([]);
  });

  it('is asked for once per interval for all who follow the same ref, because the forge may change its mind', async () => {
    const { check, asked, wait } = said(true, 'valid');
    for (const interval of [1, 2, 3]) {
      for (const name of ['one', 'two', 'three']) await check(verified(BY_FORGE, name));
      expect(asked.commits).toBe(interval);
      wait(300_000);
    }
  });
});

describe('a signature that is checked here', () => {
  it('is taken from who is on the list, whatever the forge says, and named', async () => {
    const { check, asked } = signedWorld();
    expect(await check(verified(BY_SIGNERS))).toMatchObject({
      kind: 'stored',
      proof: {
        reason: 'SignatureVerified',
        message: expect.stringMatching(/ is signed by SSH key SHA256:[\w+/]{43}$/),
      },
    });
    expect(asked.configMaps).toEqual([{ namespace: NAMESPACE, name: 'signers' }]);
  });

  it('is not taken because the forge says that it is good', async () => {
    const readCommit = async (): Promise<ForgeCommit> => ({
      ...SIGNED.answer,
      isVerified: true,
      payload: payloadOf({ message: 'x' }),
    });
    const { check, calls } = signedWorld({ readCommit });
    expect(await check(verified(BY_SIGNERS))).toMatchObject({
      reason: 'SignatureInvalid',
      isFinal: true,
      nextCheckMs: 300_000,
    });
    expect(calls.stored).toEqual([]);
  });

  it('costs one request for a revision, however often it is looked at', async () => {
    const { check, asked, wait } = signedWorld();
    for (let interval = 0; interval < 5; interval++) {
      await check(verified(BY_SIGNERS));
      wait(300_000);
    }
    const base = verified(BY_SIGNERS);
    await check({ ...base, metadata: { ...base.metadata, annotations: { [ANNOTATIONS.requestedAt]: 'now' } } });
    expect(asked.commits).toBe(1);
  });

  it('is asked for anew after an interval, and on request, where what the forge showed proved nothing', async () => {
    const { check, asked, wait, world } = signedWorld({ readCommit: async () => ({ ...SIGNED.answer, payload: 'x' }) });
    const base = verified(BY_SIGNERS);
    const requested = { ...base, metadata: { ...base.metadata, annotations: { [ANNOTATIONS.requestedAt]: 'now' } } };
    for (const asset of [base, requested]) expect(await check(asset)).toMatchObject({ reason: 'SignatureInvalid' });
    expect(asked.commits).toBe(2);
    world.readCommit = async () => SIGNED.answer;
    wait(300_000);
    expect(await check(requested)).toMatchObject({ kind: 'stored' });
    expect(asked.commits).toBe(3);
  });

  const stranger = { data: { allowed_signers: `a ${createSshSigner().publicKey}` } };

  it.each<[string, Partial<World>, string, string]>([
    [
      'ConfigMap',
      { signers: apiError(404, 'NotFound') },
      'SignersNotFound',
      'ConfigMap "signers" does not exist in this namespace; put the keys',
    ],
    [
      'right to it',
      { signers: apiError(403, 'Forbidden') },
      'SignersNotRead',
      'ConfigMap "signers" cannot be read; let the operator',
    ],
    ['key in it', { signers: {} }, 'SignersEmpty', 'ConfigMap "signers" lets nobody sign: '],
    [
      'sense in it',
      { signers: { data: { allowed_signers: '?' } } },
      'SignersInvalid',
      'ConfigMap "signers" has under the key "allowed_signers" what cannot be used: line 1: ',
    ],
    ['such signer in it', { signers: stranger }, 'SignerNotAllowed', ', which is not on the list; '],
  ])('stays closed without %s, and comes right 15 seconds after that did', async (_what, change, reason, message) => {
    const { check, asked, calls, wait, world } = signedWorld(change);
    expect(await check(verified(BY_SIGNERS))).toMatchObject({
      kind: 'failed',
      reason,
      message: expect.stringContaining(message),
      isFinal: false,
      isUnproved: true,
      nextCheckMs: 15_000,
    });
    expect(calls.stored).toEqual([]);
    world.signers = SIGNED.signers;
    wait(15_000);
    expect(await check(verified(BY_SIGNERS))).toMatchObject({ kind: 'stored' });
    expect(asked.commits).toBe(1);
  });

  it('is a matter of the apiserver where that does not answer, and not of the revision', async () => {
    const { check } = signedWorld({ signers: apiError(500, 'InternalError') });
    await expect(check(verified(BY_SIGNERS))).rejects.toBeInstanceOf(ApiError);
  });

  it('is tried again soon where the forge does not answer, which proves nothing in either way', async () => {
    const readCommit = async (): Promise<ForgeCommit> => Promise.reject(new FetchError('Unreachable', 'No answer'));
    const { check, calls } = signedWorld({ readCommit });
    const attempt = await check(verified(BY_SIGNERS));
    expect(attempt).toMatchObject({ kind: 'failed', reason: 'FetchFailed', revision: SIGNED.commit });
    expect(attempt).not.toHaveProperty('isUnproved');
    expect(attempt).not.toHaveProperty('proof');
    expect(calls.stored).toEqual([]);
  });

  it('stays proved where the download fails afterwards', async () => {
    const { check } = signedWorld({ ensure: async () => Promise.reject(new FetchError('TimedOut', 'No end')) });
    expect(await check(verified(BY_SIGNERS))).toMatchObject({ kind: 'failed', proof: { reason: 'SignatureVerified' } });
  });
});

describe('the files of a commit whose signature was checked here', () => {
  const TREE = /^tree (\w+)$/m.exec(SIGNED.answer.payload)?.[1];
  const others = (code: 'TreeMismatch' | 'TreeIncomplete') =>
    signedWorld({ ensure: async () => Promise.reject(new VerificationError(code, 'They are others')) });

  it('have to be those of the tree that was signed with it', async () => {
    const { check, calls } = signedWorld();
    await check(verified(BY_SIGNERS));
    expect(calls.stored).toMatchObject([{ commit: SIGNED.commit, tree: TREE }]);
  });

  it.each<[string, TemplateAssetVerify | undefined]>([
    ['the forge answers for the signature', BY_FORGE],
    ['a commit is pinned', { commit: SIGNED.commit }],
    ['nothing is to be verified', undefined],
  ])('are believed where %s: no tree is known that the forge did not name itself', async (_what, verify) => {
    const { check, calls } = signedWorld({ readCommit: async () => ({ ...SIGNED.answer, isVerified: true }) });
    const asset = templateAsset('claude');
    await check(verify === undefined ? asset : verified(verify));
    expect(calls.stored).toHaveLength(1);
    expect(calls.stored[0]).not.toHaveProperty('tree');
  });

  it('leave nothing proved when they turn out to be others, and are looked at again with the ref', async () => {
    const { check } = others('TreeMismatch');
    const attempt = await check(verified(BY_SIGNERS));
    expect(attempt).toMatchObject({
      kind: 'failed',
      reason: 'TreeMismatch',
      message: expect.stringMatching(/^They are others; nothing of it is taken; .*export-subst/),
      revision: SIGNED.commit,
      isUnproved: true,
      isFinal: false,
      nextCheckMs: 300_000,
    });
    expect(attempt).not.toHaveProperty('proof');
  });

  it('leave nothing proved when they are more than can be compared, which only another revision ends', async () => {
    const { check } = others('TreeIncomplete');
    const attempt = await check(verified(BY_SIGNERS));
    expect(attempt).toMatchObject({ kind: 'failed', reason: 'TreeIncomplete', isUnproved: true, isFinal: true });
    expect(attempt).not.toHaveProperty('proof');
  });
});

describe('a TemplateAsset without spec.verify', () => {
  it('costs no question about the commit', async () => {
    const { check, asked } = signedWorld();
    expect(await check(templateAsset('claude'))).not.toHaveProperty('proof');
    expect([asked.commits, asked.configMaps]).toEqual([0, []]);
  });
});

describe('what is live', () => {
  it('stays so when verify is tightened, and is got back when the store lost it: it is bound to its digest', async () => {
    const { restore, asked, calls } = setUp();
    const asset = verified({ commit: 'c'.repeat(40), ...BY_SIGNERS });
    const artifact = { revision: REVISION, digest: `sha256:${'d'.repeat(64)}`, sizeBytes: 10, files: 2 };
    expect(await restore({ ...asset, status: { artifact } })).toMatchObject({ reason: 'ArtifactLost' });
    expect([calls.stored.length, asked.commits]).toEqual([1, 0]);
  });
});
