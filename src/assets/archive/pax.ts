import { ArchiveError } from './archive-error.ts';

export type PaxRecords = ReadonlyMap<string, string>;

/** Understood or harmless: owners and times are never applied to a volume. Extended attributes and sparse maps are refused. */
const ENTRY_KEYS: ReadonlySet<string> = new Set([
  'path',
  'linkpath',
  'size',
  'comment',
  'atime',
  'ctime',
  'mtime',
  'uid',
  'gid',
  'uname',
  'gname',
]);
const NUMBERS: ReadonlySet<string> = new Set(['atime', 'ctime', 'mtime', 'uid', 'gid']);
const NUMBER = /^-?\d{1,20}(?:\.\d{1,20})?$/;
const CONTROL = /\p{Cc}/u;
/** `git archive` puts the commit there. A global path or size would apply to every entry, and programs disagree on it. */
const GLOBAL_KEYS: ReadonlySet<string> = new Set(['comment']);

export interface PaxHeader {
  /** Of the header itself, for people. */
  readonly name: string;
  readonly scope: 'entry' | 'global';
}

/**
 * Records of one pax header: `<length> <key>=<value>\n`, where length counts the whole record.
 * Values are lossy UTF-8, like names in headers.
 * @throws ArchiveError BadPaxHeader, UnsupportedPaxKey
 */
export function parsePax(body: Buffer, { name, scope }: PaxHeader): PaxRecords {
  const allowed = scope === 'entry' ? ENTRY_KEYS : GLOBAL_KEYS;
  const bad = (what: string): ArchiveError =>
    new ArchiveError('BadPaxHeader', { message: `a pax header ${what}`, path: name });
  const records = new Map<string, string>();
  let offset = 0;
  while (offset < body.length) {
    const { key, value, end } = readRecord(body, offset, bad);
    if (!allowed.has(key)) {
      const message = `a pax header sets ${JSON.stringify(key.slice(0, 64))}`;
      throw new ArchiveError('UnsupportedPaxKey', { message, path: name });
    }
    if (records.has(key)) throw bad('sets a key twice');
    if (NUMBERS.has(key) && !NUMBER.test(value)) throw bad('has an owner or a time that is no number');
    // A record that says that it is longer swallows the next, which another program may read. A path is judged by itself.
    if (key !== 'path' && CONTROL.test(value)) throw bad('has a value with a control character');
    records.set(key, value);
    offset = end;
  }
  return records;
}

function readRecord(
  body: Buffer,
  offset: number,
  bad: (what: string) => ArchiveError,
): { readonly key: string; readonly value: string; readonly end: number } {
  const lengthText = /^([1-9][0-9]{0,6}) /.exec(body.toString('latin1', offset, offset + 9))?.[1];
  if (lengthText === undefined) throw bad('has a record without a length');
  const end = offset + Number(lengthText);
  const start = offset + lengthText.length + 1;
  if (end > body.length || end <= start) throw bad('has a record longer than itself');
  if (body[end - 1] !== 0x0a) throw bad('has a record that does not end where it says');
  const separator = body.indexOf(0x3d, start);
  if (separator <= start || separator >= end - 1) throw bad('has a record without key or value');
  const key = body.toString('latin1', start, separator);
  if (!/^[\w.-]+$/.test(key)) throw bad('has a malformed key');
  return { key, value: body.toString('utf8', separator + 1, end - 1), end };
}
