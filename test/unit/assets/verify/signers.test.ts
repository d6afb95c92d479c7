import fc from 'fast-check';
import * as openpgp from 'openpgp';
import { describe, expect, it } from 'vitest';
import { AllowedSignersError, parseAllowedSigners } from '../../../../src/assets/verify/allowed-signers.ts';
import { readSigners } from '../../../../src/assets/verify/signers.ts';
import { createSshSigner, wire } from './sign.ts';
import vectors from './vectors.json' with { type: 'json' };

const KEY = createSshSigner().publicKey;
const ofVector = (name: string): string => vectors.find((vector) => vector.name === name)?.publicKey ?? '';

describe('allowed_signers', () => {
  it.each([
    ['without options', `signer@example.com ${KEY}`],
    ['with a comment after the key', `signer@example.com ${KEY} signer's laptop`],
    ['with tabs between its fields', `signer@example.com\t${KEY.replace(' ', '\t')}`],
    ['with several principals', `*@example.com,!evil@example.com ${KEY}`],
    ['with principals that are quoted', `"signer one@example.com" ${KEY}`],
    ['for Git by name', `a namespaces="file,git" ${KEY}`],
    ['for Git by pattern', `a namespaces="g?t" ${KEY}`],
    ['for every namespace', `a namespaces="*" ${KEY}`],
    ['with options in capitals, as OpenSSH takes them', `a NAMESPACES="git",Valid-After="20260101" ${KEY}`],
    ['with the end of line of Windows', `a ${KEY}\r`],
  ])('takes a line %s', (_what, line) => {
    expect(parseAllowedSigners(`# who may\n\n${line}\n`)).toHaveLength(1);
  });

  it.each([
    ['another namespace', 'namespaces="file"'],
    ['everything but Git', 'namespaces="*,!git"'],
    ['a namespace that only begins like it', 'namespaces="gi"'],
    ['a namespace that has dots for letters', 'namespaces="g.t"'],
  ])('leaves out a key for %s', (_what, options) => {
    expect(parseAllowedSigners(`a ${options} ${KEY}`)).toEqual([]);
  });

  const [type = '', blob = ''] = KEY.split(' ');
  const key = (text: string, bytes: Buffer): string => `${text} ${bytes.toString('base64')}`;
  const modulus = Buffer.concat([Buffer.from([0]), Buffer.alloc(128, 0xff)]);
  const rsa1024 = wire('ssh-rsa', Buffer.from([1, 0, 1]), modulus);
  const [, ecdsa = ''] = ofVector('SSH ecdsa 256').split(' ');
  const twoCurves = Buffer.from(
    Buffer.from(ecdsa, 'base64')
      .toString('latin1')
      .replace(/(.*)nistp256/s, '$1nistp384'),
    'latin1',
  );

  it.each([
    ['a certificate authority', `a cert-authority ${KEY}`, 'certificates are not read; list the keys themselves'],
    [
      'an option that is not known',
      `a touch-required ${KEY}`,
      'it has an option that is not known or stands there twice',
    ],
    [
      'an option twice',
      `a namespaces="git",namespaces="file" ${KEY}`,
      'it has an option that is not known or stands there twice',
    ],
    [
      'an option without its value',
      `a valid-before ${KEY}`,
      'it has a time that is not YYYYMMDD, YYYYMMDDhhmm or YYYYMMDDhhmmss',
    ],
    [
      'a day that no month has',
      `a valid-before="20260230" ${KEY}`,
      'it has a time that is not YYYYMMDD, YYYYMMDDhhmm or YYYYMMDDhhmmss',
    ],
    [
      'an hour that no day has',
      `a valid-before="202602012400" ${KEY}`,
      'it has a time that is not YYYYMMDD, YYYYMMDDhhmm or YYYYMMDDhhmmss',
    ],
    ['no principals', KEY, 'it is not "principals [options] type key"'],
    ['no key', `a ${type}`, 'it is not "principals [options] type key"'],
    ['a quote that is not closed', `a namespaces="git ${KEY}`, 'it is not "principals [options] type key"'],
    ['a key that is not base64', `a ${type} ${blob}!`, 'it is not base64'],
    ['a key that is cut short', `a ${type} ${blob.slice(0, 40)}`, 'it ends too early'],
    [
      'a key with more after it',
      `a ${key(type, Buffer.concat([Buffer.from(blob, 'base64'), Buffer.alloc(3)]))}`,
      'it holds more than it should',
    ],
    ['a key of another type than it says', `a ecdsa-sha2-nistp256 ${blob}`, 'its key is of another type than it says'],
    [
      'a key of a type that is not known',
      `a ${key('ssh-dss', wire('ssh-dss', 'x'))}`,
      'its type is none of ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, ssh-rsa',
    ],
    ['an ed25519 key of another length', `a ${key(type, wire(type, Buffer.alloc(31)))}`, 'its numbers are no key'],
    [
      'a point that is not on its curve',
      `a ${key('ecdsa-sha2-nistp256', wire('ecdsa-sha2-nistp256', 'nistp256', Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)])))}`,
      'its numbers are no key',
    ],
    ['a key that names two curves', `a ${key('ecdsa-sha2-nistp256', twoCurves)}`, 'it names two curves'],
    ...[Buffer.from([0, 1, 0, 1]), Buffer.from([0x81]), Buffer.alloc(0), Buffer.from([0])].map(
      (e): [string, string, string] => [
        `a number of RSA that is ${e.toString('hex') || 'empty'}`,
        `a ${key('ssh-rsa', wire('ssh-rsa', e, modulus))}`,
        'it holds a number that is not positive or not in its shortest form',
      ],
    ),
    ['a short RSA key', `a ${key('ssh-rsa', rsa1024)}`, 'it is an RSA key of less than 2048 bits'],
  ])('refuses all of a file with %s', (_what, line, why) => {
    expect(() => parseAllowedSigners(`a ${KEY}\n\n${line}\n`)).toThrow(new AllowedSignersError(3, why));
  });

  it('never takes a line for a key that is not in it, nor stumbles, whatever it holds', () => {
    const part = fc.constantFrom(
      'a',
      ' ',
      '\t',
      '"',
      ',',
      '=',
      'namespaces',
      'valid-before',
      '20260101',
      '*',
      type,
      blob,
      '#',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 30 }), (parts) => {
        const line = parts.join('');
        try {
          const signers = parseAllowedSigners(line);
          expect(signers.length === 0 || line.includes(blob)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(AllowedSignersError);
        }
      }),
    );
  });

  it('reads a line as long as a ConfigMap at once', () => {
    const before = performance.now();
    for (const filler of ['a,', 'a="b"', '*', 'a" "'])
      expect(() => parseAllowedSigners(`a ${filler.repeat(200_000)} x`)).toThrow(AllowedSignersError);
    expect(() => parseAllowedSigners(`a namespaces="${'*a'.repeat(400_000)}" ${KEY}`)).not.toThrow();
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});

describe('the ConfigMap of signersRef', () => {
  it('may have SSH and OpenPGP keys side by side, and keys that say something else', async () => {
    const data = { allowed_signers: `a ${KEY}`, 'b.asc': ofVector('OpenPGP rsa'), 'README.md': 'who may sign' };
    const { ssh, openpgp: keys } = await readSigners('signers', data);
    expect([ssh.length, keys.length]).toEqual([1, 1]);
  });

  it.each([
    ['no key', {}],
    ['a file without keys', { allowed_signers: '# nobody yet\n' }],
    ['keys for something else than Git alone', { allowed_signers: `a namespaces="file" ${KEY}` }],
    ['an empty block of OpenPGP', { 'a.asc': '\n' }],
  ])('lets nobody sign with %s', async (_what, data) => {
    await expect(readSigners('signers', data)).rejects.toMatchObject({
      code: 'SignersEmpty',
      message:
        'ConfigMap "signers" lets nobody sign: it has no SSH key for Git under allowed_signers and nothing under a key that ends in .asc',
    });
  });

  const pgp = ofVector('OpenPGP ed25519');

  it.each([
    ['a line of allowed_signers that cannot be read', { allowed_signers: 'nonsense', 'a.asc': pgp }, 'allowed_signers'],
    ['a block that is cut short', { allowed_signers: `a ${KEY}`, 'a.asc': pgp.slice(0, 200) }, 'a.asc'],
    ['a block that is damaged', { 'a.asc': pgp.replace(/\n\n..../, '\n\nAAAA') }, 'a.asc'],
    ['a second block that is damaged', { 'a.asc': `${pgp}\n${pgp.slice(0, 300)}` }, 'a.asc'],
    ['text beside the block', { 'a.asc': `my key:\n${pgp}` }, 'a.asc'],
  ])('is refused as a whole for %s', async (_what, data, key) => {
    await expect(readSigners('signers', data)).rejects.toMatchObject({
      code: 'SignersInvalid',
      message: expect.stringContaining(`ConfigMap "signers" has under the key "${key}" what cannot be used: `),
    });
  });

  it('is refused for a private key, which it says is known to others now', async () => {
    const { privateKey } = await openpgp.generateKey({
      type: 'curve25519',
      userIDs: [{ name: 'A' }],
      format: 'armored',
    });
    for (const text of [privateKey, privateKey.replaceAll('PRIVATE', 'PUBLIC')])
      await expect(readSigners('signers', { 'a.asc': text })).rejects.toThrow('it holds a private key');
  });
});
