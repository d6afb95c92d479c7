import type { ForgeCommit } from '../fetch/forge.ts';
import { VerificationError } from './verification-error.ts';

/**
 * Why a forge does not take a signature for good, in its own words: GitHub's reasons and Gitea's. A word that is not here is
 * not shown, because a forge may write anything.
 */
const WORDS: ReadonlySet<string> = new Set([
  'bad_cert',
  'bad_email',
  'expired_key',
  'gpg.error.extract_sign',
  'gpg.error.failed_retrieval_gpg_keys',
  'gpg.error.generate_hash',
  'gpg.error.no_committer_account',
  'gpg.error.no_gpg_keys_found',
  'gpg.error.probable_bad_default_signature',
  'gpg.error.probable_bad_signature',
  'gpgverify_error',
  'gpgverify_unavailable',
  'invalid',
  'malformed_signature',
  'no_user',
  'not_signing_key',
  'ocsp_error',
  'ocsp_pending',
  'ocsp_revoked',
  'unknown_key',
  'unknown_signature_type',
  'unverified_email',
]);
const UNSIGNED: ReadonlySet<string> = new Set(['unsigned', 'gpg.error.not_signed_commit']);

/**
 * Returns when the forge says that the commit is signed by somebody whose key it knows.
 * @throws VerificationError CommitNotSigned, SignatureRefused
 */
export function believeForge({ isVerified, reason }: ForgeCommit): void {
  if (isVerified) return;
  if (UNSIGNED.has(reason)) throw new VerificationError('CommitNotSigned', 'It is not signed');
  const why = WORDS.has(reason) ? `says ${reason}` : 'gives no reason that is known';
  throw new VerificationError('SignatureRefused', `The forge does not take its signature for good and ${why}`);
}
