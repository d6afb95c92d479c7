export type VerificationErrorCode =
  // what the commit is
  | 'CommitMismatch'
  | 'CommitNotSigned'
  | 'SignatureRefused'
  | 'SignatureInvalid'
  | 'SignerNotAllowed'
  // what its files are
  | 'TreeMismatch'
  | 'TreeIncomplete'
  // what it is to be checked by
  | 'SignersNotFound'
  | 'SignersNotRead'
  | 'SignersEmpty'
  | 'SignersInvalid';

const BY_SIGNERS: ReadonlySet<VerificationErrorCode> = new Set([
  'SignerNotAllowed',
  'SignersNotFound',
  'SignersNotRead',
  'SignersEmpty',
  'SignersInvalid',
]);

/** A commit did not prove what spec.verify wants. The message is for people; of what a forge wrote, it holds paths alone, escaped. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
  readonly code: VerificationErrorCode;
  /** Whether other keys to check by may end it, with the same commit. */
  readonly mayEndBySigners: boolean;

  constructor(code: VerificationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.mayEndBySigners = BY_SIGNERS.has(code);
  }
}
