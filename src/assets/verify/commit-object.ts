import { gitHashOf, objectId } from './git-object.ts';
import { VerificationError } from './verification-error.ts';

/** What was signed: a commit as Git stores it, without the header that holds its signature. */
export interface SignedCommit {
  readonly payload: Buffer;
  readonly signature: string;
  /** The id of the tree that it names: all its files. */
  readonly tree: string;
  /** When it was committed, as it says itself. */
  readonly committedAt: Date;
}

const TREE = /^tree ([0-9a-f]{40,64})$/;
const COMMITTER = /^committer [^\n]* (\d{1,12}) [+-]\d{4}$/;
/** More headers than a commit of this many parents has nobody reads. */
const MAX_HEADERS = 64;

/**
 * Payload and signature as one commit, which has to be the one that is meant: put together again, its hash is the commit's
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
  const tree = TREE.exec(headers[0] ?? '')?.[1];
  if (
    committedAt === undefined ||
    tree === undefined ||
    headers.length > MAX_HEADERS ||
    headers.some((header) => /^gpgsig/.test(header))
  )
    throw new VerificationError('SignatureInvalid', 'What the forge shows as signed is no commit');
  const signature = armored.replace(/\n+$/, '');
  const signed = `gpgsig ${signature.replaceAll('\n', '\n ')}`;
  const idOf = (whole: string): string => objectId('commit', Buffer.from(whole), gitHashOf(commit));
  // A forge may leave out the end of the last line of a signature; Git keeps whichever the signer's program wrote.
  const isIt = (header: string, place: number): boolean =>
    idOf(`${headers.toSpliced(place, 0, header).join('\n')}${text.slice(headersEnd)}`) === commit;
  for (let place = headers.length; place > committer; place--) {
    if (isIt(signed, place) || isIt(`${signed}\n `, place))
      return { payload: Buffer.from(text), signature, tree, committedAt: new Date(Number(committedAt) * 1000) };
  }
  throw new VerificationError('SignatureInvalid', 'What the forge shows as signed is another commit');
}
