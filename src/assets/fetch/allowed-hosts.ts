import { githubApi } from './github-api.ts';

/**
 * The hosts that a Secret names for its token: `git.example.com`, or `git.example.com:3000` where it is not the port of
 * https, separated by commas or white space. Undefined when one of them is something else (an address with a protocol, a
 * wildcard): half a list would be a guess. A token for github.com is one for its API.
 */
export function parseAllowedHosts(text: string): ReadonlySet<string> | undefined {
  const hosts = new Set<string>();
  for (const entry of text.split(/[\s,]+/).filter((part) => part !== '')) {
    const url = /^[^/?#@\\*%]+$/.test(entry) ? URL.parse(`https://${entry}`) : null;
    if (url === null) return undefined;
    hosts.add(hostOf(url)).add(hostOf(new URL(githubApi(url.origin))));
  }
  return hosts;
}

/** As `allowedHosts` writes it: with the port, unless it is the one of https. */
export function hostOf({ hostname, port, protocol }: URL): string {
  const effective = port === '' ? (protocol === 'http:' ? '80' : '443') : port;
  return effective === '443' ? hostname : `${hostname}:${effective}`;
}
