import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { runOrThrow } from '../../../../hack/lib/run.ts';
import type { ForgeTreeEntry } from '../../../../src/assets/fetch/forge.ts';
import { proveTree } from '../../../../src/assets/verify/prove-tree.ts';
import { commitFiles, type GitCommit, type GitFile, parseTree } from './git-repository.ts';

const SUBMODULE = 'c'.repeat(40);
/** Names that sort one way as files and another as folders, beside one another. */
const FILES: readonly GitFile[] = [
  { path: 'config.yaml', content: 'name: a\n' },
  { path: 'empty' },
  { path: 'run', mode: '100755', content: '#!/bin/sh\n' },
  { path: 'link', mode: '120000', content: 'config.yaml' },
  { path: 'module', mode: '160000', content: SUBMODULE },
  { path: 'a/deep/deeper/deepest.md', content: 'deep\n' },
  { path: 'a-b', content: '1' },
  { path: 'a.b', content: '2' },
  { path: 'a0', content: '3' },
  { path: 'ab/c', content: '4' },
  { path: 'prompts/ünïcödé 🧪.md', content: 'ü' },
  { path: 'prompts/with "quotes" and\ttabs', content: '5' },
];

const prove = ({ tree, entries }: Pick<GitCommit, 'tree' | 'entries'>) => proveTree(tree, entries);
const MISMATCH = expect.objectContaining({ name: 'VerificationError', code: 'TreeMismatch' });

describe('a tree that git made', () => {
  it.each(['sha1', 'sha256'] as const)(
    'is proved, with all that is in it, in whatever order it is listed: %s',
    async (objectFormat) => {
      const files = objectFormat === 'sha1' ? FILES : FILES.filter(({ mode }) => mode !== '160000');
      const { tree, entries } = await commitFiles(files, { objectFormat, isArchived: false });
      expect(tree).toHaveLength(objectFormat === 'sha1' ? 40 : 64);
      for (const listed of [entries, entries.toReversed(), entries.toSorted((a, b) => (a.id < b.id ? -1 : 1))]) {
        const signed = prove({ tree, entries: listed });
        expect([...signed.keys()].toSorted()).toEqual(files.map(({ path }) => path).toSorted());
        expect(signed.get('run')).toEqual({ kind: 'executable', id: entries.find(({ path }) => path === 'run')?.id });
      }
    },
  );

  it('tells files, executables, links and submodules apart', async () => {
    const signed = prove(await commitFiles(FILES, { isArchived: false }));
    expect(['config.yaml', 'run', 'link', 'module'].map((path) => signed.get(path)?.kind)).toEqual([
      'file',
      'executable',
      'link',
      'submodule',
    ]);
    expect(signed.get('module')?.id).toBe(SUBMODULE);
  });

  it('may have modes as forges write them, and as git did in its first months, and an empty folder', async () => {
    const blob = 'a'.repeat(40);
    const empty = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
    const { tree } = await makeTree([`100664 blob ${blob}\told`, `040000 tree ${empty}\tnothing`]);
    for (const mode of ['040000', '40000']) {
      const listed = [
        { path: 'old', mode: '100664', id: blob },
        { path: 'nothing', mode, id: empty },
      ];
      expect([...prove({ tree, entries: listed }).keys()]).toEqual(['old']);
    }
  });

  it('is proved whatever is in it', async () => {
    const name = fc
      .string({ unit: fc.constantFrom('a', 'b', '.', '-', '0', 'é'), minLength: 1, maxLength: 3 })
      .filter((text) => !/^\.{1,2}$/.test(text));
    const file = fc.record({
      path: fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
      mode: fc.constantFrom('100644', '100755', '120000'),
      content: fc.string({ maxLength: 8 }),
    });
    const trees = fc.array(fc.array(file, { minLength: 1, maxLength: 24 }), { minLength: 40, maxLength: 40 });
    await fc.assert(
      // Each in a folder of its own, because one commit takes git as long as forty.
      fc.asyncProperty(trees, async (all) => {
        const files = all.flatMap((tree, at) => tree.map((each) => ({ ...each, path: `${at}/${each.path}` })));
        const { entries } = await commitFiles(files, { isArchived: false });
        for (const at of all.keys()) {
          const below = entries.flatMap(({ path, ...entry }) =>
            path.startsWith(`${at}/`) ? [{ path: path.slice(`${at}/`.length), ...entry }] : [],
          );
          const tree = entries.find(({ path }) => path === `${at}`)?.id ?? '';
          const leaves = below.filter(({ mode }) => mode !== '040000').map(({ path, id }) => [path, id]);
          expect([...prove({ tree, entries: below })].map(([path, { id }]) => [path, id]).toSorted()).toEqual(
            leaves.toSorted(),
          );
        }
      }),
      { numRuns: 5 },
    );
  });
});

describe('what a forge lists', () => {
  let commit: GitCommit;
  beforeAll(async () => {
    commit = await commitFiles(FILES, { isArchived: false });
  });

  it('is refused with any one entry left out', () => {
    for (const left of commit.entries) {
      const entries = commit.entries.filter((entry) => entry !== left);
      expect(() => prove({ ...commit, entries }), left.path).toThrow(MISMATCH);
    }
  });

  it('cannot hide a folder by a slash before all that is in it', () => {
    const entries = commit.entries.map((entry) =>
      /^prompts(\/|$)/.test(entry.path) ? { ...entry, path: `/${entry.path}` } : entry,
    );
    expect(() => prove({ ...commit, entries })).toThrow(MISMATCH);
  });

  const OTHER = 'd'.repeat(40);
  it.each<[string, (entry: ForgeTreeEntry) => Partial<ForgeTreeEntry>]>([
    ['another id', () => ({ id: OTHER })],
    ['another mode', ({ mode }) => ({ mode: mode === '100755' ? '100644' : '100755' })],
    ['another name', ({ path }) => ({ path: `${path}x` })],
    ['another place', ({ path }) => ({ path: `prompts/${path}` })],
    ['a slash before its path', ({ path }) => ({ path: `/${path}` })],
    ['a slash more within it', ({ path }) => ({ path: path.includes('/') ? path.replace('/', '//') : `${path}/` })],
    ['an id that is none', ({ id }) => ({ id: id.toUpperCase() })],
    ['an id that is cut off', ({ id }) => ({ id: id.slice(0, 38) })],
    ['a mode that Git has not', () => ({ mode: '100600' })],
  ])('is refused with %s for any one file', (_what, change) => {
    for (const changed of commit.entries.filter(({ mode }) => mode !== '040000')) {
      const entries = commit.entries.map((entry) => (entry === changed ? { ...entry, ...change(entry) } : entry));
      expect(() => prove({ ...commit, entries }), changed.path).toThrow(MISMATCH);
    }
  });

  it.each<[string, ForgeTreeEntry]>([
    ['one more file', { path: 'extra', mode: '100644', id: OTHER }],
    ['one more file in a folder', { path: 'prompts/extra', mode: '100644', id: OTHER }],
    ['one more folder', { path: 'extra', mode: '040000', id: OTHER }],
    ['a file twice', { path: 'config.yaml', mode: '100644', id: OTHER }],
    ['a folder twice', { path: 'prompts', mode: '040000', id: OTHER }],
    ['a nameless folder, which would be in itself', { path: '', mode: '040000', id: OTHER }],
    ['a folder without a last name', { path: 'prompts/', mode: '040000', id: OTHER }],
  ])('is refused with %s', (_what, extra) => {
    expect(() => prove({ ...commit, entries: [...commit.entries, extra] })).toThrow(MISMATCH);
  });

  it('proves nothing of what lies in no folder of it', () => {
    const astray = { path: 'nowhere/extra', mode: '100644', id: OTHER };
    expect(prove({ ...commit, entries: [...commit.entries, astray] }).has(astray.path)).toBe(false);
  });

  it('is not looked through for ever when its folders are there many times over', () => {
    const folders = Array.from({ length: 64 }, (_, depth) => 'a/'.repeat(depth + 1).slice(0, -1));
    const entries = folders.flatMap((path) => Array.from({ length: 2 }, () => ({ path, mode: '040000', id: OTHER })));
    expect(() => prove({ tree: OTHER, entries })).toThrow(MISMATCH);
  });

  it('cannot pass two files off for one whose name holds the end of the first', async () => {
    const id = '61'.repeat(20);
    const { tree, entries } = await makeTree([`100644 blob ${id}\ta`, `100644 blob ${OTHER}\tb`]);
    expect([...prove({ tree, entries }).keys()]).toEqual(['a', 'b']);
    const forged = { path: `a\0${'a'.repeat(20)}100644 b`, mode: '100644', id: OTHER };
    expect(() => prove({ tree, entries: [forged] })).toThrow(MISMATCH);
  });

  it('cannot pass a file and a folder off for a folder whose mode holds the file', async () => {
    const id = '61'.repeat(20);
    const empty = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
    const { tree, entries } = await makeTree([`100644 blob ${id}\ta`, `040000 tree ${empty}\tb`]);
    expect([...prove({ tree, entries }).keys()]).toEqual(['a']);
    const forged = { path: 'b', mode: `100644 a\0${'a'.repeat(20)}40000`, id: empty };
    expect(() => prove({ tree, entries: [forged] })).toThrow(MISMATCH);
  });

  it('is of no use where it is not whole', () => {
    expect(() => proveTree(commit.tree, undefined)).toThrow(expect.objectContaining({ code: 'TreeIncomplete' }));
  });
});

/** A tree of objects that need not exist, from lines of `ls-tree -z`. */
async function makeTree(lines: readonly string[]): Promise<Pick<GitCommit, 'tree' | 'entries'>> {
  const dir = await mkdtemp(join(tmpdir(), 'git-tree-'));
  const input = lines.map((line) => `${line}\0`).join('');
  try {
    await runOrThrow('git', ['init', '--quiet', '--bare', dir]);
    const made = await runOrThrow('git', ['-C', dir, 'mktree', '--missing', '-z'], { input });
    return { tree: made.trim(), entries: parseTree(input) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
