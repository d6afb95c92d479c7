import { gzipSync } from 'node:zlib';
import type { ArchiveErrorCode } from '../../src/assets/archive/archive-error.ts';
import { END, entry, globalPax, pax, type RawEntry, record } from '../unit/assets/tar-builder.ts';

/** Files that an archive is to give, by path. */
export type Kept = Readonly<Record<string, string>>;

/** An archive that some program mistakes for a good one, and what is to come of it. */
export interface HostileArchive {
  /** The row of the archive table in our reliability notes; letters are further attacks of the same family. */
  readonly row: string;
  readonly title: string;
  /** Refused with this code; or harmless, and then exactly these files are kept of it. */
  readonly expected: ArchiveErrorCode | Kept;
  /** The whole archive, with entries of others before and behind what is hostile. */
  build(before: Buffer, behind: Buffer): Buffer;
}

type Build = HostileArchive['build'];

const TEXT = 'echo hi\n';
const P = 'repo/agent-skills/evil';
const MiB = 1024 * 1024;

const gz = (...parts: readonly Buffer[]): Buffer => gzipSync(Buffer.concat(parts));
const members =
  (...parts: readonly Buffer[]): Build =>
  (before, behind) =>
    gz(before, ...parts, behind, END);
/** What is hostile ends the archive. */
const ending =
  (...parts: readonly Buffer[]): Build =>
  (before, behind) =>
    gz(before, behind, ...parts);
/** What is hostile is done to a whole archive. */
const whole =
  (change: (good: Buffer) => Buffer): Build =>
  (before, behind) =>
    change(gz(before, behind, END));

const file = (name: string | Buffer, raw: Partial<RawEntry> = {}): Buffer => entry({ name, body: TEXT, ...raw });
const folder = (name: string, mode = '0000755'): Buffer => entry({ name, type: '5', mode });
const link = (name: string, linkName: string, type = '2'): Buffer => entry({ name, linkName, type });
const named = (path: string): readonly Buffer[] => [pax(record('path', path)), entry({ name: `${P}/short` })];
const bytes = (name: string, ...values: number[]): Buffer => Buffer.concat([Buffer.from(name), Buffer.from(values)]);

function row(
  number: string,
  title: string,
  expected: HostileArchive['expected'],
  build: Build | readonly Buffer[],
): HostileArchive {
  return { row: number, title, expected, build: typeof build === 'function' ? build : members(...build) };
}

const PATHS: readonly HostileArchive[] = [
  row('1', 'parent directory at the top', 'PathTraversal', [file('../x')]),
  row('2', 'absolute path', 'PathAbsolute', [file('/etc/x')]),
  row('3', 'parent directories inside', 'PathTraversal', [file('repo/prompts/../../../x')]),
  row('3b', 'parent directory that stays inside', 'PathTraversal', [file('repo/a/../config.yaml')]),
  row('4', 'backslash traversal', 'PathTraversal', [file('repo/..\\..\\x')]),
  row('4b', 'backslash in an asset', 'PathBackslash', [file(`${P}/a\\b`)]),
  row('5', 'drive-relative path', 'PathAbsolute', [file('C:../x')]),
  row('6', 'UNC path', 'PathAbsolute', [file('//host/share')]),
  row('40', 'path of 70 kB', 'PaxHeaderTooLarge', named(`${P}/${'a'.repeat(70_000)}`)),
  row('40b', 'path of 600 bytes', 'PathTooLong', named(`${P}/${'abcdefgh/'.repeat(65)}a`)),
  row('40c', 'path of 600 bytes outside the allowlist', 'PathTooLong', named(`repo/${'abcdefgh/'.repeat(65)}a`)),
  row('41', 'component of 300 bytes', 'PathComponentTooLong', named(`${P}/${'a'.repeat(300)}`)),
  row('41b', 'component of 300 bytes outside the allowlist', 'PathComponentTooLong', named(`repo/${'a'.repeat(300)}`)),
  row('42', '200 folders deep', 'PathTooDeep', named(`${P}/${'a/'.repeat(200)}x`)),
  row('42b', '2,000 folders deep', 'PathTooLong', named(`${P}/${'a/'.repeat(2000)}x`)),
  row('42c', '40 folders deep outside the allowlist', 'PathTooDeep', named(`repo/${'a/'.repeat(40)}x`)),
  row('67', 'entry ./', 'PathTraversal', [folder('./', '0000000')]),
  row('68', '. as a symlink', 'PathTraversal', [link('.', '/etc')]),
  row('69', 'empty name', 'PathEmpty', [file('')]),
  row('70', 'newline and colours in a name', 'PathForbiddenCharacter', [file(`${P}/a\n\u001b[31mERROR`)]),
  row('70b', 'newline in a name outside the allowlist', 'PathForbiddenCharacter', [file('repo/a\nERROR')]),
  row('70c', 'newline in the name of a symlink', 'PathForbiddenCharacter', [link('repo/a\nERROR', 'x')]),
  row('71', 'bidirectional override in a name', 'PathForbiddenCharacter', [file(`${P}/\u202excod.md`)]),
  row('71b', 'bidirectional override outside the allowlist', 'PathForbiddenCharacter', [file('repo/\u202excod.md')]),
  row('72', 'name that is not UTF-8', 'PathNotUtf8', [file(bytes(`${P}/`, 0xff, 0xfe))]),
  row('72b', 'name outside the allowlist that is not UTF-8', 'PathNotUtf8', [file(bytes('repo/', 0xff))]),
  row('73', 'hooks, keys and settings outside the allowlist', { 'agent-skills/evil/a': TEXT }, [
    ...['.git/hooks/post-checkout', '.ssh/authorized_keys', '.npmrc', '.env'].map((name) => file(`repo/${name}`)),
    file(`${P}/a`),
  ]),
  row('73b', 'git hook among the assets', 'PathReserved', [file(`${P}/.git/hooks/post-checkout`)]),
  row('73c', 'git hook by another case', 'PathReserved', [file(`${P}/.GIT/config`)]),
  row('74', 'ustar prefix upwards', 'PathTraversal', [file('x', { prefix: 'repo/..' })]),
  row('F1', 'two top folders', 'TopFolder', [file('other/config.yaml')]),
  row('F2', 'a file at the top', 'TopFolder', [file('config.yaml')]),
  row('F3', 'a symlink as the top folder', 'TopFolder', () => gz(link('repo', '/etc'), file('repo/config.yaml'), END)),
  row('F4', 'our own folder by another spelling', 'PathTraversal', [file('repo/./.molecule/manifest.json')]),
];

const LINKS: readonly HostileArchive[] = [
  row('7', 'absolute symlink, then a file through it', 'EntryNotAllowed', [link(P, '/etc'), file(`${P}/x`)]),
  row('8', 'relative symlink, then a file through it', 'EntryNotAllowed', [link(P, '../..'), file(`${P}/x`)]),
  row('8b', 'symlink outside the allowlist, then a file through it', 'FileAndFolder', [
    link('repo/docs', '/etc'),
    file('repo/docs/x'),
  ]),
  row('9', 'chain of symlinks climbing out', 'EntryNotAllowed', [link(`${P}/a`, '..'), link(`${P}/b`, 'a/..')]),
  row('10', 'folder replaced by a symlink', 'FileAndFolder', [folder(`${P}/`), link(P, '/etc'), file(`${P}/x`)]),
  row('11', 'symlink, then a file of its name', 'EntryNotAllowed', [link(`${P}/x`, '/etc/passwd'), file(`${P}/x`)]),
  row('12', 'absolute hard link', 'EntryNotAllowed', [link(`${P}/x`, '/etc/passwd', '1')]),
  row('13', 'hard link upwards', 'EntryNotAllowed', [link(`${P}/x`, '../../etc/passwd', '1')]),
  row('14', 'hard link through a symlink', 'EntryNotAllowed', [
    link('repo/out', '/etc'),
    link(`${P}/x`, 'repo/out/passwd', '1'),
  ]),
  row('15', 'hard link to a later entry', 'EntryNotAllowed', [link(`${P}/x`, `${P}/y`, '1'), file(`${P}/y`)]),
  row('16', 'hard link to itself', 'EntryNotAllowed', [link(`${P}/x`, `${P}/x`, '1')]),
  row('22', 'character device', 'EntryNotAllowed', [entry({ name: `${P}/tty`, type: '3' })]),
  row('23', 'block device', 'EntryNotAllowed', [entry({ name: `${P}/sda`, type: '4' })]),
  row('24', 'FIFO', 'EntryNotAllowed', [entry({ name: `${P}/pipe`, type: '6' })]),
  row('25', 'set-uid and set-gid file', 'EntryNotAllowed', [file(`${P}/su`, { mode: '0006755' })]),
  row('26', 'sticky folder', 'EntryNotAllowed', [folder(`${P}/tmp/`, '0001777')]),
  row('27', 'folder that nobody may enter', 'EntryNotAllowed', [folder(`${P}/`, '0000000'), file(`${P}/x`)]),
  row('75', 'owners that are somebody else', { 'agent-skills/evil/x': TEXT }, [file(`${P}/x`, { uid: '0002322\0' })]),
  row('75b', 'owner that is no octal number', 'BadHeader', [file(`${P}/x`, { uid: Buffer.alloc(8, 0xff) })]),
  row('76', 'time far in the future', { 'agent-skills/evil/x': TEXT }, [file(`${P}/x`, { mtime: '77777777777\0' })]),
  row('76b', 'time that is no octal number', 'BadHeader', [file(`${P}/x`, { mtime: Buffer.alloc(12, 0xff) })]),
];

const NAMES: readonly HostileArchive[] = [
  row('17', 'folder, and a symlink of its name by case', 'EntryNotAllowed', [
    folder(`${P}/D/`),
    link(`${P}/d`, '/etc'),
  ]),
  row('17b', 'names that differ by case', 'PathCollision', [file(`${P}/D`), file(`${P}/d`)]),
  row('17c', 'folders that differ by case', 'PathCollision', [file(`${P}/D/a`), file(`${P}/d/b`)]),
  row('18', 'names that differ by Unicode form', 'PathCollision', [file(`${P}/caf\u00e9`), file(`${P}/cafe\u0301`)]),
  row('19', 'names that meet by case folding', 'PathCollision', [file(`${P}/ß`), file(`${P}/SS`)]),
  row('19b', 'names that meet by folding twice', 'PathCollision', [file(`${P}/\u1e9e`), file(`${P}/ss`)]),
  row('20', 'one name twice', 'DuplicatePath', [file(`${P}/x`), file(`${P}/x`, { body: 'evil\n' })]),
  row('20b', 'one name twice outside the allowlist', 'DuplicatePath', [file('repo/x'), file('repo/x')]),
  row('21', 'file, then a child of it', 'FileAndFolder', [file(`${P}/a`), file(`${P}/a/b`)]),
  row('21b', 'child, then a file above it', 'FileAndFolder', [file(`${P}/a/b`), file(`${P}/a`)]),
  row('21c', 'file where an included folder should be', 'EntryNotAllowed', () =>
    gz(file('repo/config.yaml'), file('repo/agent-skills'), END),
  ),
];

const RECORDS: readonly HostileArchive[] = [
  row('28', 'NUL in a pax path', 'PathForbiddenCharacter', named(`${P}/ok\0evil`)),
  row('29', 'pax path upwards', 'PathTraversal', named('repo/../../x')),
  row('30', 'absolute pax linkpath', 'EntryNotAllowed', [pax(record('linkpath', '/etc')), link(`${P}/x`, '')]),
  row('31', 'global pax path', 'UnsupportedPaxKey', [globalPax(record('path', `${P}/evil`)), file(`${P}/x`)]),
  row('31b', 'global pax size', 'UnsupportedPaxKey', [globalPax(record('size', '0')), file(`${P}/x`)]),
  row('32', 'numeric pax path', 'TopFolder', named('12345')),
  row('33', 'pax size before a GNU long name', 'UnsupportedType', [
    pax(record('size', '1024')),
    entry({ name: '././@LongLink', type: 'L', body: `${P}/x\0` }),
    file(`${P}/x`),
  ]),
  row('33b', 'pax size unlike that of the header', 'BadSize', [pax(record('size', '1024')), file(`${P}/x`)]),
  row('34', 'pax size over a header size of zero, with a header inside', 'BadSize', [
    pax(record('size', '512')),
    entry({ name: `${P}/x`, size: '00000000000\0' }),
    entry({ name: `${P}/y` }),
  ]),
  row('35', 'pax record that lies about its length', 'BadPaxHeader', [pax(Buffer.from('99 path=x\n')), file(`${P}/x`)]),
  row('36', 'pax record without a newline', 'BadPaxHeader', [pax(Buffer.from('10 path=xy')), file(`${P}/x`)]),
  row('36b', 'pax record without a length', 'BadPaxHeader', [pax(Buffer.from('path=x\n')), file(`${P}/x`)]),
  row('36c', 'pax record that swallows the next', 'BadPaxHeader', [
    pax(record('mtime', `1\n${record('path', `${P}/a`)}`)),
    file(`${P}/x`),
  ]),
  row('37', 'pax key twice', 'BadPaxHeader', [pax(record('path', `${P}/a`), record('path', '../x')), file(`${P}/x`)]),
  row('38', 'GNU long name', 'UnsupportedType', [entry({ name: '././@LongLink', type: 'L', body: '../x\0' })]),
  row('39', 'GNU long link', 'UnsupportedType', [entry({ name: '././@LongLink', type: 'K', body: '/etc\0' })]),
  row('61b', 'sparse file by pax', 'UnsupportedPaxKey', [pax(record('GNU.sparse.major', '1')), file(`${P}/x`)]),
  row('77', 'capability attribute', 'UnsupportedPaxKey', [
    pax(record('SCHILY.xattr.security.capability', 'x')),
    file(`${P}/x`),
  ]),
  row('78', 'pax header of 5 MB', 'PaxHeaderTooLarge', [pax(record('comment', 'a'.repeat(5_000_000))), file(`${P}/x`)]),
  row('F5', 'a pax header without an entry', 'BadPaxHeader', ending(pax(record('path', `${P}/x`)), END)),
  row('F6', 'two pax headers before one entry', 'BadPaxHeader', [
    pax(record('path', `${P}/x`)),
    pax(record('path', `${P}/y`)),
    file('x'),
  ]),
  row('F7', 'a path in invalid UTF-8 in a pax header', 'PathNotUtf8', [
    pax(record('path', bytes(`${P}/`, 0xff))),
    file(`${P}/x`),
  ]),
];

const STRUCTURE: readonly HostileArchive[] = [
  row('43', 'negative size in base 256', 'BadSize', [file(`${P}/x`, { size: Buffer.alloc(12, 0xff) })]),
  row('44', 'size beyond 2^53 in base 256', 'BadSize', [
    file(`${P}/x`, { size: Buffer.from('80ffffffffffffffffffffff', 'hex') }),
  ]),
  row('44b', 'size that is no number', 'BadSize', [file(`${P}/x`, { size: '0000000008z\0' })]),
  row('45', 'size beyond the end', 'Truncated', [file(`${P}/x`, { size: '00060000000\0' })]),
  row('46', 'cut off inside a header', 'Truncated', ending(file(`${P}/x`).subarray(0, 200))),
  row('46b', 'cut off inside a body', 'Truncated', ending(file(`${P}/x`, { body: 'a'.repeat(700) }).subarray(0, 1024))),
  row('47', 'bad checksum', 'BadChecksum', [file(`${P}/x`, { checksum: '000001\0 ' })]),
  row('48', 'no end mark', 'MissingEnd', ending()),
  row('48b', 'half an end mark', 'MissingEnd', ending(Buffer.alloc(512))),
  row('49', 'entries after the end mark', 'TrailingData', ending(END, file(`${P}/x`), END)),
  row('49b', 'bytes after the end mark', 'TrailingData', ending(END, Buffer.alloc(512, 1))),
  row('49c', 'half a block after the end mark', 'Truncated', ending(END, Buffer.alloc(100))),
  row('50', 'one zero block, then more', 'TrailingData', [Buffer.alloc(512), file(`${P}/x`)]),
  row('55', 'plain tar', 'NotGzip', (before, behind) => Buffer.concat([before, behind, END])),
  row('56', 'HTML page', 'NotGzip', () => Buffer.from('<!doctype html><title>Sign in</title>')),
  row('56b', 'gzipped HTML page', 'NotTar', () => gzipSync(`<!doctype html>${' '.repeat(1000)}`)),
  row('58b', 'an archive of nothing', 'NothingIncluded', () => gz(END)),
  row('58c', 'nothing that is included', 'NothingIncluded', () => gz(folder('repo/'), file('repo/README.md'), END)),
  row('61', 'GNU sparse file', 'UnsupportedType', [file(`${P}/x`, { type: 'S' })]),
  row('62', 'multi-volume continuation', 'UnsupportedType', [file(`${P}/x`, { type: 'M' })]),
  row('63', 'unknown type', 'UnsupportedType', [file(`${P}/x`, { type: 'Q' })]),
  row('63b', 'unknown type outside the allowlist', 'UnsupportedType', [file('repo/x', { type: 'Q' })]),
  row('64', 'contiguous file', 'UnsupportedType', [file(`${P}/x`, { type: '7' })]),
  row('65', 'folder with a body', 'UnexpectedBody', [file(`${P}/x/`, { type: '5' })]),
  row('66', 'symlink with a body', 'UnexpectedBody', [file(`${P}/x`, { type: '2' })]),
  row('66b', 'symlink with a body outside the allowlist', 'UnexpectedBody', [file('repo/x', { type: '2' })]),
  row('F8', 'bytes behind the end of a name', 'BadHeader', [file(`${P}/x\0evil`)]),
  row('F9', 'a mode that is no number', 'BadHeader', [file(`${P}/x`, { mode: 'abcdefg' })]),
  row('F10', 'an old tar without a format', 'NotTar', [file(`${P}/x`, { magic: '\0\0\0\0\0\0\0\0' })]),
];

const GZIP: readonly HostileArchive[] = [
  row(
    '51',
    'two gzip members',
    'GzipTrailingData',
    whole((good) => Buffer.concat([good, good])),
  ),
  row('51b', 'one archive in two gzip members', 'GzipTrailingData', (before, behind) =>
    Buffer.concat([gz(before, file(`${P}/x`), END), gz(behind, END)]),
  ),
  row(
    '52',
    'garbage after the gzip data',
    'GzipTrailingData',
    whole((good) => bytes('', ...good, 1)),
  ),
  row(
    '52b',
    'a zero after the gzip data',
    'GzipTrailingData',
    whole((good) => bytes('', ...good, 0)),
  ),
  row(
    '53',
    'gzip data cut off',
    'GzipTruncated',
    whole((good) => good.subarray(0, -20)),
  ),
  row(
    '53b',
    'gzip trailer cut off',
    'GzipTruncated',
    whole((good) => good.subarray(0, -1)),
  ),
  row(
    '53c',
    'gzip header cut off',
    'GzipTruncated',
    whole((good) => good.subarray(0, 7)),
  ),
  row(
    '54',
    'wrong gzip checksum',
    'GzipCorrupt',
    whole((good) => flip(good, -8)),
  ),
  row(
    '54b',
    'wrong gzip length',
    'GzipCorrupt',
    whole((good) => flip(good, -4)),
  ),
  row('57', 'nothing', 'NotGzip', () => Buffer.alloc(0)),
  row('58', 'gzip of nothing', 'MissingEnd', () => gz()),
];

const BOMBS: readonly HostileArchive[] = [
  row('59', '40 MiB of zeros at 1,000:1', 'RatioTooHigh', (before, behind) =>
    gz(before, entry({ name: 'repo/big', body: Buffer.alloc(40 * MiB) }), behind, END),
  ),
  row('59b', 'a file of 300 MiB', 'FileTooLarge', [file('repo/big', { size: '02260000000\0' })]),
  row('59c', '20 MiB of zeros in an asset', 'FileTooLarge', (before, behind) =>
    gz(before, entry({ name: `${P}/big`, body: Buffer.alloc(20 * MiB) }), behind, END),
  ),
  row('60', '10,001 empty files', 'TooManyEntries', (before, behind) =>
    gz(before, ...Array.from({ length: 10_001 }, (_, index) => entry({ name: `repo/f${index}` })), behind, END),
  ),
];

function flip(whole: Buffer, at: number): Buffer {
  const flipped = Buffer.from(whole);
  const index = whole.length + at;
  flipped[index] = (flipped[index] ?? 0) ^ 0xff;
  return flipped;
}

export const HOSTILE_ARCHIVES: readonly HostileArchive[] = [
  PATHS,
  LINKS,
  NAMES,
  RECORDS,
  STRUCTURE,
  GZIP,
  BOMBS,
].flat();

/** How many rows the table in our notes has. */
export const TABLE_ROWS = 78;
