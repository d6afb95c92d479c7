import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { runOrThrow } from '../../../../hack/lib/run.ts';
import type { ForgeTreeEntry } from '../../../../src/assets/fetch/forge.ts';

/** What to commit: of a link its target, of a submodule the commit that it is at. */
export interface GitFile {
  readonly path: string;
  readonly mode?: '100644' | '100755' | '120000' | '160000';
  readonly content?: string | Buffer;
}

/** One commit, made and told of by git itself. */
export interface GitCommit {
  readonly tree: string;
  /** As a forge lists it: with the folders. */
  readonly entries: readonly ForgeTreeEntry[];
  /**
   * As a forge sends it: tar.gz with everything in one folder, by git's rules about attributes. Without git's word on which
   * commit it is of, which whoever sends another archive can leave out.
   */
  readonly archive: Buffer;
}

/** A global pax header, which git puts first, and its one block. */
const COMMENT_BYTES = 1024;

export interface GitCommitOptions {
  readonly objectFormat?: 'sha1' | 'sha256';
  /** @default true */
  readonly isArchived?: boolean;
}

export async function commitFiles(
  files: readonly GitFile[],
  { objectFormat = 'sha1', isArchived = true }: GitCommitOptions = {},
): Promise<GitCommit> {
  const dir = await mkdtemp(join(tmpdir(), 'git-commit-'));
  const env = { GIT_DIR: dir, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };
  const git = (args: readonly string[], input?: Buffer): Promise<string> => runOrThrow('git', args, { env, input });
  try {
    await git(['init', '--quiet', '--bare', `--object-format=${objectFormat}`, dir]);
    await git(['fast-import', '--quiet'], importOf(files));
    const tree = (await git(['rev-parse', 'main^{tree}'])).trim();
    const entries = parseTree(await git(['ls-tree', '-r', '-t', '-z', 'main']));
    if (!isArchived) return { tree, entries, archive: Buffer.alloc(0) };
    await git(['archive', '--format=tar.gz', '--prefix=repo/', '-o', join(dir, 'archive'), 'main']);
    const tar = gunzipSync(await readFile(join(dir, 'archive')));
    return { tree, entries, archive: gzipSync(tar.subarray(COMMENT_BYTES)) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Lines of `ls-tree -z`. */
export function parseTree(listed: string): readonly ForgeTreeEntry[] {
  return listed.split('\0').flatMap((line) => {
    const [, mode = '', id = '', path = ''] = /^(\d+) \w+ (\w+)\t(.*)$/s.exec(line) ?? [];
    return path === '' ? [] : [{ path, mode, id }];
  });
}

function importOf(files: readonly GitFile[]): Buffer {
  const head = 'commit refs/heads/main\ncommitter Test <test@example.com> 1767225600 +0000\ndata 0\n';
  return Buffer.concat([Buffer.from(head), ...files.map(changeOf), Buffer.from('done\n')]);
}

function changeOf({ path, mode = '100644', content = '' }: GitFile): Buffer {
  if (mode === '160000') return Buffer.from(`M ${mode} ${content} ${path}\n`);
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`M ${mode} inline ${path}\ndata ${bytes.length}\n`), bytes, Buffer.from('\n')]);
}
