import type { Key } from 'openpgp';
import { type AllowedSigner, AllowedSignersError, parseAllowedSigners } from './allowed-signers.ts';
import { OpenPgpError, readOpenPgpKeys } from './openpgp-signature.ts';
import { VerificationError } from './verification-error.ts';

/** Whose signatures count. */
export interface Signers {
  readonly ssh: readonly AllowedSigner[];
  readonly openpgp: readonly Key[];
}

const ALLOWED_SIGNERS = 'allowed_signers';
const PUBLIC_KEYS = /\.asc$/;

/**
 * The keys in a ConfigMap: `allowed_signers` as OpenSSH has it, OpenPGP public keys in every key that ends in `.asc`; others
 * are not looked at. One key that cannot be read refuses all of them: nobody knows whom it was to let sign.
 * @throws VerificationError SignersEmpty, SignersInvalid
 */
export async function readSigners(configMap: string, data: Readonly<Record<string, string>>): Promise<Signers> {
  const ssh = readSshSigners(configMap, data[ALLOWED_SIGNERS] ?? '');
  const openpgp: Key[] = [];
  for (const [name, armored] of Object.entries(data).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (!PUBLIC_KEYS.test(name)) continue;
    openpgp.push(
      ...(await readOpenPgpKeys(armored).catch((error: unknown) => {
        throw error instanceof OpenPgpError ? invalid(configMap, name, error) : error;
      })),
    );
  }
  if (ssh.length + openpgp.length === 0)
    throw new VerificationError(
      'SignersEmpty',
      `ConfigMap "${configMap}" lets nobody sign: it has no SSH key for Git under ${ALLOWED_SIGNERS} and nothing under a key that ends in .asc`,
    );
  return { ssh, openpgp };
}

function readSshSigners(configMap: string, text: string): readonly AllowedSigner[] {
  try {
    return parseAllowedSigners(text);
  } catch (error) {
    throw error instanceof AllowedSignersError ? invalid(configMap, ALLOWED_SIGNERS, error) : error;
  }
}

function invalid(configMap: string, key: string, cause: Error): VerificationError {
  const message = `ConfigMap "${configMap}" has under the key "${key}" what cannot be used: ${cause.message}`;
  return new VerificationError('SignersInvalid', message, { cause });
}
