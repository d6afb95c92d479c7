import { createHash } from 'node:crypto';
import { VerificationError } from './verification-error.ts';

/** What was signed: a commit as Git stores it, without the header that holds its signature. */
export interface SignedCommit {
  readonly payload: Buffer;
  readonly signature: string;
  /** When it was committed, as it says itself. */
  readonly committedAt: Date;
}

const COMMITTER = /^committer [^\n]* (\d{1,12}) [+-]\d{4}$/;
/** More headers than a commit of this many parents has nobody reads. */
const MAX_HEADERS = 64;

/**
 * Payload and signature as one commit, which has to be the one that is meant: put together again, its SHA-1 is the commit's
 * id. So a forge cannot show what was signed for another commit. Git puts the signature last among the headers, others put it
 * further up; whichever place it is, the id decides.
 * @throws VerificationError SignatureInvalid
 */
export function rebuildCommit(
  commit: string,
  { payload: text, signature: armored }: { readonly payload: string; readonly signature: string },
): SignedCommit {
  const headersEnd = text.indexOf('\n\n');
  const headers = text.slice(0, Math.max(0, headersEnd)).split('\n');
  const committer = headers.findIndex((header) => header.startsWith('committer '));
  const committedAt = COMMITTER.exec(headers[committer] ?? '')?.[1];
  if (committedAt === undefined || headers.length > MAX_HEADERS || headers.some((header) => /^gpgsig/.test(header)))
    throw new VerificationError('SignatureInvalid', 'What the forge shows as signed is no commit');
  const signature = armored.replace(/\n+$/, '');
  const signed = `gpgsig ${signature.replaceAll('\n', '\n ')}`;
  // A forge may leave out the end of the last line of a signature; Git keeps whichever the signer's program wrote.
  const isIt = (header: string, place: number): boolean =>
    commitId(`${headers.toSpliced(place, 0, header).join('\n')}${text.slice(headersEnd)}`) === commit;
  for (let place = headers.length; place > committer; place--) {
    if (isIt(signed, place) || isIt(`${signed}\n `, place))
      return { payload: Buffer.from(text), signature, committedAt: new Date(Number(committedAt) * 1000) };
  }
  throw new VerificationError('SignatureInvalid', 'What the forge shows as signed is another commit');
}

function commitId(text: string): string {
  const bytes = Buffer.from(text);
  return createHash('sha1').update(`commit ${bytes.length}\0`).update(bytes).digest('hex');
}
