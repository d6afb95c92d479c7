import type { ForgeCommit } from '../fetch/forge.ts';
import type { AllowedSigner } from './allowed-signers.ts';
import { rebuildCommit, type SignedCommit } from './commit-object.ts';
import { checkOpenPgpSignature, isOpenPgpSignature, OpenPgpError } from './openpgp-signature.ts';
import type { Signers } from './signers.ts';
import { checkSshSignature, isSshSignature } from './ssh-signature.ts';
import { SshWireError } from './ssh-wire.ts';
import { VerificationError } from './verification-error.ts';

/** What is known of a commit whose signature counts. */
export interface CheckedCommit {
  /** Who signed it, as `SSH key SHA256:…` or `OpenPGP key …`. */
  readonly signer: string;
  /** The id of the tree that was signed with it. */
  readonly tree: string;
}

/**
 * Whatever the forge says, it is checked here: that this is the commit with this id, that the signature is over it, and that
 * its key may sign. What the tree holds is another matter, see `proveTree`.
 * @throws VerificationError
 */
export async function checkSignature(
  commit: string,
  { payload, signature }: ForgeCommit,
  { signers, now }: { readonly signers: Signers; readonly now: Date },
): Promise<CheckedCommit> {
  if (signature === '') throw new VerificationError('CommitNotSigned', 'It is not signed');
  const signed = rebuildCommit(commit, { payload, signature });
  const { tree } = signed;
  if (isSshSignature(signed.signature)) return { signer: checkSsh(signed, signers.ssh, now), tree };
  if (isOpenPgpSignature(signed.signature)) return { signer: await checkOpenPgp(signed, signers, now), tree };
  throw new VerificationError('SignatureInvalid', 'Its signature is neither one of SSH nor of OpenPGP');
}

function checkSsh(
  { payload, signature, committedAt }: SignedCommit,
  allowed: readonly AllowedSigner[],
  now: Date,
): string {
  const { fingerprint } = readSsh(signature, payload);
  const ofKey = allowed.filter((signer) => signer.fingerprint === fingerprint);
  if (ofKey.length === 0)
    throw new VerificationError('SignerNotAllowed', `It is signed by SSH key ${fingerprint}, which is not on the list`);
  // As with keys of OpenPGP: valid then and now, so that an old date helps nobody.
  if (!ofKey.some((signer) => [committedAt, now].every((time) => isValid(signer, time))))
    throw new VerificationError(
      'SignerNotAllowed',
      `It is signed by SSH key ${fingerprint}, whose time (valid-after, valid-before) has not come or is over`,
    );
  return `SSH key ${fingerprint}`;
}

function readSsh(signature: string, payload: Buffer): ReturnType<typeof checkSshSignature> {
  try {
    return checkSshSignature(signature, payload);
  } catch (error) {
    if (!(error instanceof SshWireError)) throw error;
    throw new VerificationError('SignatureInvalid', `Its SSH signature is not good: ${error.message}`, {
      cause: error,
    });
  }
}

function isValid({ validAfter, validBefore }: AllowedSigner, time: Date): boolean {
  return (validAfter === undefined || validAfter <= time) && (validBefore === undefined || time < validBefore);
}

async function checkOpenPgp({ payload, signature }: SignedCommit, { openpgp }: Signers, now: Date): Promise<string> {
  try {
    return `OpenPGP key ${await checkOpenPgpSignature(signature, payload, { keys: openpgp, now })}`;
  } catch (error) {
    if (!(error instanceof OpenPgpError)) throw error;
    const code = error.kind === 'invalid' ? 'SignatureInvalid' : 'SignerNotAllowed';
    throw new VerificationError(code, `Its OpenPGP signature is not good: ${error.message}`, { cause: error });
  }
}
