import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ARCHIVE_LIMITS } from '../../../../src/assets/archive/read-archive.ts';
import { buildBundle } from '../../../../src/assets/bundle/build-bundle.ts';
import { locateFiles, verifyBundle } from '../../../../src/assets/bundle/bundle-file.ts';
import { includeOf } from '../../../../src/materialize/config.ts';
import { DEFAULT_INCLUDE } from '../../../../src/rules/asset-path.ts';
import { END, entry, inChunks, TOP } from '../tar-builder.ts';

const BLOCK = 256 * 1024;
const signal = new AbortController().signal;

describe('building a bundle', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bundle-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** Bytes that differ wherever two files, or two places of one, could be taken for one another. */
  const bodyOf = (index: number, length: number): Buffer => {
    const body = Buffer.alloc(length);
    for (let at = 0; at < length; at++) body[at] = (index * 31 + at + (at >> 8)) & 0xff;
    return body;
  };

  const size = fc.oneof(fc.constantFrom(0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK), fc.nat({ max: 3000 }));

  it('keeps each file’s bytes, whatever the order of the archive and the sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat({ max: 99 }), { minLength: 1, maxLength: 12 }),
        fc.array(size, { minLength: 12, maxLength: 12 }),
        async (names, sizes) => {
          const bodies = new Map(names.map((name, index) => [`prompts/${name}`, bodyOf(name, sizes[index] ?? 0)]));
          const entries = [...bodies].map(([path, body]) => entry({ name: `repo/${path}`, body }));
          const { path, digest } = await buildBundle(
            inChunks(gzipSync(Buffer.concat([TOP, ...entries, END])), 50_000),
            {
              include: includeOf(DEFAULT_INCLUDE),
              limits: ARCHIVE_LIMITS,
              directory,
              placeOf: () => join(directory, 'bundle'),
              signal,
            },
          );
          await using handle = await open(path, 'r');
          const head = await verifyBundle(handle, digest, signal);
          expect(head.tree.map((file) => file.path).sort()).toEqual([...bodies.keys()].sort());
          for (const [file, offset] of locateFiles(head)) {
            const wanted = bodies.get(file) ?? Buffer.alloc(0);
            const found = Buffer.alloc(wanted.length);
            await handle.read(found, 0, found.length, offset);
            expect(found.equals(wanted)).toBe(true);
          }
          expect(await readdir(directory)).toEqual(['bundle']);
        },
      ),
      { numRuns: 40 },
    );
  });
});
