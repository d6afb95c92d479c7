import { FetchError, type ForgeCallOptions, type ForgeSource, isCommit } from './forge.ts';
import type { ForgeAnswer, ForgeGet } from './forge-http.ts';
import { explainMissing, type ForgeAccess } from './missing.ts';
import { repositoryURL } from './repository-url.ts';

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

/** github.com has its API on a host of its own, which may be named as well; an enterprise server below its own address. */
export function githubApi(baseURL: string): string {
  const base = baseURL.replace(/\/+$/, '');
  return /^https:\/\/((www|api)\.)?github\.com$/.test(base) ? 'https://api.github.com' : `${base}/api/v3`;
}

function callOf(source: ForgeSource, rest: readonly string[], { token, signal }: ForgeCallOptions): ForgeGet {
  const url = repositoryURL(source, { api: githubApi(source.baseURL), rest });
  return { url, signal, ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }) };
}
