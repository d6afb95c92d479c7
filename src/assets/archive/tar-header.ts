import { ArchiveError } from './archive-error.ts';

export const BLOCK_BYTES = 512;

/** One header block, checked and decoded. `name` is lossy UTF-8: bytes that are not UTF-8 became U+FFFD. */
export interface TarHeader {
  readonly name: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly type: TarType;
}

export type TarType = 'file' | 'directory' | 'link' | 'symlink' | 'device' | 'fifo' | 'pax' | 'globalPax';

/**
 * The types whose length on the tape is known from the header alone. Everything else (GNU long names, sparse files,
 * volumes, vendor types) is refused wherever it stands: programs disagree about what follows them, and an archive that
 * two programs read differently is an attack. `git archive` never writes them.
 */
const TYPES: Readonly<Record<string, TarType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'device',
  '4': 'device',
  '5': 'directory',
  '6': 'fifo',
  x: 'pax',
  g: 'globalPax',
};

const POSIX_MAGIC = 'ustar\x0000';
const GNU_MAGIC = 'ustar  \0';

const ZEROS = Buffer.alloc(BLOCK_BYTES);

/** @param bytes at most a block */
export function isZero(bytes: Buffer): boolean {
  return bytes.equals(bytes.length === BLOCK_BYTES ? ZEROS : ZEROS.subarray(0, bytes.length));
}

/**
 * @param block exactly 512 bytes, not all zero
 * @throws ArchiveError NotTar, BadChecksum, BadHeader, BadSize, UnsupportedType, UnexpectedBody
 */
export function parseTarHeader(block: Buffer): TarHeader {
  const magic = block.toString('latin1', 257, 265);
  const isTar = magic === POSIX_MAGIC || magic === GNU_MAGIC;
  if (parseOctal(block, { start: 148, length: 8 }) !== checksumOf(block)) {
    throw new ArchiveError(isTar ? 'BadChecksum' : 'NotTar', { message: 'a header block is not one' });
  }
  if (!isTar) throw new ArchiveError('NotTar', { message: 'its tar format is neither ustar nor pax' });

  const name = readText(block, { start: 0, length: 100 });
  const prefix = magic === POSIX_MAGIC ? readText(block, { start: 345, length: 155 }) : '';
  const path = prefix === '' ? name : `${prefix}/${name}`;
  const type = TYPES[String.fromCharCode(block.readUInt8(156))];
  if (type === undefined)
    throw new ArchiveError('UnsupportedType', { message: 'it has an entry of a type that is not supported', path });

  const mode = parseOctal(block, { start: 100, length: 8 });
  if (mode === undefined) throw new ArchiveError('BadHeader', { message: 'a mode is not an octal number', path });
  for (const field of UNUSED_NUMBERS) {
    if (!isOctalOrBlank(block, field))
      throw new ArchiveError('BadHeader', { message: 'an owner or a time is not an octal number', path });
  }
  const sizeBytes = parseOctal(block, { start: 124, length: 12 });
  if (sizeBytes === undefined) throw new ArchiveError('BadSize', { message: 'a size is not an octal number', path });
  const hasBody = type === 'file' || type === 'pax' || type === 'globalPax';
  if (!hasBody && sizeBytes !== 0) {
    throw new ArchiveError('UnexpectedBody', { message: `it has a ${type} with content`, path });
  }
  return { name: path, mode, sizeBytes, type };
}

interface Field {
  readonly start: number;
  readonly length: number;
}

/** Owner, group and time: never applied, and yet a header in which they are no numbers is none. */
const UNUSED_NUMBERS: readonly Field[] = [
  { start: 108, length: 8 },
  { start: 116, length: 8 },
  { start: 136, length: 12 },
];

/** Unsigned sum with the checksum field itself read as spaces. The signed variant of old programs is not accepted. */
function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let index = 0; index < 148; index++) sum += block[index] ?? 0;
  for (let index = 156; index < BLOCK_BYTES; index++) sum += block[index] ?? 0;
  return sum;
}

function isOctalOrBlank(block: Buffer, { start, length }: Field): boolean {
  return /^ *[0-7]*[ \0]*$/.test(block.toString('latin1', start, start + length));
}

/** Octal digits, padded by spaces before and by spaces or NULs behind. Base-256 (sizes over 8 GiB) is not one. */
function parseOctal(block: Buffer, { start, length }: Field): number | undefined {
  const text = block.toString('latin1', start, start + length);
  const digits = /^ *([0-7]+)[ \0]*$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

/** Up to the first NUL; bytes behind it are refused, because some programs read on. */
function readText(block: Buffer, { start, length }: Field): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  if (end < 0) return field.toString('utf8');
  if (!isZero(field.subarray(end))) {
    throw new ArchiveError('BadHeader', {
      message: 'a name has bytes behind its end',
      path: field.toString('utf8', 0, end),
    });
  }
  return field.toString('utf8', 0, end);
}
