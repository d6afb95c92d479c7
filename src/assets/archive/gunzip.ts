import { on, once } from 'node:events';
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { coerceError } from '../../platform/errors.ts';
import { ArchiveError, type ArchiveErrorCode } from './archive-error.ts';
import { type ByteReader, createByteReader } from './byte-reader.ts';

export interface GunzipLimits {
  readonly compressedBytes: number;
  readonly expandedBytes: number;
  /** Expanded bytes for each compressed one, at any moment after the first `RATIO_FREE_BYTES`. */
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
const CHUNK_BYTES = 64 * 1024;
const EXPANDED_CHUNK_BYTES = 512 * 1024;
const WAITING_CHUNKS = 3;

/**
 * Expands exactly one gzip member that fills the whole stream. The frame is read here and only deflate is left to zlib,
 * because `createGunzip` silently goes on to a second member and ignores what follows the last one.
 * Memory: a few chunks, whatever they expand to. All limits are checked before the bytes beyond them are handed on. The source's chunks are cut anew, so that how the network cut them decides nothing.
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

interface Inflated {
  readonly chunk: Buffer;
  /** How much of the deflate data this and all chunks before it came from. */
  readonly consumedBytes: number;
}

/**
 * Yields what deflate expands to and leaves `reader` at the first byte behind the deflate data. zlib works ahead, on a
 * thread of its own, by no more than the chunks that may wait here: it stops while as many do.
 */
async function* inflate(reader: ByteReader): AsyncGenerator<Inflated, void, void> {
  // With room for nothing, zlib does not go on while a chunk waits inside the stream, and what it consumed stays exact.
  const options = { chunkSize: EXPANDED_CHUNK_BYTES, readableHighWaterMark: 1 };
  const engine = createInflateRaw(options);
  const waiting: Inflated[] = [];
  engine.on('data', (chunk: Buffer) => waiting.push({ chunk, consumedBytes: engine.bytesWritten }));
  const arrivals = on(engine, 'data', { close: ['end'], highWaterMark: WAITING_CHUNKS, lowWaterMark: 1 });
  const feeding = feed(reader, engine);
  // Seen through `engine` as well; this keeps a failure from counting as unhandled before we await it below.
  feeding.catch((error: unknown) => engine.destroy(coerceError(error)));
  try {
    for await (const _ of arrivals) yield* waiting.splice(0, 1);
    await feeding;
  } catch (error) {
    throw asArchiveError(error);
  } finally {
    engine.destroy();
  }
}

/** Writes one chunk at a time, so that at the end of the deflate data the rest of the last chunk is known exactly. */
async function feed(reader: ByteReader, engine: InflateRaw): Promise<void> {
  const over = Promise.race([once(engine, 'end'), once(engine, 'close')]).then(
    () => undefined,
    () => undefined,
  );
  let [current, spare] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
  for (let chunk = await reader.fill(current); chunk.length > 0; ) {
    const before = engine.bytesWritten;
    const written = new Promise<void>((resolve) => engine.write(chunk, () => resolve()));
    const [next] = await Promise.all([reader.fill(spare), Promise.race([written, over])]);
    const consumed = engine.bytesWritten - before;
    if (consumed < chunk.length) {
      reader.unread(next);
      reader.unread(chunk.subarray(consumed));
      return;
    }
    [current, spare, chunk] = [spare, current, next];
  }
  engine.end();
}

function asArchiveError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'Z_BUF_ERROR') return refuse('GzipTruncated', 'the gzip data is cut off', error);
  if (typeof code === 'string' && code.startsWith('Z_'))
    return refuse('GzipCorrupt', 'the gzip data is corrupt', error);
  return error;
}

function refuse(code: ArchiveErrorCode, message: string, cause?: unknown): ArchiveError {
  return new ArchiveError(code, cause === undefined ? { message } : { message, cause });
}
