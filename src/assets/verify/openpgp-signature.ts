import type { Key } from 'openpgp';

/** Told to people in the words of whoever reads. */
export class OpenPgpError extends Error {
  override readonly name = 'OpenPgpError';
  readonly kind: 'invalid' | 'not-allowed';

  constructor(kind: OpenPgpError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Loaded where a template asks for it: it is large, and few do. */
const load = (): Promise<typeof import('openpgp')> => import('openpgp');

export function isOpenPgpSignature(armored: string): boolean {
  return armored.startsWith('-----BEGIN PGP SIGNATURE-----');
}

const BLOCK = /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n[\s\S]*?\n-----END PGP PUBLIC KEY BLOCK-----/g;

/**
 * The keys of one armored block, or of several one after the other. The library reads the first and passes over the rest, so
 * nothing but white space may be left when each was read by itself.
 * @throws OpenPgpError invalid
 */
export async function readOpenPgpKeys(armored: string): Promise<readonly Key[]> {
  const { readKeys } = await load();
  const blocks = armored.match(BLOCK) ?? [];
  const read = await Promise.all(blocks.map((armoredKeys) => readKeys({ armoredKeys }))).catch((cause: unknown) => {
    throw new OpenPgpError('invalid', 'it holds what is no OpenPGP public key', { cause });
  });
  const keys = read.flat();
  if (keys.some((key) => key.isPrivate()) || armored.includes('-----BEGIN PGP PRIVATE KEY'))
    throw new OpenPgpError(
      'invalid',
      'it holds a private key, which others can read there: take it out and use another pair',
    );
  if (armored.replace(BLOCK, '').trim() !== '')
    throw new OpenPgpError('invalid', 'it holds more than armored OpenPGP public keys');
  return keys;
}

/**
 * The fingerprint of the key, or subkey, among these that signed these bytes. It must have been valid when it signed and be
 * valid now, so that whoever finds an old key cannot use it by giving an old date.
 * @throws OpenPgpError
 */
export async function checkOpenPgpSignature(
  armored: string,
  data: Uint8Array,
  { keys, now }: { readonly keys: readonly Key[]; readonly now: Date },
): Promise<string> {
  const { createMessage, enums, readSignature, verify } = await load();
  const signature = await readSignature({ armoredSignature: armored }).catch((cause: unknown) => {
    throw new OpenPgpError('invalid', 'it is no OpenPGP signature', { cause });
  });
  const [packet, ...others] = signature.packets;
  const armorLines = armored.split('\n').filter((line) => line.startsWith('-----'));
  // One over text is also one over other ends of lines; of two, nobody knows which counts.
  if (
    armorLines.length !== 2 ||
    packet === undefined ||
    packet.created === null ||
    others.length > 0 ||
    packet.signatureType !== enums.signature.binary
  )
    throw new OpenPgpError('invalid', 'it is not one signature over bytes, with a date');
  const key = keys.find((each) => each.getKeys(packet.issuerKeyID).length > 0);
  if (key === undefined) throw new OpenPgpError('not-allowed', 'none of the keys made it');
  const [signer] = await Promise.all(
    [now, packet.created].map((date) => key.getSigningKey(packet.issuerKeyID, date)),
  ).catch((cause: unknown) => {
    throw new OpenPgpError('not-allowed', 'the key that made it is expired, revoked or not made to sign', { cause });
  });
  const message = await createMessage({ binary: data });
  const { signatures } = await verify({ message, signature, verificationKeys: [key], date: now, format: 'binary' });
  const isOverIt = await signatures[0]?.verified.catch((cause: unknown) => {
    throw new OpenPgpError('invalid', 'it is not over this commit, or with a hash that is too weak', { cause });
  });
  if (isOverIt !== true || signer === undefined) throw new OpenPgpError('invalid', 'it is not over this commit');
  return signer.getFingerprint().toUpperCase();
}
