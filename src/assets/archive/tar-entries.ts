import { ArchiveError } from './archive-error.ts';
import type { ByteFeed, Steps } from './byte-feed.ts';
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
  next(): Steps<TarEntry | undefined>;
  /** The next piece of the content of the member that `next` returned last; undefined at its end. */
  content(): Steps<Buffer | undefined>;
  /** From a global pax header: the commit in an archive made by git. */
  readonly comment: string | undefined;
}

/** Walks a tar stream strictly, in one pass: what is not exactly as written by the standard ends in an ArchiveError. */
export function createTarEntries(input: ByteFeed, limits: TarLimits): TarEntries {
  let comment: string | undefined;
  let headers = 0;
  /** Of the header that was read last, for people. */
  let path = '';
  let unreadBytes = 0;
  let paddingBytes = 0;

  function* readBlock(): Steps<Buffer | undefined> {
    const block = yield* input.take(BLOCK_BYTES);
    if (block.length === 0) return undefined;
    if (block.length < BLOCK_BYTES) throw new ArchiveError('Truncated', { message: 'it ends inside a block' });
    return block;
  }

  function* readHeader(): Steps<TarHeader | undefined> {
    while (unreadBytes > 0) yield* content();
    yield* skipPadding();
    const block = yield* readBlock();
    if (block === undefined) throw new ArchiveError('MissingEnd', { message: 'it has no end marker' });
    if (isZero(block)) return undefined;
    headers += 1;
    const header = parseTarHeader(block);
    path = header.name;
    if (headers > limits.entries)
      throw new ArchiveError('TooManyEntries', { message: `it has more than ${limits.entries} entries`, path });
    if (header.sizeBytes > limits.fileBytes)
      throw fileTooLarge({ path: header.name, sizeBytes: header.sizeBytes }, limits.fileBytes);
    unreadBytes = header.sizeBytes;
    paddingBytes = (BLOCK_BYTES - (header.sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
    return header;
  }

  function* skipPadding(): Steps<void> {
    while (paddingBytes > 0) {
      const padding = yield* demand(paddingBytes);
      if (!isZero(padding)) throw new ArchiveError('BadPadding', { message: 'something stands behind an entry', path });
      paddingBytes -= padding.length;
    }
  }

  function* demand(length: number): Steps<Buffer> {
    const bytes = yield* input.takeSome(length);
    if (bytes === undefined) throw new ArchiveError('Truncated', { message: 'it ends inside an entry', path });
    return bytes;
  }

  function* content(): Steps<Buffer | undefined> {
    if (unreadBytes === 0) return undefined;
    const bytes = yield* demand(unreadBytes);
    unreadBytes -= bytes.length;
    return bytes;
  }

  function* readPax(header: TarHeader, scope: 'entry' | 'global'): Steps<PaxRecords> {
    if (header.sizeBytes > limits.paxBytes)
      throw new ArchiveError('PaxHeaderTooLarge', { message: 'a pax header is too large', path });
    const parts: Buffer[] = [];
    for (let part = yield* content(); part !== undefined; part = yield* content()) parts.push(part);
    return parsePax(Buffer.concat(parts), { name: header.name, scope });
  }

  function* readEnd(): Steps<void> {
    const second = yield* readBlock();
    if (second === undefined) throw new ArchiveError('MissingEnd', { message: 'its end marker is cut off' });
    for (let block: Buffer | undefined = second; block !== undefined; block = yield* readBlock()) {
      if (!isZero(block)) throw new ArchiveError('TrailingData', { message: 'something follows its end marker' });
    }
  }

  function* next(): Steps<TarEntry | undefined> {
    let pax: PaxRecords | undefined;
    for (;;) {
      const header = yield* readHeader();
      if (header === undefined) {
        if (pax !== undefined) throw new ArchiveError('BadPaxHeader', { message: 'a pax header has no entry', path });
        yield* readEnd();
        return undefined;
      }
      if (header.type !== 'pax' && header.type !== 'globalPax') return mergePax({ ...header, type: header.type }, pax);
      if (pax !== undefined)
        throw new ArchiveError('BadPaxHeader', { message: 'two pax headers stand before one entry', path });
      if (header.type === 'pax') pax = yield* readPax(header, 'entry');
      else comment = (yield* readPax(header, 'global')).get('comment') ?? comment;
    }
  }

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
