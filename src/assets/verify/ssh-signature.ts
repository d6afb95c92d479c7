import { createHash } from 'node:crypto';
import { readSshPublicKey, type SshPublicKey } from './ssh-key.ts';
import { decodeBase64, SshWireError, SshWireReader } from './ssh-wire.ts';

const ARMOR = /^-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]{1,76}\n)+)-----END SSH SIGNATURE-----$/;
const MAGIC = 'SSHSIG';
const VERSION = 1;
/** What Git signs under; a signature over a file or a message in another namespace is none over a commit. */
export const NAMESPACE = 'git';
const HASHES: readonly string[] = ['sha256', 'sha512'];

export function isSshSignature(armored: string): boolean {
  return armored.startsWith('-----BEGIN SSH SIGNATURE-----');
}

/**
 * The key that made this signature (OpenSSH's PROTOCOL.sshsig) over these bytes, for Git. Whose key it is, and whether that
 * counts, is not said.
 * @throws SshWireError when it is no signature, or not one over them
 */
export function checkSshSignature(armored: string, data: Buffer): SshPublicKey {
  const body = ARMOR.exec(armored)?.[1];
  if (body === undefined) throw new SshWireError('its armor is not whole');
  const reader = new SshWireReader(decodeBase64(body.replaceAll('\n', '')));
  if (reader.bytes(MAGIC.length).toString('latin1') !== MAGIC || reader.uint32() !== VERSION)
    throw new SshWireError(`it is no SSH signature of version ${VERSION}`);
  const key = readSshPublicKey(reader.string());
  const namespace = reader.text();
  const reserved = reader.string();
  const hash = reader.text();
  const signature = reader.string();
  reader.end();
  if (namespace !== NAMESPACE) throw new SshWireError(`it was not made for the namespace ${NAMESPACE}`);
  if (!HASHES.includes(hash)) throw new SshWireError(`its hash is none of ${HASHES.join(', ')}`);
  const digest = createHash(hash).update(data).digest();
  const signed = [Buffer.from(namespace), reserved, Buffer.from(hash), digest].flatMap((part) => [
    lengthOf(part),
    part,
  ]);
  if (!key.isSigned(Buffer.concat([Buffer.from(MAGIC), ...signed]), signature))
    throw new SshWireError('it is not over this commit');
  return key;
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return length;
}
