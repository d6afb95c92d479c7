import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FetchError, ForgeClient } from '../../../src/assets/fetch/forge.ts';
import { END, entry, inChunks, TOP } from '../../unit/assets/tar-builder.ts';

/** A forge with one repository, whatever it is called and whichever ref is asked for. */
export interface FakeForge extends ForgeClient {
  /** Commits these files, by path, as the whole repository, and returns the commit. */
  push(files: Readonly<Record<string, string>>): string;
  /** Every request fails so from now on; undefined: none does. */
  failWith(error: FetchError | undefined): void;
  /** How often each was asked for. */
  readonly requests: { readonly resolve: number; readonly download: number };
}

export function createFakeForge(): FakeForge {
  const archives = new Map<string, Buffer>();
  const requests = { resolve: 0, download: 0 };
  let head = '';
  let failure: FetchError | undefined;
  const push = (files: Readonly<Record<string, string>>): string => {
    const entries = Object.entries(files).map(([path, body]) => entry({ name: `repo/${path}`, body }));
    const archive = gzipSync(Buffer.concat([TOP, ...entries, END]));
    head = createHash('sha1').update(archive).digest('hex');
    archives.set(head, archive);
    return head;
  };
  push({ 'config.yaml': 'name: test\n' });
  return {
    push,
    requests,
    failWith: (error) => {
      failure = error;
    },
    resolve: async () => {
      requests.resolve += 1;
      if (failure !== undefined) throw failure;
      return head;
    },
    download: async (_source, commit) => {
      requests.download += 1;
      if (failure !== undefined) throw failure;
      return inChunks(archives.get(commit) ?? Buffer.alloc(0));
    },
  };
}
