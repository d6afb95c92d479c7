import { z } from 'zod';
import { FetchError, type ForgeCommit } from './forge.ts';
import { parseJson } from './parse-json.ts';

/** A commit with its message, which is there twice, and its signature. */
export const MAX_COMMIT_BYTES = 256 * 1024;

const text = z.string().nullish();
const verification = z.object({ verified: z.boolean(), reason: text, payload: text, signature: text });
/** GitHub has it at the top, Gitea within what it calls the commit. */
const answer = z.union([
  z.object({ sha: z.string(), verification }),
  z
    .object({ sha: z.string(), commit: z.object({ verification }) })
    .transform(({ sha, commit }) => ({ sha, verification: commit.verification })),
]);

/**
 * What the API of a forge says of a commit.
 * @throws FetchError BadResponse, also when it is another commit
 */
export function readCommitAnswer(
  body: string,
  { commit, origin }: { readonly commit: string; readonly origin: string },
): ForgeCommit {
  const { data } = answer.safeParse(parseJson(body));
  if (data === undefined || data.sha !== commit)
    throw new FetchError('BadResponse', `Cannot verify commit: ${origin} does not say whether it is signed`);
  const { verified, reason, payload, signature } = data.verification;
  return { isVerified: verified, reason: reason ?? '', payload: payload ?? '', signature: signature ?? '' };
}
