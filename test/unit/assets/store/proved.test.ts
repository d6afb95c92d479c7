import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FetchError } from '../../../../src/assets/fetch/forge.ts';
import type { ForgeRequest } from '../../../../src/assets/store/asset-request.ts';
import { type AssetStore, createAssetStore } from '../../../../src/assets/store/asset-store.ts';
import { inChunks } from '../tar-builder.ts';
import { commitFiles, type GitCommit, type GitFile } from '../verify/git-repository.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const { signal } = new AbortController();
const FILES: readonly GitFile[] = [
  { path: 'config.yaml', content: 'name: good\n' },
  { path: 'prompts/a.md', content: 'Be good\n' },
  { path: 'prompts/run', mode: '100755', content: '#!/bin/sh\n' },
  { path: 'Dockerfile', content: 'FROM scratch\n' },
  { path: 'latest', mode: '120000', content: 'config.yaml' },
];
const MISMATCH = { name: 'VerificationError', code: 'TreeMismatch' };

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'proved-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A store, and a forge that shows the tree of one commit and sends the archive of another, or of the same. */
async function openStore(shown: Pick<GitCommit, 'entries'> | FetchError, { archive }: Pick<GitCommit, 'archive'>) {
  const asked: string[] = [];
  const time = { nowMs: Date.now() };
  const forge = {
    archive,
    readTree: async (_source: unknown, tree: string) => {
      asked.push(`tree ${tree}`);
      if (shown instanceof FetchError) throw shown;
      return shown.entries;
    },
    download: async () => {
      asked.push('archive');
      return inChunks(forge.archive);
    },
  };
  const noFlux = { download: () => Promise.reject(new Error('Nobody has Flux here')) };
  const options = { root, maxBytes: 2 ** 30, forge, flux: noFlux, now: () => time.nowMs };
  return { store: await createAssetStore(options), forge, asked, time };
}

function request(tree?: string, change: Partial<ForgeRequest> = {}): ForgeRequest {
  const source = {
    forge: 'gitea',
    baseURL: 'https://git.example',
    owner: 'molecule',
    repo: 'tpl',
    ref: 'main',
  } as const;
  return {
    source,
    commit: COMMIT,
    include: ['config.yaml', 'prompts/**'],
    ...(tree === undefined ? {} : { tree }),
    ...change,
  };
}

async function kept(): Promise<readonly string[]> {
  const folders = ['bundles', 'revisions', 'tmp'];
  return (await Promise.all(folders.map((folder) => readdir(join(root, folder))))).flat();
}

async function read(store: AssetStore, digest: string): Promise<string> {
  const parts: string[] = [];
  for await (const part of (await store.open(digest, signal))?.stream ?? []) parts.push(String(part));
  return parts.join('');
}

describe('a revision whose tree was signed', () => {
  it('is kept when its archive has the files of that tree, and costs nothing more from then on', async () => {
    const good = await commitFiles(FILES);
    const { store, asked } = await openStore(good, good);
    const artifact = await store.ensure(request(good.tree), signal);
    expect(artifact).toMatchObject({ files: 3, ignored: 1, isCached: false });
    expect(await read(store, artifact.digest)).toContain('Be good');
    expect(await store.ensure(request(good.tree), signal)).toEqual({ ...artifact, isCached: true });
    expect(asked).toEqual([`tree ${good.tree}`, 'archive']);
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
  });

  it('is compared below its subPath', async () => {
    const inFolder = FILES.map(({ path, ...file }) => ({ ...file, path: `templates/seo/${path}` }));
    const good = await commitFiles([...inFolder, { path: 'prompts/other.md', content: 'Other\n' }]);
    const { store } = await openStore(good, good);
    const base = request(good.tree);
    const source = { ...base.source, subPath: 'templates/seo' };
    expect(await store.ensure({ ...base, source }, signal)).toMatchObject({ files: 3 });
    await expect(store.ensure({ ...base, source: { ...source, subPath: 'templates' } }, signal)).rejects.toMatchObject({
      code: 'NothingIncluded',
    });
  });

  const changed = (path: string, change: Partial<GitFile>): readonly GitFile[] =>
    FILES.map((file) => (file.path === path ? { ...file, ...change } : file));

  it.each<[string, readonly GitFile[], string]>([
    ['other bytes', changed('prompts/a.md', { content: 'Be evil\n' }), '"prompts/a.md" has other bytes'],
    ['another name', changed('prompts/a.md', { path: 'prompts/b.md' }), '"prompts/a.md" is missing, and 1 more differ'],
    [
      'another mode',
      changed('prompts/a.md', { mode: '100755' }),
      '"prompts/a.md" may be executed in one of them alone',
    ],
    ['a file less', FILES.filter(({ path }) => path !== 'prompts/a.md'), '"prompts/a.md" is missing'],
    ['a file more', [...FILES, { path: 'prompts/b.md' }], '"prompts/b.md" is not in the commit'],
  ])('leaves no trace when its archive has %s', async (_what, files, message) => {
    const [good, evil] = await Promise.all([commitFiles(FILES), commitFiles(files)]);
    const { store } = await openStore(good, evil);
    await expect(store.ensure(request(good.tree), signal)).rejects.toMatchObject({
      ...MISMATCH,
      message: `The archive of it is not what was signed: ${message}`,
    });
    expect(await kept()).toEqual([]);
  });

  it('may differ where include does not look, as nothing of that is kept', async () => {
    const good = await commitFiles(FILES);
    const other = await commitFiles(changed('Dockerfile', { content: 'FROM evil\n' }));
    const { store } = await openStore(good, other);
    expect(await store.ensure(request(good.tree), signal)).toMatchObject({ files: 3 });
  });

  it.each([
    ['prompts/a.md export-subst', '"prompts/a.md" has other bytes'],
    ['prompts/a.md export-ignore', '"prompts/a.md" is missing'],
    ['prompts/a.md text eol=crlf', '"prompts/a.md" has other bytes'],
  ])('is refused where its own attributes alter the archive: %s', async (attribute, message) => {
    const files = changed('prompts/a.md', { content: 'Of $Format:%ct$\n' });
    const altered = await commitFiles([...files, { path: '.gitattributes', content: `${attribute}\n` }]);
    const { store } = await openStore(altered, altered);
    await expect(store.ensure(request(altered.tree), signal)).rejects.toMatchObject({
      ...MISMATCH,
      message: expect.stringContaining(message),
    });
    expect(await store.ensure(request(), signal)).toMatchObject({ isCached: false });
  });

  it.each<[string, (good: GitCommit) => Pick<GitCommit, 'entries'> | FetchError, object]>([
    ['another tree', ({ entries }) => ({ entries: entries.slice(1) }), MISMATCH],
    ['no tree', () => new FetchError('Unreachable', 'No answer'), { name: 'FetchError' }],
  ])('is not asked for its files where the forge shows %s', async (_what, show, failure) => {
    const good = await commitFiles(FILES);
    const { store, asked } = await openStore(show(good), good);
    await expect(store.ensure(request(good.tree), signal)).rejects.toMatchObject(failure);
    expect(asked).toEqual([`tree ${good.tree}`]);
    expect(await kept()).toEqual([]);
  });

  it('is not taken for proved because it was fetched unproved before, nor the other way round', async () => {
    const [good, evil] = await Promise.all([
      commitFiles(FILES),
      commitFiles(changed('prompts/a.md', { content: 'x' })),
    ]);
    const { store, forge, asked } = await openStore(good, evil);
    const believed = await store.ensure(request(), signal);
    await expect(store.ensure(request(good.tree), signal)).rejects.toMatchObject(MISMATCH);
    expect(await read(store, believed.digest)).not.toContain('Be good');
    forge.archive = good.archive;
    const sameTree = request(good.tree, { limits: { assetBytes: 1_000_000 } });
    const proved = await store.ensure(sameTree, signal);
    expect(proved.digest).not.toBe(believed.digest);
    expect(await store.ensure(request(), signal)).toEqual({ ...believed, isCached: true });
    expect(asked.filter((what) => what === 'archive')).toHaveLength(3);
  });

  it('is not fetched again for five minutes after it was refused, because it may have been a bad moment', async () => {
    const [good, evil] = await Promise.all([
      commitFiles(FILES),
      commitFiles(changed('prompts/a.md', { content: 'x' })),
    ]);
    const { store, forge, asked, time } = await openStore(good, evil);
    for (let times = 0; times < 2; times++)
      await expect(store.ensure(request(good.tree), signal)).rejects.toMatchObject(MISMATCH);
    expect(asked).toHaveLength(2);
    forge.archive = good.archive;
    time.nowMs += 300_000;
    expect(await store.ensure(request(good.tree), signal)).toMatchObject({ files: 3 });
  });
});
