import { FetchError, type ForgeCallOptions, type ForgeSource, isCommit } from './forge.ts';
import type { ForgeAnswer, ForgeHttp } from './forge-http.ts';
import { readText } from './read-text.ts';
import { repositoryURL } from './repository-url.ts';

const MAX_ANSWER_BYTES = 4096;

/** One request that answers with the commit as plain text. */
export async function resolveGithub(http: ForgeHttp, source: ForgeSource, options: ForgeCallOptions): Promise<string> {
  const url = repositoryURL(source, { api: githubApi(source.baseURL), rest: ['commits', source.ref] });
  const answer = await http.get({
    url,
    accept: 'application/vnd.github.sha',
    ...credential(options),
    signal: options.signal,
  });
  const commit = (await readText(answer, MAX_ANSWER_BYTES)).trim();
  if (!isCommit(commit)) throw new FetchError('BadResponse', `Cannot resolve ref: ${url.origin} sent no commit`);
  return commit;
}

/** GitHub redirects to another host with a link that carries its own short-lived credential. */
export async function downloadGithub(
  http: ForgeHttp,
  source: ForgeSource,
  { commit, ...options }: ForgeCallOptions & { readonly commit: string },
): Promise<ForgeAnswer> {
  const url = repositoryURL(source, { api: githubApi(source.baseURL), rest: ['tarball', commit] });
  return http.get({ url, ...credential(options), signal: options.signal });
}

/** github.com has its API on a host of its own, which may be named as well; an enterprise server below its own address. */
export function githubApi(baseURL: string): string {
  const base = baseURL.replace(/\/+$/, '');
  return /^https:\/\/((www|api)\.)?github\.com$/.test(base) ? 'https://api.github.com' : `${base}/api/v3`;
}

function credential({ token }: ForgeCallOptions): { readonly authorization?: string } {
  return token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` };
}
