import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArchiveErrorCode } from '../../../../src/assets/archive/archive-error.ts';
import { runByHand } from '../../../../src/materialize/run-by-hand.ts';
import { archive, END, entry, GOOD, globalPax, pax, record, TOP } from '../tar-builder.ts';

const text = 'echo hi\n';
const evil = (name: string | Buffer, raw: Partial<Parameters<typeof entry>[0]> = {}) =>
  archive(entry({ name, body: text, ...raw }));
const link = (name: string, linkName: string, type = '2') => entry({ name, linkName, type });
const gz = (...parts: readonly Buffer[]) => gzipSync(Buffer.concat(parts));
const good = gz(GOOD, END);
const P = 'repo/prompts';

/** Numbers are those of the archive table in our reliability notes; unnumbered rows are further attacks of the same family. */
const CASES: readonly (readonly [string, ArchiveErrorCode, Buffer])[] = [
  ['1 parent directory at the top', 'PathTraversal', evil('../x')],
  ['2 absolute path', 'PathAbsolute', evil('/etc/x')],
  ['3 parent directories inside', 'PathTraversal', evil('repo/prompts/../../../x')],
  ['3b parent directory that stays inside', 'PathTraversal', evil('repo/a/../config.yaml')],
  ['4 backslash traversal', 'PathTraversal', evil('repo/..\\..\\x')],
  ['4b backslash in an asset', 'PathBackslash', evil(`${P}/a\\b`)],
  ['5 drive-relative path', 'PathAbsolute', evil('C:../x')],
  ['6 UNC path', 'PathAbsolute', evil('//host/share')],
  [
    '7 absolute symlink, then a file through it',
    'EntryNotAllowed',
    archive(link(P, '/etc'), entry({ name: `${P}/x`, body: text })),
  ],
  [
    '8 relative symlink, then a file through it',
    'EntryNotAllowed',
    archive(link(P, '../..'), entry({ name: `${P}/x`, body: text })),
  ],
  ['9 chain of symlinks climbing out', 'EntryNotAllowed', archive(link(`${P}/a`, '..'), link(`${P}/b`, 'a/..'))],
  [
    '10 folder replaced by a symlink',
    'EntryNotAllowed',
    archive(entry({ name: `${P}/`, type: '5' }), link(P, '/etc'), entry({ name: `${P}/x` })),
  ],
  [
    '11 symlink, then a file of the same name',
    'EntryNotAllowed',
    archive(link(`${P}/x`, '/etc/passwd'), entry({ name: `${P}/x`, body: text })),
  ],
  ['12 absolute hard link', 'EntryNotAllowed', archive(link(`${P}/x`, '/etc/passwd', '1'))],
  ['13 hard link upwards', 'EntryNotAllowed', archive(link(`${P}/x`, '../../etc/passwd', '1'))],
  [
    '15 hard link to a later entry',
    'EntryNotAllowed',
    archive(link(`${P}/x`, `${P}/y`, '1'), entry({ name: `${P}/y` })),
  ],
  ['16 hard link to itself', 'EntryNotAllowed', archive(link(`${P}/x`, `${P}/x`, '1'))],
  ['17 names that differ by case', 'PathCollision', archive(entry({ name: `${P}/D` }), entry({ name: `${P}/d` }))],
  [
    '18 names that differ by Unicode form',
    'PathCollision',
    archive(entry({ name: `${P}/caf\u00e9` }), entry({ name: `${P}/cafe\u0301` })),
  ],
  [
    '19 names that meet by case folding',
    'PathCollision',
    archive(entry({ name: `${P}/ß` }), entry({ name: `${P}/SS` })),
  ],
  ['20 one name twice', 'DuplicatePath', archive(entry({ name: 'repo/config.yaml', body: 'evil\n' }))],
  ['21 file, then a child of it', 'FileAndFolder', archive(entry({ name: `${P}/a` }), entry({ name: `${P}/a/b` }))],
  ['21b child, then a file above it', 'FileAndFolder', archive(entry({ name: `${P}/a/b` }), entry({ name: `${P}/a` }))],
  ['21c file where the included folder should be', 'EntryNotAllowed', archive(entry({ name: P, body: text }))],
  ['22 character device', 'EntryNotAllowed', evil(`${P}/tty`, { type: '3', body: '' })],
  ['23 block device', 'EntryNotAllowed', evil(`${P}/sda`, { type: '4', body: '' })],
  ['24 FIFO', 'EntryNotAllowed', evil(`${P}/pipe`, { type: '6', body: '' })],
  ['25 set-uid and set-gid file', 'EntryNotAllowed', evil(`${P}/su`, { mode: '0006755' })],
  ['26 sticky folder', 'EntryNotAllowed', evil(`${P}/tmp/`, { type: '5', body: '', mode: '0001777' })],
  [
    '28 NUL in a pax path',
    'PathForbiddenCharacter',
    archive(pax(record('path', `${P}/ok\0evil`)), entry({ name: 'x' })),
  ],
  ['29 pax path upwards', 'PathTraversal', archive(pax(record('path', 'repo/../../x')), entry({ name: `${P}/x` }))],
  ['30 pax linkpath on an asset', 'EntryNotAllowed', archive(pax(record('linkpath', '/etc')), link(`${P}/x`, ''))],
  [
    '31 global pax path',
    'UnsupportedPaxKey',
    archive(globalPax(record('path', `${P}/evil`)), entry({ name: `${P}/x` })),
  ],
  ['31b global pax size', 'UnsupportedPaxKey', archive(globalPax(record('size', '0')), entry({ name: `${P}/x` }))],
  ['32 numeric pax path', 'TopFolder', archive(pax(record('path', '12345')), entry({ name: `${P}/x` }))],
  [
    '33 pax size unlike that of the header',
    'BadSize',
    archive(pax(record('size', '1024')), entry({ name: `${P}/x`, body: text })),
  ],
  [
    '34 pax size over a header size of zero',
    'BadSize',
    archive(pax(record('size', '512')), entry({ name: `${P}/x`, size: '00000000000\0' }), entry({ name: `${P}/y` })),
  ],
  [
    '35 pax record that lies about its length',
    'BadPaxHeader',
    archive(pax(Buffer.from('99 path=x\n')), entry({ name: `${P}/x` })),
  ],
  [
    '36 pax record without a newline',
    'BadPaxHeader',
    archive(pax(Buffer.from('10 path=xy')), entry({ name: `${P}/x` })),
  ],
  ['36b pax record without a length', 'BadPaxHeader', archive(pax(Buffer.from('path=x\n')), entry({ name: `${P}/x` }))],
  [
    '37 pax key twice',
    'BadPaxHeader',
    archive(pax(record('path', `${P}/a`), record('path', '../x')), entry({ name: `${P}/x` })),
  ],
  ['38 GNU long name', 'UnsupportedType', evil('././@LongLink', { type: 'L', body: '../x\0' })],
  ['39 GNU long link', 'UnsupportedType', evil('././@LongLink', { type: 'K', body: '/etc\0' })],
  [
    '40 path of 70 kB',
    'PaxHeaderTooLarge',
    archive(pax(record('path', `${P}/${'a'.repeat(70_000)}`)), entry({ name: 'x' })),
  ],
  [
    '40b path of 600 bytes',
    'PathTooLong',
    archive(pax(record('path', `${P}/${'abcdefgh/'.repeat(65)}a`)), entry({ name: 'x' })),
  ],
  [
    '41 component of 300 bytes',
    'PathComponentTooLong',
    archive(pax(record('path', `${P}/${'a'.repeat(300)}`)), entry({ name: 'x' })),
  ],
  [
    '42 forty folders deep',
    'PathTooDeep',
    archive(pax(record('path', `${P}/${'a/'.repeat(40)}x`)), entry({ name: 'x' })),
  ],
  ['43 negative size in base 256', 'BadSize', evil(`${P}/x`, { size: Buffer.alloc(12, 0xff) })],
  [
    '44 size beyond 2^53 in base 256',
    'BadSize',
    evil(`${P}/x`, { size: Buffer.from('80ffffffffffffffffffffff', 'hex') }),
  ],
  ['44b size that is no number', 'BadSize', evil(`${P}/x`, { size: '0000000008z\0' })],
  ['45 size beyond the end', 'Truncated', gz(GOOD, entry({ name: `${P}/x`, size: '00000004000\0' }))],
  ['46 cut off inside a header', 'Truncated', gz(GOOD, entry({ name: `${P}/x` }).subarray(0, 200))],
  [
    '46b cut off inside a body',
    'Truncated',
    gz(GOOD, entry({ name: `${P}/x`, body: 'a'.repeat(700) }).subarray(0, 1024)),
  ],
  ['47 bad checksum', 'BadChecksum', evil(`${P}/x`, { checksum: '000001\0 ' })],
  ['48 no end marker', 'MissingEnd', gz(GOOD)],
  ['48b half an end marker', 'MissingEnd', gz(GOOD, Buffer.alloc(512))],
  ['49 entries after the end marker', 'TrailingData', gz(GOOD, END, entry({ name: `${P}/x` }), END)],
  ['50 one zero block, then more', 'TrailingData', gz(GOOD, Buffer.alloc(512), entry({ name: `${P}/x` }), END)],
  ['51 two gzip members', 'GzipTrailingData', Buffer.concat([good, good])],
  ['52 garbage after the gzip data', 'GzipTrailingData', Buffer.concat([good, Buffer.from('garbage')])],
  ['53 gzip data cut off', 'GzipTruncated', good.subarray(0, good.length - 20)],
  ['53b gzip trailer cut off', 'GzipTruncated', good.subarray(0, good.length - 1)],
  [
    '54 wrong gzip checksum',
    'GzipCorrupt',
    Buffer.concat([good.subarray(0, -8), Buffer.from([1, 2, 3, 4]), good.subarray(-4)]),
  ],
  ['54b wrong gzip length', 'GzipCorrupt', Buffer.concat([good.subarray(0, -4), Buffer.from([1, 2, 3, 4])])],
  ['55 plain tar', 'NotGzip', Buffer.concat([GOOD, END])],
  ['56 HTML page', 'NotGzip', Buffer.from('<!doctype html><title>Sign in</title>')],
  ['56b gzipped HTML page', 'NotTar', gzipSync(`<!doctype html>${' '.repeat(1000)}`)],
  ['57 nothing', 'NotGzip', Buffer.alloc(0)],
  ['58 gzip of nothing', 'MissingEnd', gzipSync(Buffer.alloc(0))],
  ['58b an archive of nothing', 'NothingIncluded', gz(END)],
  ['58c nothing that is included', 'NothingIncluded', gz(TOP, entry({ name: 'repo/README.md' }), END)],
  [
    '59 300 MiB of zeros outside the allowlist',
    'ExpandedTooLarge',
    gz(GOOD, entry({ name: 'repo/big', size: '02260000000\0' })),
  ],
  [
    '59b 20 MiB of zeros in an asset',
    'AssetsTooLarge',
    archive(entry({ name: `${P}/big`, body: Buffer.alloc(20 * 1024 * 1024) })),
  ],
  [
    '60 10,001 entries',
    'TooManyEntries',
    archive(...Array.from({ length: 10_000 }, (_, index) => entry({ name: `repo/f${index}` }))),
  ],
  ['61 GNU sparse file', 'UnsupportedType', evil(`${P}/x`, { type: 'S' })],
  [
    '61b sparse file by pax',
    'UnsupportedPaxKey',
    archive(pax(record('GNU.sparse.major', '1')), entry({ name: `${P}/x` })),
  ],
  ['62 multi-volume continuation', 'UnsupportedType', evil(`${P}/x`, { type: 'M' })],
  ['63 unknown type', 'UnsupportedType', evil(`${P}/x`, { type: 'Q' })],
  ['63b unknown type outside the allowlist', 'UnsupportedType', evil('repo/x', { type: 'Q' })],
  ['64 contiguous file', 'UnsupportedType', evil(`${P}/x`, { type: '7' })],
  ['65 folder with a body', 'UnexpectedBody', evil(`${P}/x/`, { type: '5' })],
  ['66 symlink with a body outside the allowlist', 'UnexpectedBody', evil('repo/x', { type: '2' })],
  ['67 entry ./', 'PathTraversal', evil('./', { type: '5', body: '', mode: '0000000' })],
  ['68 . as a symlink', 'PathTraversal', archive(link('.', '/etc'))],
  ['69 empty name', 'PathEmpty', evil('')],
  ['70 newline and colours in a name', 'PathForbiddenCharacter', evil(`${P}/a\n\u001b[31mERROR`)],
  ['71 bidirectional override in a name', 'PathForbiddenCharacter', evil(`${P}/\u202excod.md`)],
  ['72 name that is not UTF-8', 'PathNotUtf8', evil(Buffer.concat([Buffer.from(`${P}/`), Buffer.from([0xff, 0xfe])]))],
  ['74 ustar prefix upwards', 'PathTraversal', evil('x', { prefix: 'repo/..' })],
  [
    '77 capability attribute',
    'UnsupportedPaxKey',
    archive(pax(record('SCHILY.xattr.security.capability', 'x')), entry({ name: `${P}/x` })),
  ],
  [
    '78 pax header of 5 MB',
    'PaxHeaderTooLarge',
    archive(pax(record('comment', 'a'.repeat(5_000_000))), entry({ name: `${P}/x` })),
  ],
  ['two top folders', 'TopFolder', archive(entry({ name: 'other/config.yaml', body: text }))],
  ['a file at the top', 'TopFolder', archive(entry({ name: 'config.yaml', body: text }))],
  [
    'a symlink as the top folder',
    'TopFolder',
    gz(link('repo', '/etc'), entry({ name: 'repo/config.yaml', body: text }), END),
  ],
  ['our own folder by another spelling', 'PathTraversal', evil('repo/./.molecule/manifest.json')],
  ['a pax header without an entry', 'BadPaxHeader', archive(pax(record('path', `${P}/x`)))],
  [
    'two pax headers before one entry',
    'BadPaxHeader',
    archive(pax(record('path', `${P}/x`)), pax(record('path', `${P}/y`)), entry({ name: 'x' })),
  ],
  ['bytes behind the end of a name', 'BadHeader', evil(`${P}/x\0evil`)],
  ['a mode that is no number', 'BadHeader', evil(`${P}/x`, { mode: 'abcdefg' })],
  ['an old tar without a format', 'NotTar', evil(`${P}/x`, { magic: '\0\0\0\0\0\0\0\0' })],
];

async function snapshot(directory: string): Promise<readonly string[]> {
  const names = (await readdir(directory, { recursive: true })).sort();
  return Promise.all(
    names.map(async (name) => {
      const { mode, size, mtimeMs, ino } = await lstat(join(directory, name));
      return `${name} ${mode} ${size} ${mtimeMs} ${ino}`;
    }),
  );
}

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

  it.each(CASES)('is refused as a whole, target untouched: %s → %s', async (name, code, bytes) => {
    const file = join(tmpdir(), `${name.replace(/\W+/g, '-')}-${process.pid}.tgz`);
    await writeFile(file, bytes);
    try {
      const { exitCode, report } = await runByHand({ archive: file, target, signal: AbortSignal.timeout(30_000) });
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
