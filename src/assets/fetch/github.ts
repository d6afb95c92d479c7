import { MAX_COMMIT_BYTES, readCommitAnswer } from './commit-answer.ts';
import {
  FetchError,
  type ForgeCallOptions,
  type ForgeCommit,
  type ForgeSource,
  type ForgeTreeEntry,
  isCommit,
} from './forge.ts';
import type { ForgeAnswer, ForgeGet } from './forge-http.ts';
import { explainMissing, type ForgeAccess } from './missing.ts';
import { repositoryURL } from './repository-url.ts';
import { readTreePage } from './tree-answer.ts';

const MAX_ANSWER_BYTES = 4096;

/** One request that answers with the commit as plain text, or with 304 when it is still the one that is known. */
export async function resolveGithub(
  access: ForgeAccess,
  source: ForgeSource,
  options: ForgeCallOptions,
): Promise<string> {
  const call = callOf(source, ['commits', source.ref], options);
  const text = await access.texts
    .read({ ...call, accept: 'application/vnd.github.sha' }, MAX_ANSWER_BYTES)
    .catch(explainMissing({ access, source, repository: callOf(source, [], options) }));
  const commit = text.trim();
  if (!isCommit(commit)) throw new FetchError('BadResponse', `Cannot resolve ref: ${call.url.origin} sent no commit`);
  return commit;
}

/** GitHub redirects to another host with a link that carries its own short-lived credential. */
export async function downloadGithub(
  access: ForgeAccess,
  source: ForgeSource,
  { commit, ...options }: ForgeCallOptions & { readonly commit: string },
): Promise<ForgeAnswer> {
  return access.http
    .get(callOf(source, ['tarball', commit], options))
    .catch(explainMissing({ access, source: { ...source, ref: commit }, repository: callOf(source, [], options) }));
}

/** Git's own commit and not GitHub's view of it, which comes with every changed file. */
export async function readGithubCommit(
  access: ForgeAccess,
  source: ForgeSource,
  { commit, ...options }: ForgeCallOptions & { readonly commit: string },
): Promise<ForgeCommit> {
  const call = callOf(source, ['git', 'commits', commit], options);
  const text = await access.texts
    .read({ ...call, accept: 'application/json' }, MAX_COMMIT_BYTES)
    .catch(explainMissing({ access, source: { ...source, ref: commit }, repository: callOf(source, [], options) }));
  return readCommitAnswer(text, { commit, origin: call.url.origin });
}

/** One answer, which GitHub cuts off at 100 000 entries or 7 MB, far beyond what we take. */
export async function readGithubTree(
  access: ForgeAccess,
  source: ForgeSource,
  { tree, ...options }: ForgeCallOptions & { readonly tree: string },
): Promise<readonly ForgeTreeEntry[] | undefined> {
  const call = callOf(source, ['git', 'trees', tree], options);
  call.url.search = 'recursive=1';
  const page = await readTreePage(access.http, call);
  return page?.isLast === true ? page.entries : undefined;
}

function callOf(source: ForgeSource, rest: readonly string[], { credential, signal }: ForgeCallOptions): ForgeGet {
  const url = repositoryURL(source, rest);
  return { url, signal, ...(credential === undefined ? {} : { authorization: { scheme: 'Bearer', credential } }) };
}
