import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { SshWireError, SshWireReader } from './ssh-wire.ts';

/** A public key as OpenSSH writes it. */
export interface SshPublicKey {
  readonly type: string;
  /** As `ssh-keygen -l` shows it: SHA256:… */
  readonly fingerprint: string;
  /** Whether this signature blob (RFC 4253, 5656, 8332, 8709) is one of the key over the data. */
  isSigned(data: Buffer, signature: Buffer): boolean;
}

interface Curve {
  readonly name: string;
  readonly crv: string;
  readonly bytes: number;
  readonly hash: string;
}

const CURVES: ReadonlyMap<string, Curve> = new Map([
  ['ecdsa-sha2-nistp256', { name: 'nistp256', crv: 'P-256', bytes: 32, hash: 'sha256' }],
  ['ecdsa-sha2-nistp384', { name: 'nistp384', crv: 'P-384', bytes: 48, hash: 'sha384' }],
  ['ecdsa-sha2-nistp521', { name: 'nistp521', crv: 'P-521', bytes: 66, hash: 'sha512' }],
]);
const TYPES: readonly string[] = ['ssh-ed25519', ...CURVES.keys(), 'ssh-rsa'];
/** A signature says for itself which hash it is over. SHA-1 (`ssh-rsa`) is none of them. */
const RSA_HASHES: ReadonlyMap<string, string> = new Map([
  ['rsa-sha2-256', 'sha256'],
  ['rsa-sha2-512', 'sha512'],
]);
const LEAST_RSA_BITS = 2048;

/** @throws SshWireError what is wrong with it, without its content */
export function readSshPublicKey(blob: Buffer): SshPublicKey {
  const reader = new SshWireReader(blob);
  const type = reader.text();
  const isSigned = verifierOf(type, reader);
  reader.end();
  const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
  return {
    type,
    fingerprint,
    isSigned: (data, signature) => {
      const parts = new SshWireReader(signature);
      const algorithm = parts.text();
      const value = parts.string();
      parts.end();
      return isSigned(algorithm, data, value);
    },
  };
}

type Verifier = (algorithm: string, data: Buffer, signature: Buffer) => boolean;

function verifierOf(type: string, reader: SshWireReader): Verifier {
  if (type === 'ssh-ed25519') return ed25519(reader);
  if (type === 'ssh-rsa') return rsa(reader);
  const curve = CURVES.get(type);
  if (curve !== undefined) return ecdsa(type, curve, reader);
  throw new SshWireError(`its type is none of ${TYPES.join(', ')}`);
}

function ed25519(reader: SshWireReader): Verifier {
  const key = importKey({ kty: 'OKP', crv: 'Ed25519', x: reader.string().toString('base64url') });
  return (algorithm, data, signature) => algorithm === 'ssh-ed25519' && verify(null, data, key, signature);
}

function rsa(reader: SshWireReader): Verifier {
  const e = reader.mpint();
  const n = reader.mpint();
  const key = importKey({ kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') });
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_RSA_BITS)
    throw new SshWireError(`it is an RSA key of less than ${LEAST_RSA_BITS} bits`);
  return (algorithm, data, signature) => {
    const hash = RSA_HASHES.get(algorithm);
    return hash !== undefined && verify(hash, data, key, signature);
  };
}

function ecdsa(type: string, { name, crv, bytes, hash }: Curve, reader: SshWireReader): Verifier {
  if (reader.text() !== name) throw new SshWireError('it names two curves');
  const point = reader.string();
  if (point.length !== 1 + 2 * bytes || point[0] !== 4) throw new SshWireError('its point is not on the curve');
  const x = point.subarray(1, 1 + bytes).toString('base64url');
  const key = importKey({ kty: 'EC', crv, x, y: point.subarray(1 + bytes).toString('base64url') });
  return (algorithm, data, signature) => {
    const parts = new SshWireReader(signature);
    const numbers = [parts.mpint(), parts.mpint()];
    parts.end();
    if (algorithm !== type || numbers.some(({ length }) => length > bytes)) return false;
    const fixed = numbers.map((number) => Buffer.concat([Buffer.alloc(bytes - number.length), number]));
    return verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, Buffer.concat(fixed));
  };
}

function importKey(jwk: Readonly<Record<string, string>>): KeyObject {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch (cause) {
    throw new SshWireError('its numbers are no key', { cause });
  }
}
