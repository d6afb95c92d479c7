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
import { parseJson } from './parse-json.ts';
import { repositoryURL } from './repository-url.ts';
import { MAX_TREE_ENTRIES, readTreePage } from './tree-answer.ts';

const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * One request, for one commit, with everything left out that costs Gitea time. It takes branches, tags and abbreviated
 * commits alike. Not the list of commits: that one answers 409 for a while after the first push to a repository.
 */
export async function resolveGitea(
  access: ForgeAccess,
  source: ForgeSource,
  options: ForgeCallOptions,
): Promise<string> {
  const call = callOf(source, ['git', 'commits', source.ref], options);
  call.url.search = 'stat=false&verification=false&files=false';
  const text = await access.texts
    .read({ ...call, accept: 'application/json' }, MAX_ANSWER_BYTES)
    .catch(missingOf(access, source, options));
  const commit = commitOf(text);
  if (commit === undefined)
    throw new FetchError('BadResponse', `Cannot resolve ref: ${call.url.origin} sent no commit`);
  return commit;
}

/** Gitea answers 500 for the archive of a commit that it does not have; asked for the commit itself it says so. */
export async function downloadGitea(
  access: ForgeAccess,
  source: ForgeSource,
  { commit, ...options }: ForgeCallOptions & { readonly commit: string },
): Promise<ForgeAnswer> {
  try {
    return await access.http.get(callOf(source, ['archive', `${commit}.tar.gz`], options));
  } catch (error) {
    const isDoubtful = error instanceof FetchError && (error.code === 'NotFound' || error.code === 'Unreachable');
    if (isDoubtful) await resolveGitea(access, { ...source, ref: commit }, options);
    throw error;
  }
}

/** The answer of resolve, with the signature. */
export async function readGiteaCommit(
  access: ForgeAccess,
  source: ForgeSource,
  { commit, ...options }: ForgeCallOptions & { readonly commit: string },
): Promise<ForgeCommit> {
  const call = callOf(source, ['git', 'commits', commit], options);
  call.url.search = 'stat=false&files=false';
  const text = await access.texts
    .read({ ...call, accept: 'application/json' }, MAX_COMMIT_BYTES)
    .catch(missingOf(access, { ...source, ref: commit }, options));
  return readCommitAnswer(text, { commit, origin: call.url.origin });
}

/** Page by page: Gitea gives as many entries at once as it likes, a thousand by default, however many are asked for. */
export async function readGiteaTree(
  access: ForgeAccess,
  source: ForgeSource,
  { tree, ...options }: ForgeCallOptions & { readonly tree: string },
): Promise<readonly ForgeTreeEntry[] | undefined> {
  let entries: readonly ForgeTreeEntry[] = [];
  for (let page = 1; ; page++) {
    const call = callOf(source, ['git', 'trees', tree], options);
    call.url.search = `recursive=true&per_page=${MAX_TREE_ENTRIES}&page=${page}`;
    const answer = await readTreePage(access.http, call);
    if (answer === undefined) return undefined;
    entries = [...entries, ...answer.entries];
    const isEndless = answer.entries.length === 0 && !answer.isLast;
    if (isEndless || entries.length > MAX_TREE_ENTRIES) return undefined;
    if (answer.isLast) return entries;
  }
}

function missingOf(access: ForgeAccess, source: ForgeSource, options: ForgeCallOptions) {
  const repository = callOf(source, [], options);
  return explainMissing({ access, source, repository, head: callOf(source, ['git', 'commits', 'HEAD'], options) });
}

function callOf(source: ForgeSource, rest: readonly string[], { credential, signal }: ForgeCallOptions): ForgeGet {
  const url = repositoryURL(source, rest);
  return { url, signal, ...(credential === undefined ? {} : { authorization: { scheme: 'token', credential } }) };
}

function commitOf(text: string): string | undefined {
  const value = parseJson(text);
  const sha = typeof value === 'object' && value !== null && 'sha' in value ? value.sha : undefined;
  return typeof sha === 'string' && isCommit(sha) ? sha : undefined;
}
