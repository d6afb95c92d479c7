import { crc32 } from 'node:zlib';
import { ArchiveError, type ArchiveErrorCode } from './archive-error.ts';
import { type ByteReader, createByteReader } from './byte-reader.ts';
import { inflate } from './inflate.ts';

export interface GunzipLimits {
  readonly compressedBytes: number;
  readonly expandedBytes: number;
  /** Expanded bytes for each compressed one after the first `RATIO_FREE_BYTES`, looked at every 512 KiB of them at the least. */
  readonly ratio: number;
  /** From the first byte asked for to the last handed on, whoever is slow. Looked at as bytes come. */
  readonly readMs: number;
}

/** So much may expand from nothing: a folder of empty files is a tar of zeros. */
export const RATIO_FREE_BYTES = 4 * 1024 * 1024;

const FLAG_HEADER_CRC = 0x02;
const FLAG_EXTRA = 0x04;
const FLAG_NAME = 0x08;
const FLAG_COMMENT = 0x10;
const MAX_HEADER_TEXT_BYTES = 4096;

/**
 * Expands exactly one gzip member that fills the whole stream. The frame is read here and only deflate is left to zlib,
 * because `createGunzip` silently goes on to a second member and ignores what follows the last one.
 * Memory: a few chunks, whatever they expand to. All limits are checked before the bytes beyond them are handed on. The
 * source's chunks are cut anew, so that how the network cut them decides nothing.
 * @throws ArchiveError; errors of the source pass through
 */
export async function* gunzip(
  source: AsyncIterable<Uint8Array>,
  limits: GunzipLimits,
  now: () => number,
): AsyncGenerator<Buffer, void, void> {
  const deadlineMs = now() + limits.readMs;
  const refuseLate = (): void => {
    if (now() > deadlineMs) throw refuse('TooSlow', `reading it takes longer than ${limits.readMs / 1000} seconds`);
  };
  const reader = createByteReader(capped(source, limits.compressedBytes, refuseLate));
  try {
    await readHeader(reader);
    let checksum = 0;
    let expandedBytes = 0;
    for await (const { chunk, consumedBytes } of inflate(reader)) {
      refuseLate();
      expandedBytes += chunk.length;
      refuseExcess({ expandedBytes, consumedBytes }, limits);
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
    refuseLate();
    const trailer = await reader.take(8);
    if (trailer.length < 8) throw refuse('GzipTruncated', 'the gzip trailer is cut off');
    if (trailer.readUInt32LE(0) !== checksum) throw refuse('GzipCorrupt', 'the gzip checksum does not match');
    if (trailer.readUInt32LE(4) !== expandedBytes % 2 ** 32)
      throw refuse('GzipCorrupt', 'the gzip length does not match');
    if ((await reader.takeSome(1)) !== undefined) throw refuse('GzipTrailingData', 'something follows the gzip data');
  } finally {
    await reader.close();
  }
}

interface Progress {
  readonly expandedBytes: number;
  /** How much deflate data they came from. */
  readonly consumedBytes: number;
}

function refuseExcess({ expandedBytes, consumedBytes }: Progress, limits: GunzipLimits): void {
  if (expandedBytes > limits.expandedBytes)
    throw refuse('ExpandedTooLarge', `it expands to more than ${limits.expandedBytes} bytes`);
  if (expandedBytes > RATIO_FREE_BYTES && expandedBytes > limits.ratio * consumedBytes)
    throw refuse('RatioTooHigh', `it expands to more than ${limits.ratio} times its size`);
}

async function* capped(
  source: AsyncIterable<Uint8Array>,
  limitBytes: number,
  refuseLate: () => void,
): AsyncGenerator<Uint8Array, void, void> {
  let total = 0;
  for await (const chunk of source) {
    refuseLate();
    total += chunk.length;
    if (total > limitBytes) throw refuse('CompressedTooLarge', `it is larger than ${limitBytes} bytes`);
    yield chunk;
  }
}

async function readHeader(reader: ByteReader): Promise<void> {
  const header = await reader.take(10);
  if (header.length < 2 || header[0] !== 0x1f || header[1] !== 0x8b) throw refuse('NotGzip', 'it is not gzip data');
  if (header.length < 10) throw refuse('GzipTruncated', 'the gzip header is cut off');
  const flags = header.readUInt8(3);
  if (header[2] !== 8 || (flags & 0xe0) !== 0) throw refuse('GzipCorrupt', 'the gzip header is not one we know');
  if ((flags & FLAG_EXTRA) !== 0) await readExactly(reader, (await readExactly(reader, 2)).readUInt16LE(0));
  if ((flags & FLAG_NAME) !== 0) await skipText(reader);
  if ((flags & FLAG_COMMENT) !== 0) await skipText(reader);
  if ((flags & FLAG_HEADER_CRC) !== 0) await readExactly(reader, 2);
}

async function readExactly(reader: ByteReader, length: number): Promise<Buffer> {
  const bytes = await reader.take(length);
  if (bytes.length < length) throw refuse('GzipTruncated', 'the gzip header is cut off');
  return bytes;
}

async function skipText(reader: ByteReader): Promise<void> {
  for (let length = 0; length < MAX_HEADER_TEXT_BYTES; length++) {
    if ((await readExactly(reader, 1))[0] === 0) return;
  }
  throw refuse('GzipCorrupt', 'the gzip header is too long');
}

function refuse(code: ArchiveErrorCode, message: string): ArchiveError {
  return new ArchiveError(code, { message });
}
