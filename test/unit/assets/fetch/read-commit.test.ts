import { describe, expect, it } from 'vitest';
import type { ForgeCommit, ForgeSource } from '../../../../src/assets/fetch/forge.ts';
import { createForgeClient } from '../../../../src/assets/fetch/forge-client.ts';
import { serve, type TestServer } from '../http-server.ts';
import { credentialFor, LOOPBACK } from '../loopback.ts';

const COMMIT = '1'.repeat(40);
const { signal } = new AbortController();

/** A forge that gives one answer to everything, and what it was asked. */
async function ask(
  kind: ForgeSource['forge'],
  body: unknown,
): Promise<{ readonly answer: ForgeCommit; readonly requests: TestServer['requests'] }> {
  await using server = await serve((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  const source = { forge: kind, baseURL: server.url, owner: 'molecule', repo: 'tpl', ref: 'main' } as const;
  const credential = credentialFor('canary-0123456789', server.url);
  const answer = await createForgeClient({ addresses: LOOPBACK }).readCommit(source, COMMIT, { credential, signal });
  return { answer, requests: server.requests };
}

const verification = {
  verified: true,
  reason: 'valid',
  payload: 'tree 1\n',
  signature: '-----BEGIN',
  verified_at: null,
};
const believed = { isVerified: true, reason: 'valid', payload: 'tree 1\n', signature: '-----BEGIN' };

describe('readCommit()', () => {
  it('asks GitHub for the commit alone, without the files that it changed', async () => {
    const { answer, requests } = await ask('github', { sha: COMMIT, message: 'x', verification });
    expect(answer).toEqual(believed);
    expect(requests).toEqual([
      { line: `GET /api/v3/repos/molecule/tpl/git/commits/${COMMIT}`, authorization: 'Bearer canary-0123456789' },
    ]);
  });

  it('asks Gitea likewise', async () => {
    const { answer, requests } = await ask('gitea', { sha: COMMIT, commit: { message: 'x', verification } });
    expect(answer).toEqual(believed);
    expect(requests.map(({ line }) => line)).toEqual([
      `GET /api/v1/repos/molecule/tpl/git/commits/${COMMIT}?stat=false&files=false`,
    ]);
  });

  it('takes what is missing or null for nothing, as forges say it of commits without a signature', async () => {
    const bare = { verified: false, reason: 'unsigned', signature: null };
    const { answer } = await ask('github', { sha: COMMIT, verification: bare });
    expect(answer).toEqual({ isVerified: false, reason: 'unsigned', payload: '', signature: '' });
  });

  it.each<[string, unknown]>([
    ['no JSON', '<html>'],
    ['null', null],
    ['another commit', { sha: '2'.repeat(40), verification }],
    ['a commit without a word about its signature', { sha: COMMIT, commit: { message: 'x' } }],
    ['yes as a word', { sha: COMMIT, verification: { ...verification, verified: 'true' } }],
    ['a signature that is no text', { sha: COMMIT, verification: { ...verification, signature: ['x'] } }],
    ['more than a commit can be', { sha: COMMIT, verification, padding: 'x'.repeat(300_000) }],
  ])('refuses %s', async (_what, body) => {
    await expect(ask('github', body)).rejects.toMatchObject({ name: 'FetchError', code: 'BadResponse' });
  });
});
