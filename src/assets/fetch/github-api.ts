/** github.com has its API on a host of its own, which may be named as well; an enterprise server below its own address. */
export function githubApi(baseURL: string): string {
  const base = baseURL.replace(/\/+$/, '');
  return /^https:\/\/((www|api)\.)?github\.com$/.test(base) ? 'https://api.github.com' : `${base}/api/v3`;
}
