import { ArchiveError } from './archive-error.ts';
import type { ByteReader } from './byte-reader.ts';
import { type PaxRecords, parsePax } from './pax.ts';
import { BLOCK_BYTES, isZero, parseTarHeader, type TarHeader, type TarType } from './tar-header.ts';

/** One member of the archive with its pax header folded in. Its path has not been judged yet. */
export interface TarEntry {
  readonly path: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly type: Exclude<TarType, 'pax' | 'globalPax'>;
}

export interface TarLimits {
  readonly entries: number;
  readonly fileBytes: number;
  readonly paxBytes: number;
}

export interface TarEntries {
  /** The next member, whatever was left of the one before it; undefined once the archive has ended as it should. */
  next(): Promise<TarEntry | undefined>;
  /** The content of the member that `next` returned last; to be read before `next` is called again. */
  content(): AsyncGenerator<Buffer, void, void>;
  /** From a global pax header: the commit in an archive made by git. */
  readonly comment: string | undefined;
}

/** Walks a tar stream strictly, in one pass: what is not exactly as written by the standard ends in an ArchiveError. */
export function createTarEntries(reader: ByteReader, limits: TarLimits): TarEntries {
  let comment: string | undefined;
  let headers = 0;
  let unreadBytes = 0;
  let paddingBytes = 0;

  const readBlock = async (): Promise<Buffer | undefined> => {
    const block = await reader.take(BLOCK_BYTES);
    if (block.length === 0) return undefined;
    if (block.length < BLOCK_BYTES) throw new ArchiveError('Truncated', { message: 'it ends inside a block' });
    return block;
  };

  const readHeader = async (): Promise<TarHeader | undefined> => {
    if (unreadBytes > 0) for await (const _ of content());
    if (paddingBytes > 0) await skipPadding();
    const block = reader.takeNow(BLOCK_BYTES) ?? (await readBlock());
    if (block === undefined) throw new ArchiveError('MissingEnd', { message: 'it has no end marker' });
    if (isZero(block)) return undefined;
    headers += 1;
    if (headers > limits.entries)
      throw new ArchiveError('TooManyEntries', { message: `it has more than ${limits.entries} entries` });
    const header = parseTarHeader(block);
    if (header.sizeBytes > limits.fileBytes)
      throw fileTooLarge({ path: header.name, sizeBytes: header.sizeBytes }, limits.fileBytes);
    unreadBytes = header.sizeBytes;
    paddingBytes = (BLOCK_BYTES - (header.sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
    return header;
  };

  const skipPadding = async (): Promise<void> => {
    while (paddingBytes > 0) {
      const padding = reader.takeNow(paddingBytes) ?? (await demand(paddingBytes));
      if (!isZero(padding)) throw new ArchiveError('BadPadding', { message: 'something stands between two entries' });
      paddingBytes -= padding.length;
    }
  };

  const demand = async (length: number): Promise<Buffer> => {
    const bytes = await reader.takeSome(length);
    if (bytes === undefined) throw new ArchiveError('Truncated', { message: 'it ends inside an entry' });
    return bytes;
  };

  async function* content(): AsyncGenerator<Buffer, void, void> {
    while (unreadBytes > 0) {
      const bytes = reader.takeNow(unreadBytes) ?? (await demand(unreadBytes));
      unreadBytes -= bytes.length;
      yield bytes;
    }
  }

  const readPax = async (header: TarHeader, scope: 'entry' | 'global'): Promise<PaxRecords> => {
    if (header.sizeBytes > limits.paxBytes)
      throw new ArchiveError('PaxHeaderTooLarge', { message: 'a pax header is too large' });
    const parts: Buffer[] = [];
    for await (const part of content()) parts.push(part);
    return parsePax(Buffer.concat(parts), scope);
  };

  const readEnd = async (): Promise<void> => {
    const second = await readBlock();
    if (second === undefined) throw new ArchiveError('MissingEnd', { message: 'its end marker is cut off' });
    for (let block: Buffer | undefined = second; block !== undefined; block = await readBlock()) {
      if (!isZero(block)) throw new ArchiveError('TrailingData', { message: 'something follows its end marker' });
    }
  };

  const next = async (): Promise<TarEntry | undefined> => {
    let pax: PaxRecords | undefined;
    for (;;) {
      const header = await readHeader();
      if (header === undefined) {
        if (pax !== undefined) throw new ArchiveError('BadPaxHeader', { message: 'a pax header has no entry' });
        await readEnd();
        return undefined;
      }
      if (header.type !== 'pax' && header.type !== 'globalPax') return mergePax({ ...header, type: header.type }, pax);
      if (pax !== undefined)
        throw new ArchiveError('BadPaxHeader', { message: 'two pax headers stand before one entry' });
      if (header.type === 'pax') pax = await readPax(header, 'entry');
      else comment = (await readPax(header, 'global')).get('comment') ?? comment;
    }
  };

  return {
    next,
    content,
    get comment() {
      return comment;
    },
  };
}

export function fileTooLarge(
  { path, sizeBytes }: Pick<TarEntry, 'path' | 'sizeBytes'>,
  limitBytes: number,
): ArchiveError {
  const message = `it has a file of ${sizeBytes} bytes where ${limitBytes} are the most`;
  return new ArchiveError('FileTooLarge', { message, path });
}

/** A pax size may only repeat the header's: programs disagree on which of two sizes moves the tape. */
function mergePax(header: TarHeader & { readonly type: TarEntry['type'] }, pax: PaxRecords | undefined): TarEntry {
  const size = pax?.get('size');
  const path = pax?.get('path') ?? header.name;
  if (size !== undefined && size !== String(header.sizeBytes)) {
    throw new ArchiveError('BadSize', { message: 'the two sizes of an entry differ', path });
  }
  return { path, mode: header.mode, sizeBytes: header.sizeBytes, type: header.type };
}
