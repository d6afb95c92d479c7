import { on, once } from 'node:events';
import { createInflateRaw, type InflateRaw } from 'node:zlib';
import { coerceError } from '../../platform/errors.ts';
import { ArchiveError } from './archive-error.ts';
import type { ByteReader } from './byte-reader.ts';

const CHUNK_BYTES = 64 * 1024;
const EXPANDED_CHUNK_BYTES = 512 * 1024;
const WAITING_CHUNKS = 3;

export interface Inflated {
  readonly chunk: Buffer;
  /** How much of the deflate data this and all chunks before it came from. */
  readonly consumedBytes: number;
}

/**
 * Yields what deflate expands to and leaves `reader` at the first byte behind the deflate data. zlib works ahead, on a
 * thread of its own, by no more than the chunks that may wait here: it stops while as many do.
 * @throws ArchiveError GzipTruncated, GzipCorrupt; errors of the reader pass through
 */
export async function* inflate(reader: ByteReader): AsyncGenerator<Inflated, void, void> {
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
    const ahead = reader.fill(spare);
    // What is in hand is judged first: a source that fails meanwhile is heard of below.
    ahead.catch(() => undefined);
    await Promise.race([written, over]);
    const consumed = engine.bytesWritten - before;
    const next = await ahead;
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
  if (code === 'Z_BUF_ERROR')
    return new ArchiveError('GzipTruncated', { message: 'the gzip data is cut off', cause: error });
  if (typeof code === 'string' && code.startsWith('Z_'))
    return new ArchiveError('GzipCorrupt', { message: 'the gzip data is corrupt', cause: error });
  return error;
}
