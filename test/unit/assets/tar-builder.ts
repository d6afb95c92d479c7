import { gzipSync } from 'node:zlib';

/** One header and body as the test wants them, right or wrong; the checksum is right unless given. */
export interface RawEntry {
  readonly name: string | Buffer;
  readonly type?: string;
  readonly body?: string | Buffer;
  readonly mode?: string;
  /** Text of the size field; default: the body's length. */
  readonly size?: string | Buffer;
  readonly linkName?: string;
  readonly prefix?: string;
  readonly magic?: string;
  readonly checksum?: string;
  readonly uid?: string | Buffer;
  readonly mtime?: string | Buffer;
}

export function entry(raw: RawEntry): Buffer {
  const body = Buffer.from(raw.body ?? '');
  const header = Buffer.alloc(512);
  const put = (value: string | Buffer, offset: number): void => {
    Buffer.from(value as string, 'utf8').copy(header, offset);
  };
  put(raw.name as string, 0);
  put(`${raw.mode ?? '0000664'}\0`, 100);
  put(raw.uid ?? '0000000\0', 108);
  put('0000000\0', 116);
  put(raw.size ?? `${body.length.toString(8).padStart(11, '0')}\0`, 124);
  put(raw.mtime ?? '00000000000\0', 136);
  header.write(raw.type ?? '0', 156, 'latin1');
  put(raw.linkName ?? '', 157);
  header.write(raw.magic ?? 'ustar\x0000', 257, 'latin1');
  put(raw.prefix ?? '', 345);
  sealHeader(header);
  if (raw.checksum !== undefined) put(raw.checksum, 148);
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

/** Writes the right checksum into a header. */
export function sealHeader(header: Buffer): Buffer {
  header.write('        ', 148, 'latin1');
  const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

export function record(key: string, value: string | Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(`${key}=`), Buffer.from(value as string), Buffer.from('\n')]);
  let length = content.length + 2;
  while (`${length} `.length + content.length !== length) length += 1;
  return Buffer.concat([Buffer.from(`${length} `), content]);
}

export function pax(...records: readonly Buffer[]): Buffer {
  return entry({ name: 'pax', type: 'x', body: Buffer.concat(records) });
}

export function globalPax(...records: readonly Buffer[]): Buffer {
  return entry({ name: 'pax_global_header', type: 'g', body: Buffer.concat(records) });
}

export const END = Buffer.alloc(1024);
export const TOP = entry({ name: 'repo/', type: '5', mode: '0000775' });
export const GOOD = Buffer.concat([TOP, entry({ name: 'repo/config.yaml', body: 'name: a\n' })]);

/** A complete archive: top folder, the good config, then what the test adds. */
export function archive(...parts: readonly Buffer[]): Buffer {
  return gzipSync(Buffer.concat([GOOD, ...parts, END]));
}

export function inChunks(bytes: Buffer, size = 1000): AsyncGenerator<Uint8Array, void, void> {
  return inPieces(bytes, () => size);
}

export async function* inPieces(bytes: Buffer, nextSize: () => number): AsyncGenerator<Uint8Array, void, void> {
  for (let offset = 0; offset < bytes.length; ) {
    const piece = bytes.subarray(offset, offset + nextSize());
    offset += piece.length;
    yield piece;
  }
}
