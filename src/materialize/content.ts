import { createHash } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';

/** Bytes to be written: part of an open file that nobody else can change, or a buffer. */
export type StagedContent =
  | { readonly kind: 'range'; readonly fd: number; readonly position: number; readonly sizeBytes: number }
  | { readonly kind: 'bytes'; readonly bytes: Buffer };

const CHUNK_BYTES = 256 * 1024;

/** Lower-case hex. Reads no further than the given size: a file that grows is not the wanted one anyway. */
export function hashOf(fd: number, sizeBytes: number): string {
  const hash = createHash('sha256');
  for (const chunk of readRange({ kind: 'range', fd, position: 0, sizeBytes })) hash.update(chunk);
  return hash.digest('hex');
}

/** @returns the hash of what was written */
export function writeContent(fd: number, content: StagedContent): string {
  const hash = createHash('sha256');
  for (const chunk of content.kind === 'bytes' ? [content.bytes] : readRange(content)) {
    hash.update(chunk);
    for (let written = 0; written < chunk.length; ) written += writeSync(fd, chunk, written);
  }
  return hash.digest('hex');
}

/** Chunks of one buffer: each is valid until the next is asked for. Ends early where the file does. */
function* readRange({
  fd,
  position,
  sizeBytes,
}: StagedContent & { readonly kind: 'range' }): Generator<Buffer, void, void> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, sizeBytes)));
  let done = 0;
  while (done < sizeBytes) {
    const bytesRead = readSync(fd, buffer, 0, Math.min(buffer.length, sizeBytes - done), position + done);
    if (bytesRead === 0) return;
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
