/**
 * Bytes that only one program can read, wherever they pass through. The construction is that of ECIES, with what Node brings: a key
 * pair for this one message, X25519 with the reader's public key, HKDF-SHA256, AES-256-GCM.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';

const PURPOSE = 'moleculesai.app sealed v1';
/** Each key seals one message, so the nonce need not differ. */
const NONCE = Buffer.alloc(12);
const TAG_BYTES = 16;

export interface Reader {
  /** To be given to who seals; no secret. */
  readonly address: string;
  /** @throws when it was sealed for somebody else, or changed on the way */
  open(sealed: string): Buffer;
}

export function createReader(): Reader {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const address = exportKey(publicKey);
  return {
    address,
    open: (sealed) => {
      const [sender = '', data = ''] = sealed.split('.');
      const bytes = Buffer.from(data, 'base64url');
      const secret = diffieHellman({ privateKey, publicKey: importKey(sender) });
      const decipher = createDecipheriv('aes-256-gcm', deriveKey(secret, { sender, address }), NONCE);
      decipher.setAuthTag(bytes.subarray(0, TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(TAG_BYTES)), decipher.final()]);
    },
  };
}

/** @throws when the address is none */
export function sealFor(address: string, bytes: Uint8Array): string {
  const own = generateKeyPairSync('x25519');
  const sender = exportKey(own.publicKey);
  const secret = diffieHellman({ privateKey: own.privateKey, publicKey: importKey(address) });
  const cipher = createCipheriv('aes-256-gcm', deriveKey(secret, { sender, address }), NONCE);
  const data = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return `${sender}.${Buffer.concat([cipher.getAuthTag(), data]).toString('base64url')}`;
}

function deriveKey(
  secret: Buffer,
  { sender, address }: { readonly sender: string; readonly address: string },
): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, `${sender}.${address}`, PURPOSE, 32));
}

function exportKey(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64url');
}

function importKey(text: string): KeyObject {
  const key = createPublicKey({ key: Buffer.from(text, 'base64url'), type: 'spki', format: 'der' });
  if (key.asymmetricKeyType !== 'x25519') throw new Error('Cannot use key: it is not of X25519');
  return key;
}
