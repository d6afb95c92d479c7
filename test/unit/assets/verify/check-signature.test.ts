import * as openpgp from 'openpgp';
import { describe, expect, it } from 'vitest';
import { checkSignature } from '../../../../src/assets/verify/check-signature.ts';
import { readSigners } from '../../../../src/assets/verify/signers.ts';
import { armor, type Bend, createSshSigner, gitId, idOf, payloadOf } from './sign.ts';
import vectors from './vectors.json' with { type: 'json' };

const NOW = new Date('2026-06-01T00:00:00Z');

interface Shown {
  readonly commit: string;
  readonly payload: string;
  readonly signature: string;
}

/** What comes of a commit as the forge shows it, with a ConfigMap of keys. */
async function check({ commit, ...shown }: Shown, data: Readonly<Record<string, string>>, now = NOW): Promise<string> {
  // The forge says yes to everything here: it is not asked.
  const answer = { isVerified: true, reason: 'valid', ...shown };
  return (await checkSignature(commit, answer, { signers: await readSigners('signers', data), now })).signer;
}

const allowed = (publicKey: string, options = ''): Readonly<Record<string, string>> => ({
  allowed_signers: `signer@example.com ${options} ${publicKey}\n`,
});

describe('commits that git signed', () => {
  const keyOf = (vector: (typeof vectors)[number]): Readonly<Record<string, string>> =>
    vector.format === 'ssh' ? allowed(vector.publicKey) : { 'signer.asc': vector.publicKey };

  it.each(vectors)('are taken from who is on the list: $name', async (vector) => {
    const signer = await check(vector, keyOf(vector));
    expect(signer).toMatch(vector.format === 'ssh' ? /^SSH key SHA256:[\w+/]{43}$/ : /^OpenPGP key [0-9A-F]{40}$/);
  });

  it.each(vectors)('are refused with one letter of the message changed: $name', async (vector) => {
    const payload = vector.payload.replace('Signed', 'signed');
    const moved = { ...vector, payload, commit: idOf(payload, vector.signature) };
    await expect(check(moved, keyOf(vector))).rejects.toMatchObject({ code: 'SignatureInvalid' });
  });

  it.each(vectors)('are refused from who is not on it: $name', async (vector) => {
    const others = vectors.filter(({ name, format }) => format === vector.format && name !== vector.name);
    for (const other of others)
      await expect(check(vector, keyOf(other))).rejects.toMatchObject({ code: 'SignerNotAllowed' });
    expect(others).not.toEqual([]);
  });

  it.each(vectors)('are refused with their armor cut short anywhere: $name', async (vector) => {
    const whole = vector.signature.trimEnd();
    for (let length = whole.length - 1; length > 0; length -= 37) {
      const signature = whole.slice(0, length);
      const cut = { ...vector, signature, commit: idOf(vector.payload, signature) };
      await expect(check(cut, keyOf(vector))).rejects.toMatchObject({ code: 'SignatureInvalid' });
    }
  });
});

describe('what a forge shows', () => {
  const signer = createSshSigner();
  const payload = payloadOf();
  const signature = signer.sign(payload);
  const good: Shown = { commit: idOf(payload, signature), payload, signature };
  const other = payloadOf({ message: 'Another' });
  const keys = allowed(signer.publicKey);

  it('is taken when it is the commit', async () => {
    await expect(check(good, keys)).resolves.toContain('SSH key SHA256:');
  });

  it('names the tree that was signed, and no other', async () => {
    const decoy = payloadOf({ message: `tree ${'d'.repeat(40)}`, headers: `tree ${'e'.repeat(40)}\n` });
    for (const text of [payload, decoy]) {
      const shown = { isVerified: true, reason: '', payload: text, signature: signer.sign(text) };
      const signers = await readSigners('signers', keys);
      await expect(checkSignature(idOf(text, shown.signature), shown, { signers, now: NOW })).resolves.toMatchObject({
        tree: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
      });
    }
  });

  it.each<[string, Shown]>([
    ['what was signed for another commit', { ...good, commit: 'c'.repeat(40) }],
    ['another commit under the signature of this one', { ...good, payload: other }],
    ['a signature that was moved to another commit', { commit: idOf(other, signature), payload: other, signature }],
    ['a commit with one more header than its id has', { ...good, payload: payloadOf({ headers: 'x-note yes\n' }) }],
    [
      'a second signature among the headers',
      (() => {
        const twice = payloadOf({ headers: `gpgsig ${signature.trimEnd().replaceAll('\n', '\n ')}\n` });
        const outer = signer.sign(twice);
        return { commit: idOf(twice, outer), payload: twice, signature: outer };
      })(),
    ],
    [
      'a commit without a tree',
      (() => {
        const text = payload.replace(/^tree \w+\n/, '');
        return { commit: idOf(text, signer.sign(text)), payload: text, signature: signer.sign(text) };
      })(),
    ],
    [
      'what is no commit at all',
      (() => {
        const text = 'I agree\n\n';
        return { commit: idOf(text, signer.sign(text)), payload: text, signature: signer.sign(text) };
      })(),
    ],
    [
      'a signature of a kind that Git knows and nobody asked for',
      (() => {
        const x509 = '-----BEGIN SIGNED MESSAGE-----\nAAAA\n-----END SIGNED MESSAGE-----\n';
        return { commit: idOf(payload, x509), payload, signature: x509 };
      })(),
    ],
  ])('is refused: %s', async (_what, shown) => {
    await expect(check(shown, keys)).rejects.toMatchObject({ code: 'SignatureInvalid' });
  });

  it('is refused without a signature', async () => {
    await expect(check({ ...good, signature: '' }, keys)).rejects.toMatchObject({ code: 'CommitNotSigned' });
  });

  it('may have the signature further up among the headers, where other programs put it', async () => {
    const withEncoding = payloadOf({ headers: 'encoding UTF-8\n' });
    const early = signer.sign(withEncoding);
    // The id of the commit in which the signature stands before the encoding.
    const commit = idOf(payloadOf({ headers: '' }), early);
    await expect(check({ commit, payload: withEncoding, signature: early }, keys)).rejects.toMatchObject({
      code: 'SignatureInvalid',
    });
    const marked = withEncoding.replace('\nencoding', `\ngpgsig ${early.trimEnd().replaceAll('\n', '\n ')}\nencoding`);
    await expect(check({ commit: gitId(marked), payload: withEncoding, signature: early }, keys)).resolves.toContain(
      'SSH key',
    );
  });

  it('may have a signature that ends with an empty line, as those of GitHub do', async () => {
    const raw = payload.replace('\n\n', `\ngpgsig ${signature.replaceAll('\n', '\n ')}\n\n`);
    expect(raw).toContain('-----END SSH SIGNATURE-----\n \n\n');
    await expect(check({ ...good, commit: gitId(raw) }, keys)).resolves.toContain('SSH key');
  });

  it('is refused when its signature names another curve than its key has', async () => {
    const vector = vectors.find(({ name }) => name === 'SSH ecdsa 256');
    if (vector === undefined) throw new Error('There is no such vector');
    const blob = Buffer.from(vector.signature.replace(/-----.*-----|\n/g, ''), 'base64').toString('latin1');
    const bent = armor(Buffer.from(blob.replace(/(.*)nistp256/s, '$1nistp384'), 'latin1'));
    const shown = { commit: idOf(vector.payload, bent), payload: vector.payload, signature: bent };
    await expect(check(shown, allowed(vector.publicKey))).rejects.toMatchObject({ code: 'SignatureInvalid' });
    const same = armor(Buffer.from(blob, 'latin1'));
    const whole = { ...shown, commit: idOf(vector.payload, same), signature: same };
    await expect(check(whole, allowed(vector.publicKey))).resolves.toContain('SSH key');
  });

  it.each<[string, Bend]>([
    ['for another namespace', { namespace: 'file' }],
    ['for no namespace', { namespace: '' }],
    ['with another magic', { magic: 'SSHSIX' }],
    ['of another version', { version: 2 }],
    ['with a weak hash', { hash: 'sha1' }],
    ['that names another algorithm', { algorithm: 'rsa-sha2-512' }],
    ['that names an algorithm like a member that every object has', { algorithm: 'constructor' }],
    ['with bytes after its end', { after: Buffer.from([0]) }],
  ])('is refused: an SSH signature %s', async (_what, bend) => {
    const bent = signer.sign(payload, bend);
    await expect(check({ commit: idOf(payload, bent), payload, signature: bent }, keys)).rejects.toMatchObject({
      code: 'SignatureInvalid',
    });
  });
});

describe('the time of an SSH key', () => {
  const signer = createSshSigner();
  const signedAt = (committedAt: string): Shown => {
    const payload = payloadOf({ committedAt });
    const signature = signer.sign(payload);
    return { commit: idOf(payload, signature), payload, signature };
  };
  const then = signedAt('2026-01-01T00:00:00Z');

  it.each([
    ['valid-after="20260101"', 'from its first second on'],
    ['valid-before="20260602"', 'until its last day'],
    ['valid-after="20251231235959Z",valid-before="202606010001"', 'between both'],
  ])('lets it sign with %s, %s', async (options) => {
    await expect(check(then, allowed(signer.publicKey, options))).resolves.toContain('SSH key');
  });

  it.each([
    ['a commit from before valid-after', 'valid-after="20260102"'],
    ['a commit from the end on', 'valid-before="20260101"'],
    ['an old commit, or one with an old date, once the time is over', 'valid-before="20260601"'],
    ['a key whose time has not come', 'valid-after="20260701"'],
  ])('refuses %s', async (_what, options) => {
    await expect(check(then, allowed(signer.publicKey, options))).rejects.toMatchObject({ code: 'SignerNotAllowed' });
  });

  it('may be given in several lines, of which one is enough', async () => {
    const lines = ['valid-before="20250101"', 'valid-after="20260101"'].map(
      (options) => `a ${options} ${signer.publicKey}`,
    );
    await expect(check(then, { allowed_signers: lines.join('\n') })).resolves.toContain('SSH key');
  });
});

describe('OpenPGP keys', () => {
  const made = new Date('2025-12-01T00:00:00Z');
  const signedAt = new Date('2026-01-01T00:00:00Z');
  const userIDs = [{ name: 'Signer', email: 'signer@example.com' }];
  const pair = (change: { keyExpirationTime?: number } = {}) =>
    openpgp.generateKey({ type: 'curve25519', userIDs, date: made, format: 'object', ...change });
  const signWith = async (
    signingKeys: openpgp.PrivateKey | openpgp.PrivateKey[],
    change: object = {},
  ): Promise<Shown> => {
    const payload = payloadOf();
    const message = await openpgp.createMessage({ binary: Buffer.from(payload) });
    const signature = await openpgp.sign({ message, signingKeys, detached: true, date: signedAt, ...change });
    return { commit: idOf(payload, signature), payload, signature };
  };

  it('sign while they are valid', async () => {
    const { privateKey, publicKey } = await pair({ keyExpirationTime: 365 * 86_400 });
    const signer = await check(await signWith(privateKey), { 'a.asc': publicKey.armor() });
    expect(signer).toBe(`OpenPGP key ${publicKey.getFingerprint().toUpperCase()}`);
  });

  it('may be several in one file, and several files', async () => {
    const [one, two] = await Promise.all([pair(), pair()]);
    const both = `${one.publicKey.armor()}\n${two.publicKey.armor()}`;
    await expect(check(await signWith(two.privateKey), { 'both.asc': both })).resolves.toContain('OpenPGP');
    const files = { 'a.asc': one.publicKey.armor(), 'b.asc': two.publicKey.armor() };
    await expect(check(await signWith(two.privateKey), files)).resolves.toContain('OpenPGP');
  });

  it.each([
    [
      'a key that is not on the list',
      async () => {
        const [one, two] = await Promise.all([pair(), pair()]);
        return { shown: await signWith(one.privateKey), publicKey: two.publicKey };
      },
    ],
    [
      'a key that is expired by now, though it was valid then',
      async () => {
        const { privateKey, publicKey } = await pair({ keyExpirationTime: 60 * 86_400 });
        return { shown: await signWith(privateKey), publicKey };
      },
    ],
    [
      'a key that was revoked',
      async () => {
        const { privateKey } = await pair();
        const revoked = await openpgp.revokeKey({ key: privateKey, date: new Date('2026-02-01'), format: 'object' });
        return { shown: await signWith(privateKey), publicKey: revoked.publicKey };
      },
    ],
  ])('refuses %s', async (_what, make) => {
    const { shown, publicKey } = await make();
    await expect(check(shown, { 'a.asc': publicKey.armor() })).rejects.toMatchObject({ code: 'SignerNotAllowed' });
  });

  it.each([
    [
      'over another commit',
      async (key: openpgp.PrivateKey) => {
        const { signature } = await signWith(key);
        const payload = payloadOf({ message: 'Another' });
        return { commit: idOf(payload, signature), payload, signature };
      },
    ],
    ['from after now', (key: openpgp.PrivateKey) => signWith(key, { date: new Date('2026-07-01') })],
    [
      'over text and not over bytes',
      async (key: openpgp.PrivateKey) => signWith(key, { message: await openpgp.createMessage({ text: payloadOf() }) }),
    ],
    [
      'with another one after it',
      async (key: openpgp.PrivateKey) => {
        const { payload, signature } = await signWith(key);
        const twice = `${signature}${signature}`;
        return { commit: idOf(payload, twice), payload, signature: twice };
      },
    ],
    ['that is two', async (key: openpgp.PrivateKey) => signWith([key, (await pair()).privateKey])],
  ])('refuses a signature %s', async (_what, make) => {
    const { privateKey, publicKey } = await pair();
    await expect(check(await make(privateKey), { 'a.asc': publicKey.armor() })).rejects.toMatchObject({
      code: 'SignatureInvalid',
    });
  });
});
