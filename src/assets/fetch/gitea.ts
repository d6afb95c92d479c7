import { FetchError, type ForgeCallOptions, type ForgeSource, isCommit } from './forge.ts';
import type { ForgeAnswer, ForgeHttp } from './forge-http.ts';
import { readText } from './read-text.ts';
import { repositoryURL } from './repository-url.ts';

const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * One request: the newest commit of the ref, with everything left out that costs Gitea time. It takes branches, tags and
 * abbreviated commits alike.
 */
export async function resolveGitea(http: ForgeHttp, source: ForgeSource, options: ForgeCallOptions): Promise<string> {
  const url = repositoryURL(source, { api: apiOf(source), rest: ['commits'] });
  url.search = new URLSearchParams({
    sha: source.ref,
    limit: '1',
    stat: 'false',
    verification: 'false',
    files: 'false',
  }).toString();
  const answer = await http.get({ url, accept: 'application/json', ...credential(options), signal: options.signal });
  const commit = firstCommit(await readText(answer, MAX_ANSWER_BYTES));
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

function firstCommit(text: string): string | undefined {
  let commits: unknown;
  try {
    commits = JSON.parse(text);
  } catch {
    return undefined;
  }
  const first: unknown = Array.isArray(commits) ? commits[0] : undefined;
  const sha = typeof first === 'object' && first !== null && 'sha' in first ? first.sha : undefined;
  return typeof sha === 'string' && isCommit(sha) ? sha : undefined;
}
