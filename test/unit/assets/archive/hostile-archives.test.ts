import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AssetRequest } from '../../../../src/assets/store/asset-request.ts';
import { type AssetStore, createAssetStore } from '../../../../src/assets/store/asset-store.ts';
import { runByHand } from '../../../../src/materialize/run-by-hand.ts';
import { DEFAULT_INCLUDE } from '../../../../src/rules/asset-path.ts';
import { archives } from '../../../torture/archives.ts';
import { HOSTILE_ARCHIVES, TABLE_ROWS } from '../../../torture/hostile-archives.ts';
import { archive, entry, GOOD, inChunks } from '../tar-builder.ts';

const CASES = HOSTILE_ARCHIVES.map(({ row, title, expected, build }) => ({
  title: `${row} ${title}`,
  expected,
  bytes: () => build(GOOD, Buffer.alloc(0)),
}));

const REFUSED = CASES.flatMap(({ title, expected, bytes }) =>
  typeof expected === 'string' ? [[title, expected, bytes] as const] : [],
);
const HARMLESS = CASES.flatMap(({ title, expected, bytes }) =>
  typeof expected === 'string' ? [] : [[title, expected, bytes] as const],
);

const quietly = () => ({ log: () => undefined, signal: AbortSignal.timeout(30_000) });

async function snapshot(directory: string): Promise<readonly string[]> {
  const names = (await readdir(directory, { recursive: true })).sort();
  return Promise.all(
    names.map(async (name) => {
      const { mode, size, mtimeMs, ino } = await lstat(join(directory, name));
      return `${name} ${mode} ${size} ${mtimeMs} ${ino}`;
    }),
  );
}

describe('the table of hostile archives', () => {
  it('has every row of the notes, and each once', () => {
    const rows = HOSTILE_ARCHIVES.map(({ row }) => row);
    expect(new Set(rows).size).toBe(rows.length);
    const numbers = Array.from({ length: TABLE_ROWS }, (_, index) => String(index + 1));
    expect(numbers.filter((number) => !rows.includes(number))).toEqual([]);
  });

  it('ends as it says, wherever the hostile entries stand and however the network cuts them', async () => {
    const { passed, failures } = await archives.run({ seed: 1, runs: 3000, signal: AbortSignal.timeout(110_000) });
    expect(failures).toEqual([]);
    expect(passed).toBe(3000);
  }, 120_000);
});

describe('a hostile archive', () => {
  let target: string;
  let work: string;
  let before: readonly string[];

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'hostile-'));
    target = join(work, 'target');
    await mkdir(join(target, 'prompts'), { recursive: true });
    await writeFile(join(target, 'config.yaml'), 'name: old\n');
    await writeFile(join(target, 'prompts/system.md'), 'old\n');
    before = await snapshot(work);
  });

  afterAll(() => rm(work, { recursive: true, force: true }));

  it.each(REFUSED)('is refused as a whole, target untouched: %s → %s', async (name, code, bytes) => {
    const file = join(tmpdir(), `${name.replace(/\W+/g, '-')}-${process.pid}.tgz`);
    await writeFile(file, bytes());
    try {
      const { exitCode, report } = await runByHand({ archive: file, target, ...quietly() });
      expect(report.reason).toMatch(new RegExp(`\\(${code}\\)$`));
      expect({ exitCode, outcome: report.outcome, changes: report.changes }).toEqual({
        exitCode: 65,
        outcome: 'refused',
        changes: [],
      });
      expect(report.reason).toMatch(/^[\x20-\x7e…]*$/);
    } finally {
      await rm(file);
    }
    expect(await snapshot(work)).toEqual(before);
    expect(await readFile(join(target, 'config.yaml'), 'utf8')).toBe('name: old\n');
  });
});

describe('an archive that only looks hostile', () => {
  it.each(HARMLESS)(
    'gives its files with our modes, owner and time, and nothing else: %s',
    async (_name, kept, bytes) => {
      const work = await mkdtemp(join(tmpdir(), 'harmless-'));
      try {
        const target = join(work, 'target');
        await mkdir(target);
        const file = join(work, 'archive.tgz');
        await writeFile(file, bytes());
        await runByHand({ archive: file, target, ...quietly() });
        for (const [path, body] of Object.entries(kept)) {
          expect(await readFile(join(target, path), 'utf8')).toBe(body);
          const { mode, uid, mtimeMs } = await lstat(join(target, path));
          expect({ mode: mode & 0o7777, uid }).toEqual({ mode: 0o644, uid: process.getuid?.() });
          expect(mtimeMs).toBeLessThanOrEqual(Date.now() + 1000);
        }
        const names = await readdir(target, { recursive: true, withFileTypes: true });
        const files = names.filter((entry) => entry.isFile() && !entry.parentPath.includes('.molecule'));
        expect(files.map((entry) => join(entry.parentPath, entry.name).slice(target.length + 1)).sort()).toEqual(
          [...Object.keys(kept), 'config.yaml'].sort(),
        );
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },
  );
});

describe('the store', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hostile-store-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const openStore = (bytes: Buffer): Promise<AssetStore> => {
    const download = async () => inChunks(bytes, 64 * 1024);
    const readTree = async () => undefined;
    return createAssetStore({ root, maxBytes: 2 ** 30, forge: { download, readTree }, flux: { download } });
  };
  const request: AssetRequest = {
    source: { forge: 'gitea', baseURL: 'https://git.example.com', owner: 'o', repo: 'r', ref: 'main' },
    commit: 'a'.repeat(40),
    include: DEFAULT_INCLUDE,
  };
  const signal = new AbortController().signal;

  it.each(REFUSED)('keeps nothing of an archive that is refused: %s → %s', async (_name, code, bytes) => {
    const store = await openStore(bytes());
    await expect(store.ensure(request, signal)).rejects.toMatchObject({ code });
    expect((await readdir(root, { recursive: true })).sort()).toEqual(['bundles', 'revisions', 'tmp']);
  });

  it('tells how much it passed over, also of what another process stored', async () => {
    const links = ['a', 'b', 'c'].map((name) => entry({ name: `repo/${name}`, type: '2', linkName: 'x' }));
    const bytes = archive(...links);
    const first = await (await openStore(bytes)).ensure(request, signal);
    expect(first).toMatchObject({ ignored: 3, isCached: false });
    const again = await (await openStore(bytes)).ensure(request, signal);
    expect(again).toEqual({ ...first, isCached: true });
  });
});
