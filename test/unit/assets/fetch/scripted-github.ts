import { type Handler, serve, type TestServer } from '../http-server.ts';

/** A GitHub with one repository, `molecule/tpl`, that answers as the REST API is documented to. */
export interface ScriptedGithub extends AsyncDisposable {
  readonly url: string;
  /** What each name stands for; empty: nothing was pushed yet. */
  readonly refs: Map<string, string>;
  readonly requests: TestServer['requests'];
  /** Status codes in the order of the requests. */
  readonly answers: number[];
  /** What the other host was asked, to which downloads are redirected. */
  readonly downloads: TestServer['requests'];
  /** Answered instead of anything else. */
  failure: { readonly status: number; readonly headers: Readonly<Record<string, string>> } | undefined;
}

export async function startGithub(archive: Buffer): Promise<ScriptedGithub> {
  const codeload = await serve((_request, response) => response.end(archive));
  const refs = new Map<string, string>();
  const answers: number[] = [];
  const answer: Handler = (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://github');
    const send = (status: number, headers: Record<string, string> = {}, body = ''): void => {
      answers.push(status);
      response.writeHead(status, headers).end(body);
    };
    if (github.failure !== undefined) return send(github.failure.status, { ...github.failure.headers }, 'body');
    const [, what, name] = /^\/api\/v3\/repos\/molecule\/tpl(?:\/(commits|tarball)\/(.+))?$/.exec(pathname) ?? [];
    if (!pathname.startsWith('/api/v3/repos/molecule/tpl')) return send(404, {}, '{"message":"Not Found"}');
    if (what === undefined) return send(200, {}, JSON.stringify({ full_name: 'molecule/tpl' }));
    const ref = decodeURIComponent(name ?? '');
    if (what === 'tarball') {
      if (![...refs.values()].includes(ref)) return send(404);
      return send(302, { location: `${codeload.url}/molecule/tpl/legacy.tar.gz/${ref}?token=short-lived` });
    }
    if (refs.size === 0) return send(409, {}, '{"message":"Git Repository is empty."}');
    const sha = refs.get(ref) ?? [...refs.values()].find((commit) => commit.startsWith(ref));
    if (sha === undefined) return send(422, {}, `{"message":"No commit found for SHA: ${ref}"}`);
    const etag = `W/"${sha}"`;
    if (request.headers['if-none-match'] === etag) return send(304, { etag });
    return send(200, { etag }, sha);
  };
  const server = await serve(answer);
  const github: ScriptedGithub = {
    url: server.url,
    refs,
    requests: server.requests,
    answers,
    downloads: codeload.requests,
    failure: undefined,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await codeload[Symbol.asyncDispose]();
    },
  };
  return github;
}
