/**
 * Writes vectors.json: commits that git signed with ssh-keygen and gpg, which other machines may not have. Run it by hand
 * (`node test/unit/assets/verify/generate-vectors.ts`) where another kind of key is to be among them.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCommitSigner, type SignerOptions } from '../../../support/signed-commits.ts';

const KEYS: Readonly<Record<string, SignerOptions['key']>> = {
  'SSH ed25519': { format: 'ssh', type: 'ed25519' },
  'SSH ecdsa 256': { format: 'ssh', type: 'ecdsa', bits: 256 },
  'SSH ecdsa 384': { format: 'ssh', type: 'ecdsa', bits: 384 },
  'SSH ecdsa 521': { format: 'ssh', type: 'ecdsa', bits: 521 },
  'SSH rsa': { format: 'ssh', type: 'rsa', bits: 2048 },
  'OpenPGP ed25519': { format: 'openpgp', type: 'ed25519' },
  'OpenPGP rsa': { format: 'openpgp', type: 'rsa2048' },
};

const root = await mkdtemp(join(tmpdir(), 'vectors-'));
const vectors: object[] = [];
for (const [index, [name, key]] of Object.entries(KEYS).entries()) {
  const signer = await createCommitSigner({ dir: join(root, String(index)), email: 'signer@example.com', key });
  vectors.push({
    name,
    format: key.format,
    publicKey: signer.publicKey,
    ...(await signer.commit(`Signed by ${name}`)),
  });
  await signer.stop();
}
await rm(root, { recursive: true });
await writeFile(join(import.meta.dirname, 'vectors.json'), `${JSON.stringify(vectors, null, 2)}\n`);
