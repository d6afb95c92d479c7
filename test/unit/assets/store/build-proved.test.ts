import { access, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ARCHIVE_LIMITS } from '../../../../src/assets/archive/read-archive.ts';
import { buildProved } from '../../../../src/assets/store/build-proved.ts';
import { archive, inChunks } from '../tar-builder.ts';

const { signal } = new AbortController();
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'build-proved-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const build = (prove: (path: string) => Promise<void>) =>
  buildProved(inChunks(archive()), {
    include: { files: new Set(['config.yaml']), folders: [] },
    limits: ARCHIVE_LIMITS,
    directory,
    placeOf: () => join(directory, 'final'),
    prove,
    signal,
  });

it('brings a bundle to its place once it is proved, and not before', async () => {
  const { path } = await build(async (unproved) => {
    await access(unproved);
    await expect(access(join(directory, 'final'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
  expect(path).toBe(join(directory, 'final'));
  expect(await readdir(directory)).toEqual(['final']);
});

it('leaves nothing of one that is not', async () => {
  await expect(build(() => Promise.reject(new Error('It is another')))).rejects.toThrow('It is another');
  expect(await readdir(directory)).toEqual([]);
});
