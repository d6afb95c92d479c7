import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FetchError, ForgeClient, ForgeCommit, ForgeTreeEntry } from '../../../src/assets/fetch/forge.ts';
import { END, entry, inChunks, TOP } from '../../unit/assets/tar-builder.ts';

/** A forge with one repository, whatever it is called and whichever ref is asked for. */
export interface FakeForge extends ForgeClient {
  /** Commits these files, by path, as the whole repository, and returns the commit: `commit`, or whatever it likes. */
  push(files: Readonly<Record<string, string>>, commit?: string): string;
  /** Every request fails so from now on; undefined: none does. */
  failWith(error: FetchError | undefined): void;
  /** What it says of every commit's signature; at first that there is none. */
  say(answer: ForgeCommit): void;
  /** What it lists as every commit's tree; at first nothing. */
  list(entries: readonly ForgeTreeEntry[]): void;
  /** How often each was asked for. */
  readonly requests: { readonly resolve: number; readonly download: number };
}

export function createFakeForge(): FakeForge {
  const archives = new Map<string, Buffer>();
  const requests = { resolve: 0, download: 0 };
  let head = '';
  let failure: FetchError | undefined;
  let said: ForgeCommit = { isVerified: false, reason: 'unsigned', payload: '', signature: '' };
  let listed: readonly ForgeTreeEntry[] = [];
  const push = (files: Readonly<Record<string, string>>, commit?: string): string => {
    const entries = Object.entries(files).map(([path, body]) => entry({ name: `repo/${path}`, body }));
    const archive = gzipSync(Buffer.concat([TOP, ...entries, END]));
    head = commit ?? createHash('sha1').update(archive).digest('hex');
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
    say: (answer) => {
      said = answer;
    },
    list: (entries) => {
      listed = entries;
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
    readCommit: async () => {
      if (failure !== undefined) throw failure;
      return said;
    },
    readTree: async () => {
      if (failure !== undefined) throw failure;
      return listed;
    },
  };
}
