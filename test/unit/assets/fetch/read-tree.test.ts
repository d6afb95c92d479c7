import { describe, expect, it } from 'vitest';
import type { ForgeSource, ForgeTreeEntry } from '../../../../src/assets/fetch/forge.ts';
import { createForgeClient } from '../../../../src/assets/fetch/forge-client.ts';
import { serve, type TestServer } from '../http-server.ts';
import { credentialFor, LOOPBACK } from '../loopback.ts';

const TREE = '7'.repeat(40);
const { signal } = new AbortController();

const entry = (index: number) => ({
  path: `file-${index}`,
  mode: '100644',
  type: 'blob',
  sha: 'a'.repeat(40),
  size: 3,
});
const listed = (count: number, from = 0) => Array.from({ length: count }, (_, index) => entry(from + index));

interface Asked {
  readonly tree: readonly ForgeTreeEntry[] | undefined;
  readonly requests: TestServer['requests'];
}

/** A forge that answers the n-th request with the n-th of these, and with the last from then on. */
async function ask(kind: ForgeSource['forge'], answers: readonly unknown[]): Promise<Asked> {
  await using server = await serve((_request, response) => {
    const body = answers[Math.min(server.requests.length, answers.length) - 1];
    response.statusCode = typeof body === 'number' ? body : 200;
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  const source = { forge: kind, baseURL: server.url, owner: 'molecule', repo: 'tpl', ref: 'main' } as const;
  const credential = credentialFor('canary-0123456789', server.url);
  const forge = createForgeClient({ addresses: LOOPBACK });
  return { tree: await forge.readTree(source, TREE, { credential, signal }), requests: server.requests };
}

const page = (tree: unknown, truncated = false) => ({ sha: TREE, tree, truncated });

describe('readTree()', () => {
  it('asks GitHub once for all of it', async () => {
    const { tree, requests } = await ask('github', [page(listed(2))]);
    expect(tree).toEqual([
      { path: 'file-0', mode: '100644', id: 'a'.repeat(40) },
      { path: 'file-1', mode: '100644', id: 'a'.repeat(40) },
    ]);
    expect(requests).toEqual([
      {
        line: `GET /api/v3/repos/molecule/tpl/git/trees/${TREE}?recursive=1`,
        authorization: 'Bearer canary-0123456789',
      },
    ]);
  });

  it('asks Gitea page by page, from the first to the one that is the last (CI-1)', async () => {
    const { tree, requests } = await ask('gitea', [
      page(listed(3), true),
      page(listed(3, 3), true),
      page(listed(1, 6)),
    ]);
    expect(tree?.map(({ path }) => path)).toEqual(listed(7).map(({ path }) => path));
    expect(requests.map(({ line }) => line)).toEqual(
      [1, 2, 3].map(
        (number) => `GET /api/v1/repos/molecule/tpl/git/trees/${TREE}?recursive=true&per_page=10000&page=${number}`,
      ),
    );
  });

  it.each([0, 10_000])('takes a list of %i entries', async (count) => {
    for (const kind of ['gitea', 'github'] as const)
      expect((await ask(kind, [page(listed(count))])).tree).toHaveLength(count);
  });

  it.each<[string, ForgeSource['forge'], readonly unknown[], number]>([
    ['GitHub cuts off', 'github', [page(listed(2), true)], 1],
    ['has more entries than an archive may hold', 'github', [page(listed(10_001))], 1],
    [
      'has more of them on all pages together',
      'gitea',
      [page(listed(6_000), true), page(listed(6_000, 6_000), true)],
      2,
    ],
    ['has more of them with its last page', 'gitea', [page(listed(6_000), true), page(listed(6_000, 6_000))], 2],
    ['goes on and has nothing more', 'gitea', [page(listed(2), true), page([], true)], 2],
    ['has more of what is no entry', 'gitea', [page(Array.from({ length: 10_001 }, () => ({})))], 1],
    ['is small and holds hundreds of thousands of values', 'gitea', [{ ...page([]), x: Array(200_000).fill(0) }], 1],
    ['has a path that no archive may have', 'gitea', [page([{ ...entry(1), path: 'a'.repeat(600) }])], 1],
  ])('returns no part of a list that %s (CI-3)', async (_what, kind, answers, count) => {
    const { tree, requests } = await ask(kind, answers);
    expect(tree).toBeUndefined();
    expect(requests).toHaveLength(count);
  });

  it.each<[string, unknown]>([
    ['no JSON', '<html>'],
    ['null', 'null'],
    ['a page that is no list (CI-2)', page({ path: 'a' })],
    ['ten thousand times nothing', page(Array.from({ length: 10_000 }, () => ({})))],
    ['entries without an id', page([{ path: 'a', mode: '100644' }])],
    ['a mode that is a number', page([{ ...entry(1), mode: 100_644 }])],
    ['no word about whether it is all', { sha: TREE, tree: listed(1) }],
    ['more than a list of files can be', { ...page(listed(1)), padding: 'x'.repeat(9 * 1024 * 1024) }],
  ])('refuses %s', async (_what, body) => {
    for (const answers of [[body], [page(listed(2), true), body]])
      await expect(ask('gitea', answers)).rejects.toMatchObject({ name: 'FetchError', code: 'BadResponse' });
  });

  it.each([
    ['the first', [500]],
    ['a later', [page(listed(2), true), 500]],
  ])('fails with %s page that fails (CI-3)', async (_which, answers) => {
    await expect(ask('gitea', answers)).rejects.toMatchObject({ name: 'FetchError', code: 'Unreachable' });
  });

  it('gives all pages together no more time than one exchange', async () => {
    await using server = await serve((_request, response) => {
      if (server.requests.length < 3) response.end(JSON.stringify(page(listed(1), true)));
    });
    const source = { forge: 'gitea', baseURL: server.url, owner: 'molecule', repo: 'tpl', ref: 'main' } as const;
    const forge = createForgeClient({ addresses: LOOPBACK, timeoutMs: 300 });
    await expect(forge.readTree(source, TREE, { signal })).rejects.toMatchObject({
      name: 'FetchError',
      code: 'TimedOut',
      message: `Cannot fetch from ${server.url}: no complete list within 0.3 s`,
    });
    expect(server.requests).toHaveLength(3);
  });

  it('ends with the reason of whoever aborts it', async () => {
    await using server = await serve(() => undefined);
    const source = { forge: 'gitea', baseURL: server.url, owner: 'molecule', repo: 'tpl', ref: 'main' } as const;
    const stop = new AbortController();
    const call = createForgeClient({ addresses: LOOPBACK }).readTree(source, TREE, { signal: stop.signal });
    stop.abort(new Error('gone'));
    await expect(call).rejects.toThrow('gone');
  });
});
