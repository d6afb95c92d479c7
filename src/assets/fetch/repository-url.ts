import { FetchError, type ForgeSource } from './forge.ts';
import { githubApi } from './github-api.ts';

const NAME = /^[A-Za-z0-9_.-]{1,100}$/;

/** Where the API of the source's forge is. */
export function forgeApi({ forge, baseURL }: ForgeSource): string {
  return forge === 'github' ? githubApi(baseURL) : `${baseURL.replace(/\/+$/, '')}/api/v1`;
}

/**
 * `{API of the forge}/repos/{owner}/{repo}/{…rest}`, every part encoded. Checked here as well as by the API's schema, because a
 * part `..` would send the token to another endpoint of the same forge.
 * @throws FetchError InvalidSource when the source cannot be an address
 */
export function repositoryURL(source: ForgeSource, rest: readonly string[]): URL {
  const url = URL.parse(forgeApi(source));
  const isHttp = url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
  if (!isHttp || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new FetchError(
      'InvalidSource',
      'Cannot use base URL: it must be http(s), without credentials, query or fragment',
    );
  }
  if (![source.owner, source.repo].every((name) => NAME.test(name) && !/^\.+$/.test(name))) {
    throw new FetchError('InvalidSource', 'Cannot use source: owner and repo must be plain names');
  }
  if (rest.some((part) => part === '' || part === '.' || part === '..')) {
    throw new FetchError('InvalidSource', 'Cannot use source: its ref is not the name of one');
  }
  const path = ['repos', source.owner, source.repo, ...rest].map(encodeURIComponent).join('/');
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  return url;
}
