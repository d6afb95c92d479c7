import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ForgeClient, ForgeSource } from '../../../../src/assets/fetch/forge.ts';
import { createForgeClient } from '../../../../src/assets/fetch/forge-client.ts';
import { credentialFor, LOOPBACK } from '../loopback.ts';
import { archive } from '../tar-builder.ts';
import { type ScriptedGithub, startGithub } from './scripted-github.ts';

const ONE = '1111111111111111111111111111111111111111';
const TWO = '2222222222222222222222222222222222222222';
const TOKEN = 'canary-0123456789';
const { signal } = new AbortController();
let github: ScriptedGithub;
let forge: ForgeClient;
let nowMs: number;

beforeEach(async () => {
  github = await startGithub(archive());
  nowMs = Date.parse('2026-03-01T10:00:00Z');
  forge = createForgeClient({ addresses: LOOPBACK, now: () => nowMs });
});
afterEach(() => github[Symbol.asyncDispose]());

function resolve(ref: string, change: Partial<ForgeSource> & { readonly token?: string } = {}): Promise<string> {
  const { token = TOKEN, ...source } = change;
  const base = { forge: 'github', baseURL: github.url, owner: 'molecule', repo: 'tpl', ref } as const;
  return forge.resolve({ ...base, ...source }, { credential: credentialFor(token, github.url), signal });
}

describe('a ref on GitHub', () => {
  it('costs one request without a body while it stays where it is', async () => {
    github.refs.set('main', ONE);
    for (let look = 0; look < 3; look++) expect(await resolve('main')).toBe(ONE);
    expect(github.answers).toEqual([200, 304, 304]);
    github.refs.set('main', TWO);
    expect(await resolve('main')).toBe(TWO);
    expect(await resolve('main')).toBe(TWO);
    expect(github.answers).toEqual([200, 304, 304, 200, 304]);
  });

  it('is asked for anew with another token: what one was told is not told to another', async () => {
    github.refs.set('main', ONE);
    await resolve('main');
    await resolve('main', { token: 'another' });
    expect(github.answers).toEqual([200, 200]);
  });

  it('may have slashes, and may say itself whether it is a branch or a tag', async () => {
    github.refs.set('release/2026', ONE).set('heads/both', ONE).set('tags/both', TWO);
    expect(await resolve('release/2026')).toBe(ONE);
    expect(await resolve('heads/both')).toBe(ONE);
    expect(await resolve('tags/both')).toBe(TWO);
  });

  it('that only begins a commit is refused with the whole of it', async () => {
    github.refs.set('main', ONE);
    await expect(resolve('1111111')).rejects.toMatchObject({
      code: 'RefAbbreviated',
      message: `Cannot take "1111111" for a commit: it is only the beginning of ${ONE}`,
    });
  });

  it('that looks like the beginning of a commit and is a branch is taken', async () => {
    github.refs.set('1111111', TWO).set('main', ONE);
    expect(await resolve('1111111')).toBe(TWO);
  });

  it('that is a whole commit costs nothing, in capitals as well', async () => {
    expect(await resolve('ABCDEF0123456789ABCDEF0123456789ABCDEF01')).toBe('abcdef0123456789abcdef0123456789abcdef01');
    expect(github.requests).toEqual([]);
  });
});

describe('what is missing on GitHub', () => {
  it.each<[string, { readonly refs?: string; readonly source?: Partial<ForgeSource> }, string, string]>([
    ['a ref', { refs: 'main' }, 'RefNotFound', 'Repository molecule/tpl has no branch, tag or commit "nope"'],
    ['everything, before the first push', {}, 'RepositoryEmpty', 'Repository molecule/tpl is empty'],
    ['a repository', { refs: 'main', source: { repo: 'nope' } }, 'RepositoryNotFound', 'Repository molecule/nope does'],
  ])('is named when it is %s', async (_what, { refs, source }, code, message) => {
    if (refs !== undefined) github.refs.set(refs, ONE);
    const failure = await resolve('nope', source).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(String(failure)).not.toContain('SHA');
  });

  it('is named when it is a commit that was written down wrong', async () => {
    github.refs.set('main', ONE);
    const source = { forge: 'github', baseURL: github.url, owner: 'molecule', repo: 'tpl', ref: TWO } as const;
    await expect(
      forge.download(source, TWO, { credential: credentialFor(TOKEN, github.url), signal }),
    ).rejects.toMatchObject({
      code: 'RefNotFound',
      message: `Repository molecule/tpl has no branch, tag or commit "${TWO}"`,
    });
  });
});

describe('a forge that asks for fewer requests', () => {
  it.each([
    ['Retry-After', 429, { 'retry-after': '120' }, 120_000],
    ['Retry-After as a date', 429, { 'retry-after': 'Sun, 01 Mar 2026 10:01:00 GMT' }, 60_000],
    [
      'X-RateLimit-Reset',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Date.parse('2026-03-01T10:10:00Z') / 1000) },
      600_000,
    ],
    ['nothing, for a minute', 429, {}, 60_000],
    ['far too much, for an hour', 429, { 'retry-after': '999999999' }, 3_600_000],
  ])('with %s is left alone until then, whatever is wanted of it', async (_what, status, headers, waitMs) => {
    github.refs.set('main', ONE).set('other', TWO);
    github.failure = { status, headers: headers as Record<string, string> };
    await expect(resolve('main')).rejects.toMatchObject({ code: 'RateLimited' });
    github.failure = undefined;
    nowMs += waitMs - 1;
    await expect(resolve('other')).rejects.toMatchObject({ code: 'RateLimited', retryAfterMs: 1 });
    expect(github.requests).toHaveLength(1);
    expect(await resolve('main', { token: 'another' })).toBe(ONE);
    nowMs += 1;
    expect(await resolve('main')).toBe(ONE);
  });
});

it('follows a download to another host without the token', async () => {
  github.refs.set('main', ONE);
  const source = { forge: 'github', baseURL: github.url, owner: 'molecule', repo: 'tpl', ref: 'main' } as const;
  const parts: Uint8Array[] = [];
  for await (const part of await forge.download(source, ONE, { credential: credentialFor(TOKEN, github.url), signal }))
    parts.push(part);
  expect(Buffer.concat(parts)).toEqual(archive());
  expect(github.downloads.map(({ authorization }) => authorization)).toEqual([undefined]);
});
