import { FetchError, type ForgeCallOptions, type ForgeSource, isCommit } from './forge.ts';
import type { ForgeAnswer, ForgeHttp } from './forge-http.ts';
import { readText } from './read-text.ts';
import { repositoryURL } from './repository-url.ts';

const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * One request, for one commit, with everything left out that costs Gitea time. It takes branches, tags and abbreviated
 * commits alike. Not the list of commits: that one answers 409 for a while after the first push to a repository.
 */
export async function resolveGitea(http: ForgeHttp, source: ForgeSource, options: ForgeCallOptions): Promise<string> {
  const url = repositoryURL(source, { api: apiOf(source), rest: ['git', 'commits', source.ref] });
  url.search = 'stat=false&verification=false&files=false';
  const answer = await http.get({ url, accept: 'application/json', ...credential(options), signal: options.signal });
  const commit = commitOf(await readText(answer, MAX_ANSWER_BYTES));
  if (commit === undefined) throw new FetchError('BadResponse', `Cannot resolve ref: ${url.origin} sent no commit`);
  return commit;
}

export async function downloadGitea(
  http: ForgeHttp,
  source: ForgeSource,
  { commit, ...options }: ForgeCallOptions & { readonly commit: string },
): Promise<ForgeAnswer> {
  const url = repositoryURL(source, { api: apiOf(source), rest: ['archive', `${commit}.tar.gz`] });
  return http.get({ url, ...credential(options), signal: options.signal });
}

function apiOf(source: ForgeSource): string {
  return `${source.baseURL.replace(/\/+$/, '')}/api/v1`;
}

function credential({ token }: ForgeCallOptions): { readonly authorization?: string } {
  return token === undefined || token === '' ? {} : { authorization: `token ${token}` };
}

function commitOf(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const sha = typeof value === 'object' && value !== null && 'sha' in value ? value.sha : undefined;
  return typeof sha === 'string' && isCommit(sha) ? sha : undefined;
}
