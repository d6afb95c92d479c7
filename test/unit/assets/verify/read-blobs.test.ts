import { createHash } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeBundleHead } from '../../../../src/assets/bundle/format.ts';
import { readBlobs } from '../../../../src/assets/verify/read-blobs.ts';
import type { AssetFile } from '../../../../src/rules/asset-tree.ts';
import { commitFiles } from './git-repository.ts';

const { signal } = new AbortController();
/** A block is 256 KiB: files within one, across two, over several, at the very end of one, and without a byte. */
const CONTENTS: Readonly<Record<string, Buffer>> = {
  'a/empty': Buffer.alloc(0),
  'a/small': Buffer.from('small\n'),
  'b/large': Buffer.alloc(600_000, 'large'),
  'b/rest': Buffer.alloc(3 * 262_144 - 600_006, 'rest'),
  'c/after': Buffer.from('after\n'),
  'c/last': Buffer.alloc(0),
};

let path: string;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'blobs-')), 'bundle');
  const files = Object.entries(CONTENTS).map(
    ([name, content]): AssetFile => ({
      path: name,
      mode: name === 'a/small' ? 0o755 : 0o644,
      sizeBytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    }),
  );
  await writeFile(path, Buffer.concat([encodeBundleHead(files), ...Object.values(CONTENTS)]));
});
afterEach(() => rm(join(path, '..'), { recursive: true, force: true }));

describe('readBlobs()', () => {
  it.each(['sha1', 'sha256'] as const)('names each file of a bundle as git does: %s', async (hash) => {
    const files = Object.entries(CONTENTS).map(([name, content]) => ({ path: name, content }));
    const { entries } = await commitFiles(files, { objectFormat: hash, isArchived: false });
    const ids = new Map(entries.map((entry) => [entry.path, entry.id]));
    const found = await readBlobs(path, hash, signal);
    expect(found).toEqual(
      Object.keys(CONTENTS).map((name) => ({
        path: name,
        mode: name === 'a/small' ? 0o755 : 0o644,
        id: ids.get(name),
      })),
    );
  });

  it('takes no bundle that is cut off for one', async () => {
    await truncate(path, 600_000);
    await expect(readBlobs(path, 'sha1', signal)).rejects.toMatchObject({ name: 'BundleError' });
  });

  it('ends when it is aborted', async () => {
    await expect(readBlobs(path, 'sha1', AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  });
});
