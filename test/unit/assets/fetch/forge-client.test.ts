import { describe, expect, it } from 'vitest';
import type { ForgeSource } from '../../../../src/assets/fetch/forge.ts';
import { createForgeClient } from '../../../../src/assets/fetch/forge-client.ts';
import type { ForgeCredential } from '../../../../src/assets/fetch/forge-credential.ts';
import { githubApi } from '../../../../src/assets/fetch/github-api.ts';
import { type Handler, serve, type TestServer } from '../http-server.ts';
import { credentialFor, LOOPBACK } from '../loopback.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const TOKEN = 'canary-0123456789';
const signal = new AbortController().signal;
const forge = createForgeClient({ addresses: LOOPBACK, timeoutMs: 5_000 });

function source(server: TestServer, change: Partial<ForgeSource> = {}): ForgeSource {
  return { forge: 'gitea', baseURL: server.url, owner: 'molecule', repo: 'tpl', ref: 'feature/x', ...change };
}

function tokenFor(...servers: readonly TestServer[]): ForgeCredential {
  return credentialFor(TOKEN, ...servers.map(({ url }) => url));
}

const answer =
  (status: number, headers: Record<string, string> = {}, body = ''): Handler =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);

async function collect(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('resolving a ref', () => {
  it('asks Gitea once, for one commit and nothing else', async () => {
    await using server = await serve(answer(200, {}, JSON.stringify({ sha: COMMIT, author: {} })));
    expect(await forge.resolve(source(server), { credential: tokenFor(server), signal })).toBe(COMMIT);
    expect(server.requests).toEqual([
      {
        line: 'GET /api/v1/repos/molecule/tpl/git/commits/feature%2Fx?stat=false&verification=false&files=false',
        authorization: `token ${TOKEN}`,
      },
    ]);
  });

  it('asks GitHub once, for the commit as text', async () => {
    await using server = await serve(answer(200, {}, COMMIT));
    expect(await forge.resolve(source(server, { forge: 'github' }), { credential: tokenFor(server), signal })).toBe(
      COMMIT,
    );
    expect(server.requests).toEqual([
      { line: 'GET /api/v3/repos/molecule/tpl/commits/feature%2Fx', authorization: `Bearer ${TOKEN}` },
    ]);
  });

  it('asks nobody for a ref that is a commit', async () => {
    await using server = await serve(answer(500));
    expect(await forge.resolve(source(server, { ref: COMMIT }), { signal })).toBe(COMMIT);
    expect(server.requests).toEqual([]);
  });

  it('sends no credential at all without one, and an empty token is none (TA-10)', async () => {
    await using server = await serve(answer(200, {}, JSON.stringify({ sha: COMMIT })));
    await forge.resolve(source(server), { signal });
    expect(server.requests[0]?.authorization).toBeUndefined();
    expect(() => credentialFor('', server.url)).toThrow('Cannot make a credential of an empty token');
  });

  it.each(['', 'null', '[]', '{}', '{"sha":"abc"}', '<html>', '{"sha":1}'])(
    'does not take %j for a commit',
    async (body) => {
      await using server = await serve(answer(200, {}, body));
      await expect(forge.resolve(source(server), { signal })).rejects.toMatchObject({
        name: 'FetchError',
        code: 'BadResponse',
      });
    },
  );
});

describe('a forge that does not deliver', () => {
  it.each([
    [401, {}, 'Unauthorized', undefined],
    [403, {}, 'Unauthorized', undefined],
    [403, { 'x-ratelimit-remaining': '0', 'retry-after': '7' }, 'RateLimited', 7000],
    [429, { 'retry-after': '3' }, 'RateLimited', 3000],
    [403, { 'retry-after': '9' }, 'RateLimited', 9000],
    [404, {}, 'RepositoryNotFound', undefined],
    [409, {}, 'RepositoryEmpty', undefined],
    [422, {}, 'RefNotFound', undefined],
    [500, {}, 'Unreachable', undefined],
    [503, { 'retry-after': '20' }, 'Unreachable', 20_000],
    [204, {}, 'BadResponse', undefined],
    [304, {}, 'BadResponse', undefined],
    [400, {}, 'BadResponse', undefined],
  ])('status %i %j is %s', async (status, headers, code, retryAfterMs) => {
    await using server = await serve(
      answer(status, headers as Record<string, string>, [204, 304].includes(status) ? '' : `secret ${TOKEN}`),
    );
    const failure = await forge
      .resolve(source(server), { credential: tokenFor(server), signal })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'FetchError', code });
    expect((failure as { retryAfterMs?: number }).retryAfterMs).toBe(retryAfterMs);
    expect(String(failure)).not.toMatch(/canary|secret|stat=/);
  });

  it('says that 404 may mean a missing right, with a token and without', async () => {
    await using server = await serve(answer(404));
    await expect(forge.resolve(source(server), { credential: tokenFor(server), signal })).rejects.toThrow(
      `Repository molecule/tpl does not exist at ${server.url} or is hidden from this token`,
    );
    await expect(forge.resolve(source(server), { signal })).rejects.toThrow(
      `Repository molecule/tpl does not exist at ${server.url} or is private and no token was given`,
    );
  });

  it.each([
    ['that it is empty, when it has no commit', 404, 'RepositoryEmpty'],
    ['which ref it lacks, when Gitea calls it empty for a while after the first push', 200, 'RefNotFound'],
  ])('says of a repository %s', async (_what, headStatus, code) => {
    await using server = await serve(({ url = '' }, response) => {
      if (url.includes('/git/commits/HEAD')) return response.writeHead(headStatus).end('{}');
      return url.includes('/git/commits/')
        ? response.writeHead(404).end()
        : response.end(JSON.stringify({ empty: true }));
    });
    await expect(forge.resolve(source(server), { credential: tokenFor(server), signal })).rejects.toMatchObject({
      code,
    });
    expect(server.requests).toHaveLength(3);
  });

  it('is Unreachable when nobody listens or finishes, and TimedOut when nobody answers', async () => {
    await expect(forge.resolve(source({ url: 'http://127.0.0.1:1' } as TestServer), { signal })).rejects.toMatchObject({
      code: 'Unreachable',
    });
    await using silent = await serve(() => undefined);
    const hasty = createForgeClient({ addresses: LOOPBACK, timeoutMs: 100 });
    await expect(hasty.resolve(source(silent), { signal })).rejects.toMatchObject({ code: 'TimedOut' });
    await using broken = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('part');
      response.socket?.end();
    });
    await expect(forge.download(source(broken), COMMIT, { signal }).then(collect)).rejects.toMatchObject({
      code: 'Unreachable',
    });
  });

  it('gives the caller’s own reason when the caller gives up', async () => {
    await using silent = await serve(() => undefined);
    const controller = new AbortController();
    const call = forge.resolve(source(silent), { signal: controller.signal });
    controller.abort(new Error('shutting down'));
    await expect(call).rejects.toThrow('shutting down');
  });

  it('refuses an archive by its announced length, and one that is encoded once more', async () => {
    await using large = await serve(answer(200, { 'content-length': String(33 * 1024 * 1024) }));
    await expect(forge.download(source(large), COMMIT, { signal })).rejects.toMatchObject({ code: 'TooLarge' });
    await using encoded = await serve(answer(200, { 'content-encoding': 'gzip' }, 'x'));
    await expect(forge.download(source(encoded), COMMIT, { signal })).rejects.toMatchObject({ code: 'BadResponse' });
  });

  it.each<[Partial<ForgeSource>]>([
    [{ baseURL: 'ftp://forge.example' }],
    [{ baseURL: 'https://user:pw@forge.example' }],
    [{ baseURL: 'https://forge.example/?x=1' }],
    [{ baseURL: 'no url' }],
    [{ owner: '..' }],
    [{ repo: '.' }],
    [{ repo: 'a/b' }],
    [{ owner: '' }],
    [{ ref: '..' }],
    [{ ref: '' }],
    [{ forge: 'github', ref: '.' }],
  ])('sends nothing for a source that is no address: %j', async (change) => {
    const bad = {
      forge: 'gitea',
      baseURL: 'http://127.0.0.1:1',
      owner: 'o',
      repo: 'r',
      ref: 'main',
      ...change,
    } as const;
    await expect(forge.resolve(bad, { signal })).rejects.toMatchObject({ code: 'InvalidSource' });
  });
});

describe('the API of GitHub', () => {
  it.each([
    ['https://github.com', 'https://api.github.com'],
    ['https://www.github.com/', 'https://api.github.com'],
    ['https://api.github.com', 'https://api.github.com'],
    ['https://github.example', 'https://github.example/api/v3'],
    ['https://evil.example/github.com', 'https://evil.example/github.com/api/v3'],
  ])('of %s is at %s', (baseURL, api) => {
    expect(githubApi(baseURL)).toBe(api);
  });
});

describe('redirects', () => {
  it('drop the credential for good once they leave the origin', async () => {
    await using back = await serve(answer(200, {}, 'archive'));
    await using other = await serve((request, response) =>
      response.writeHead(302, { location: `${back.url}${request.url}` }).end(),
    );
    await using first = await serve((request, response) =>
      request.url?.startsWith('/moved')
        ? response.writeHead(302, { location: `${other.url}/x` }).end()
        : response.writeHead(302, { location: '/moved?signature=secret' }).end(),
    );
    expect(
      await collect(
        await forge.download(source(first, { forge: 'github' }), COMMIT, { credential: tokenFor(first), signal }),
      ),
    ).toBe('archive');
    expect(first.requests.map(({ authorization }) => authorization)).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`]);
    expect([...other.requests, ...back.requests].map(({ authorization }) => authorization)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['more than three', '/again?signature=secret'],
    ['to a file', 'file:///etc/passwd'],
    ['with credentials', 'http://user:secret@127.0.0.1:1/'],
    ['to nowhere', 'http://'],
  ])('%s are refused', async (_what, location) => {
    await using server = await serve(answer(302, { location }));
    const failure = await forge
      .download(source(server), COMMIT, { credential: tokenFor(server), signal })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'RedirectRefused' });
    expect(String(failure)).not.toContain('secret');
    expect(server.requests.length).toBeLessThanOrEqual(4);
  });
});
