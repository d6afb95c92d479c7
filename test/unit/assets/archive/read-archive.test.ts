import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArchiveError, escapePath } from '../../../../src/assets/archive/archive-error.ts';
import type { ArchiveLayout } from '../../../../src/assets/archive/choose-files.ts';
import { ARCHIVE_LIMITS, type ArchiveLimits, readArchive } from '../../../../src/assets/archive/read-archive.ts';
import { buildBundle } from '../../../../src/assets/bundle/build-bundle.ts';
import { type IncludeSet, parseInclude } from '../../../../src/rules/asset-path.ts';
import { collectFiles } from '../collect-files.ts';
import { archive, END, entry, GOOD, globalPax, inChunks, pax, record, TOP } from '../tar-builder.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const signal = new AbortController().signal;

function includeOf(...globs: string[]): IncludeSet {
  const result = parseInclude(globs);
  if (result.kind === 'invalid') throw new Error(result.message);
  return result.include;
}

const include = includeOf('config.yaml', 'prompts/**', 'agent-skills/**', 'MEMORY.md', 'workspace/**');

interface Read {
  readonly files: Readonly<Record<string, string>>;
  readonly modes: Readonly<Record<string, number>>;
  readonly comment: string | undefined;
  readonly ignored: number;
}

async function read(
  bytes: Buffer,
  options: { subPath?: string; layout?: ArchiveLayout; limits?: Partial<ArchiveLimits>; chunk?: number } = {},
): Promise<Read> {
  const files: Record<string, string> = {};
  const modes: Record<string, number> = {};
  const { comment, ignored } = await readArchive(inChunks(bytes, options.chunk), {
    include,
    ...(options.subPath === undefined ? {} : { subPath: options.subPath }),
    ...(options.layout === undefined ? {} : { layout: options.layout }),
    limits: { ...ARCHIVE_LIMITS, ...options.limits },
    signal,
    receiver: collectFiles(({ path, mode }, body) => {
      files[path] = body.toString('utf8');
      modes[path] = mode;
    }),
  });
  return { files, modes, comment, ignored };
}

describe('reading an archive', () => {
  it('keeps what is included and passes over the rest: a Dockerfile, a symlink, the agent’s own files', async () => {
    const bytes = archive(
      entry({ name: 'repo/Dockerfile', body: 'FROM scratch\n' }),
      entry({ name: 'repo/current', type: '2', linkName: '/etc/passwd' }),
      entry({ name: 'repo/prompts/', type: '5', mode: '0000775' }),
      entry({ name: 'repo/prompts/system.md', body: 'Be kind.\n' }),
      entry({ name: 'repo/agent-skills/a/run.sh', body: '#!/bin/sh\n', mode: '0000775' }),
      entry({ name: 'repo/MEMORY.md', body: 'mine\n' }),
      entry({ name: 'repo/workspace/x', body: 'mine\n' }),
    );
    const { files, modes, ignored } = await read(bytes);
    expect(files).toEqual({
      'config.yaml': 'name: a\n',
      'prompts/system.md': 'Be kind.\n',
      'agent-skills/a/run.sh': '#!/bin/sh\n',
    });
    expect(ignored).toBe(1);
    expect(modes).toEqual({ 'config.yaml': 0o644, 'prompts/system.md': 0o644, 'agent-skills/a/run.sh': 0o755 });
  });

  it('takes the commit from the global header that git writes', async () => {
    const bytes = gzipSync(Buffer.concat([globalPax(record('comment', COMMIT)), GOOD, END]));
    expect((await read(bytes)).comment).toBe(COMMIT);
  });

  it('reads long names from pax headers and ustar prefixes', async () => {
    const long = `prompts/${'a'.repeat(120)}/b.md`;
    const bytes = archive(
      pax(record('path', `repo/${long}`), record('mtime', '1.5'), record('size', '2')),
      entry({ name: 'short', body: 'hi' }),
      entry({ name: 'c.md', prefix: 'repo/prompts/deep', body: 'ho' }),
    );
    expect((await read(bytes)).files).toMatchObject({ [long]: 'hi', 'prompts/deep/c.md': 'ho' });
  });

  it('takes a folder of the repository as the template', async () => {
    const bytes = archive(
      entry({ name: 'repo/templates/', type: '5' }),
      entry({ name: 'repo/templates/one/config.yaml', body: 'one\n' }),
      entry({ name: 'repo/templates/one2/config.yaml', body: 'two\n' }),
    );
    expect((await read(bytes, { subPath: 'templates/one' })).files).toEqual({ 'config.yaml': 'one\n' });
    const linked = archive(entry({ name: 'repo/templates', type: '2', linkName: '/etc' }));
    await expect(read(linked, { subPath: 'templates/one' })).rejects.toMatchObject({ code: 'EntryNotAllowed' });
  });

  it('counts what it passes over: every link and device outside the allowlist, and no file or folder', async () => {
    const odd = ['1', '2', '3', '4', '6'].map((type) => entry({ name: `repo/odd${type}`, type, linkName: '/etc' }));
    const bytes = archive(...odd, entry({ name: 'repo/docs/', type: '5' }), entry({ name: 'repo/docs/x', body: 'x' }));
    expect((await read(bytes)).ignored).toBe(5);
    expect((await read(archive())).ignored).toBe(0);
  });

  it('accepts exactly as many bytes of assets as the limit says', async () => {
    await expect(read(archive(), { limits: { assetBytes: 8 } })).resolves.toBeDefined();
  });

  it.each([
    ['', './'],
    ['./', './'],
    ['./', '.'],
    ['', ''],
  ])('takes a bare archive with names like %jconfig.yaml and the root entry %j', async (prefix, root) => {
    const parts = [
      ...(root === '' ? [] : [entry({ name: root, type: '5' })]),
      entry({ name: `${prefix}config.yaml`, body: 'name: a\n' }),
      entry({ name: `${prefix}prompts/`, type: '5' }),
      entry({ name: `${prefix}prompts/system.md`, body: 'Be kind.\n' }),
      entry({ name: `${prefix}one/config.yaml`, body: 'one\n' }),
    ];
    const bytes = gzipSync(Buffer.concat([...parts, END]));
    expect((await read(bytes, { layout: 'bare' })).files).toEqual({
      'config.yaml': 'name: a\n',
      'prompts/system.md': 'Be kind.\n',
    });
    expect((await read(bytes, { layout: 'bare', subPath: 'one' })).files).toEqual({ 'config.yaml': 'one\n' });
    await expect(read(bytes)).rejects.toMatchObject({ code: expect.stringMatching(/^(TopFolder|PathTraversal)$/) });
  });

  it.each([
    ['././config.yaml', '0', 'PathTraversal'],
    ['.//etc/passwd', '0', 'PathAbsolute'],
    ['./../x', '0', 'PathTraversal'],
    ['../x', '0', 'PathTraversal'],
    ['.', '2', 'PathTraversal'],
    ['.', '0', 'PathTraversal'],
    ['./', '0', 'PathEmpty'],
    ['', '5', 'PathEmpty'],
    ['./config.yaml', '0', 'DuplicatePath'],
  ])('refuses %j of type %s in a bare archive with %s', async (name, type, code) => {
    const bytes = gzipSync(Buffer.concat([entry({ name: 'config.yaml', body: 'a' }), entry({ name, type }), END]));
    await expect(read(bytes, { layout: 'bare' })).rejects.toMatchObject({ code });
  });

  it('passes errors of the source on as they are and lets go of it when it refuses', async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield archive().subarray(0, 30);
      throw new Error('connection lost');
    };
    const options = { include, limits: ARCHIVE_LIMITS, signal, receiver: collectFiles(() => undefined) };
    await expect(readArchive(broken(), options)).rejects.toThrow('connection lost');
    let isReleased = false;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.from('not gzip');
      } finally {
        isReleased = true;
      }
    };
    await expect(readArchive(endless(), options)).rejects.toMatchObject({ code: 'NotGzip' });
    expect(isReleased).toBe(true);
  });

  describe('when the source says no more after bytes that are refused', () => {
    /** More than zlib is given at once, also when it is compressed. */
    const noise = Buffer.concat(Array.from({ length: 4_000 }, (_, index) => hash('sha256', `${index}`, 'buffer')));
    const corrupt = archive(entry({ name: 'repo/prompts/a', body: noise })).fill(0xff, 10, 20);
    const hostile = gzipSync(Buffer.concat([entry({ name: '../x' }), entry({ name: 'a/b', body: noise })]));
    const options = { include, limits: ARCHIVE_LIMITS, signal, receiver: collectFiles(() => undefined) };

    it.each([
      ['hostile', 'PathTraversal', hostile],
      ['corrupt', 'GzipCorrupt', corrupt],
    ])('and stalls for ever, refuses what is %s at once', async (_what, code, bytes) => {
      const stalling = async function* (): AsyncGenerator<Uint8Array> {
        yield bytes.subarray(0, 70_000);
        await new Promise(() => undefined);
      };
      await expect(readArchive(stalling(), options)).rejects.toMatchObject({ code });
    });

    it.each([
      ['hostile', 'PathTraversal', hostile],
      ['corrupt', 'GzipCorrupt', corrupt],
    ])('and fails, refuses what is %s', async (_what, code, bytes) => {
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield bytes.subarray(0, 70_000);
        throw new Error('connection lost');
      };
      await expect(readArchive(failing(), options)).rejects.toMatchObject({ code });
    });
  });

  it('escapes paths in messages', () => {
    expect(escapePath('a\n\u001b[31m\u202e"é')).toBe('"a\\n\\u001b[31m\\u202e\\"\\u00e9"');
    expect(escapePath('x'.repeat(500))).toHaveLength(123);
  });
});

describe('against an independent writer', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'archive-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const name = fc.string({
    unit: fc.constantFrom('a', 'b', '-', '.', ' ', 'é', '日', '🎉'),
    minLength: 1,
    maxLength: 40,
  });
  const path = fc
    .array(
      name.map((text) => `n${text}n`),
      { minLength: 1, maxLength: 4 },
    )
    .map((parts) => parts.join('/'));
  const tree = fc.dictionary(path, fc.record({ body: fc.string({ maxLength: 3000 }), isProgram: fc.boolean() }), {
    minKeys: 1,
    maxKeys: 6,
  });

  it('every tree that `tar` writes comes back byte by byte', async () => {
    await fc.assert(
      fc.asyncProperty(tree, fc.integer({ min: 1, max: 5000 }), async (files, chunk) => {
        const root = await mkdtemp(join(directory, 'tree-'));
        const expected: Record<string, string> = {};
        const written = new Set<string>();
        for (const [path, { body, isProgram }] of Object.entries(files)) {
          const folded = path.toUpperCase().normalize('NFC');
          const parts = folded.split('/').map((_, index, all) => all.slice(0, index + 1).join('/'));
          if ([...written].some((other) => parts.includes(other) || other === folded || other.startsWith(`${folded}/`)))
            continue;
          written.add(folded);
          const full = join(root, 'repo/prompts', path);
          await mkdir(dirname(full), { recursive: true });
          await writeFile(full, body);
          await chmod(full, isProgram ? 0o775 : 0o664);
          expected[`prompts/${path}`] = body;
        }
        await writeFile(join(root, 'repo/Dockerfile'), 'FROM scratch\n');
        await symlink('/etc/passwd', join(root, 'repo/link'));
        const file = join(root, 'a.tgz');
        await create({ gzip: true, file, cwd: root, portable: true }, ['repo']);
        const { files: found, modes } = await read(await readFile(file), { chunk });
        expect(found).toEqual(expected);
        for (const [path, mode] of Object.entries(modes)) {
          expect(mode).toBe(files[path.slice('prompts/'.length)]?.isProgram ? 0o755 : 0o644);
        }
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['git archive', ['git', '-C', 'repo', 'archive', '--format=tar.gz', '--prefix=top/', '-o', '../out.tgz', 'HEAD']],
    ['GNU tar, ustar', ['tar', '--format=ustar', '-czf', 'out.tgz', 'repo']],
    ['GNU tar, pax', ['tar', '--format=posix', '-czf', 'out.tgz', 'repo']],
    ['GNU tar, bare', ['tar', '--format=posix', '-czf', 'out.tgz', '-C', 'repo', '.']],
  ] as const)(
    'what %s writes comes back byte by byte, with long names and empty files',
    async (name, [program, ...args]) => {
      const files: Record<string, string> = {
        'config.yaml': 'name: a\n',
        'prompts/日本語 🎉.md': 'x'.repeat(1500),
        'agent-skills/empty': '',
        [`agent-skills/${'d'.repeat(60)}/${'e'.repeat(90)}`]: 'long\n',
      };
      for (const [path, body] of Object.entries(files)) {
        await mkdir(dirname(join(directory, 'repo', path)), { recursive: true });
        await writeFile(join(directory, 'repo', path), body);
      }
      await symlink('config.yaml', join(directory, 'repo/link'));
      const isGit = program === 'git';
      const git = (...words: string[]): void => {
        execFileSync('git', ['-C', join(directory, 'repo'), '-c', 'user.name=a', '-c', 'user.email=a@b', ...words]);
      };
      if (isGit) {
        git('init', '-q');
        git('add', '.');
        git('commit', '-qm', 'all');
      }
      execFileSync(program, args, { cwd: directory });
      const layout = name === 'GNU tar, bare' ? 'bare' : 'oneFolder';
      const found = await read(await readFile(join(directory, 'out.tgz')), { layout });
      expect(found.files).toEqual(files);
      expect(found.ignored).toBe(1);
      expect(found.comment).toEqual(isGit ? expect.stringMatching(/^[0-9a-f]{40}$/) : undefined);
    },
  );

  it('a mutated archive ends in an ArchiveError or in a tree, and leaves no file behind', async () => {
    const plain = Buffer.concat([
      globalPax(record('comment', COMMIT)),
      TOP,
      entry({ name: 'repo/config.yaml', body: 'name: a\n' }),
      pax(record('path', `repo/prompts/${'long'.repeat(30)}`)),
      entry({ name: 'x', body: 'y'.repeat(600) }),
      entry({ name: 'repo/link', type: '2', linkName: 'x' }),
      END,
    ]);
    const edit = fc.record({ at: fc.nat({ max: plain.length - 1 }), byte: fc.nat({ max: 255 }) });
    const cut = fc.option(fc.nat({ max: plain.length }), { nil: plain.length });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { maxLength: 4 }), cut, fc.boolean(), async (edits, length, isInside) => {
        const bytes = isInside ? Buffer.from(plain.subarray(0, length)) : gzipSync(plain);
        for (const { at, byte } of edits) bytes[at % Math.max(1, bytes.length)] = byte;
        const options = {
          include,
          limits: ARCHIVE_LIMITS,
          directory,
          placeOf: () => join(directory, 'bundle'),
          signal,
        };
        const outcome = await buildBundle(inChunks(isInside ? gzipSync(bytes) : bytes), options).then(
          () => ['bundle'],
          (error: unknown) => {
            expect(error).toBeInstanceOf(ArchiveError);
            return [];
          },
        );
        expect(await readdir(directory)).toEqual(outcome);
        await rm(join(directory, 'bundle'), { force: true });
      }),
      { numRuns: 400 },
    );
  });
});
