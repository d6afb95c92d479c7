import { createHash, generateKeyPairSync, sign } from 'node:crypto';

/** Parts in the wire format of SSH: each with its length before it. */
export function wire(...parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

export function armor(blob: Buffer): string {
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`;
}

/** What one part of a signature is instead of what it should be. */
export interface Bend {
  readonly magic?: string;
  readonly version?: number;
  readonly namespace?: string;
  readonly hash?: string;
  /** Of the key's algorithm. */
  readonly algorithm?: string;
  readonly after?: Buffer;
}

/** An SSH key pair that signs for Git, also in ways in which ssh-keygen would not. */
export function createSshSigner(): { readonly publicKey: string; sign(data: string, bend?: Bend): string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const blob = wire('ssh-ed25519', raw);
  return {
    publicKey: `ssh-ed25519 ${blob.toString('base64')}`,
    sign: (data, bend = {}) => {
      const { magic = 'SSHSIG', version = 1, namespace = 'git', hash = 'sha512', algorithm = 'ssh-ed25519' } = bend;
      const digest = createHash(hash).update(data).digest();
      const signature = sign(null, Buffer.concat([Buffer.from(magic), wire(namespace, '', hash, digest)]), privateKey);
      const head = Buffer.alloc(4);
      head.writeUInt32BE(version);
      const body = wire(blob, namespace, '', hash, wire(algorithm, signature));
      return armor(Buffer.concat([Buffer.from(magic), head, body, bend.after ?? Buffer.alloc(0)]));
    },
  };
}

/** A commit with this signature, after all other headers, as Git names it. */
export function idOf(payload: string, signature: string): string {
  const end = payload.indexOf('\n\n');
  const signed = `gpgsig ${signature.replace(/\n$/, '').replaceAll('\n', '\n ')}`;
  return gitId(`${payload.slice(0, end)}\n${signed}${payload.slice(end)}`);
}

export function gitId(raw: string): string {
  return createHash('sha1')
    .update(`commit ${Buffer.byteLength(raw)}\0${raw}`)
    .digest('hex');
}

/** Of a commit, with the empty tree unless another is named. */
export function payloadOf({
  tree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  message = 'Update',
  committedAt = '2026-01-01T00:00:00Z',
  headers = '',
} = {}): string {
  const person = `Signer <signer@example.com> ${Date.parse(committedAt) / 1000} +0000`;
  return `tree ${tree}\nauthor ${person}\ncommitter ${person}\n${headers}\n${message}\n`;
}
