import { gzipSync } from 'node:zlib';
import type { SeededRandom } from '../../unit/faults/random.ts';
import type { Member, Template } from './template.ts';

/** A part of a tar stream that one thing can be wrong with. */
export interface Piece {
  readonly kind: 'header' | 'pax' | 'body' | 'padding' | 'end';
  readonly bytes: Buffer;
  /** Absent for what stands before the first member and for the end. */
  readonly member?: Member;
}

export type Tape = readonly Piece[];

export function layOut({ head, members }: Template, random: SeededRandom): Tape {
  return [
    ...head.map((bytes) => ({ kind: 'header' as const, bytes })),
    ...members.flatMap(layOutMember),
    { kind: 'end', bytes: Buffer.alloc(512 * random.pick([2, 2, 3, 20])) },
  ];
}

export function layOutMember(member: Member): Tape {
  const { headers, body } = member;
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
  const pieces: Tape = [
    ...headers.slice(0, -1).map((bytes) => ({ kind: 'pax' as const, bytes, member })),
    ...headers.slice(-1).map((bytes) => ({ kind: 'header' as const, bytes, member })),
    { kind: 'body', bytes: body, member },
    { kind: 'padding', bytes: padding, member },
  ];
  return pieces.filter(({ bytes }) => bytes.length > 0);
}

export function bytesOf(tape: Tape): Buffer {
  return Buffer.concat(tape.map(({ bytes }) => bytes));
}

const FLAG_HEADER_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;

/** One gzip member, with any of the optional fields of its header. */
export function compress(tar: Buffer, random: SeededRandom): Buffer {
  const plain = gzipSync(tar, { level: random.pick([0, 1, 6]), windowBits: 12, memLevel: 4 });
  if (random.next() < 0.6) return plain;
  const flags = random.between(0, 15) * 2;
  const header = Buffer.from(plain.subarray(0, 10));
  header[3] = flags;
  header.writeUInt32LE(random.between(0, 2 ** 32 - 1), 4);
  const fields = [
    [FLAG_EXTRA, Buffer.from([3, 0, 0x1f, 0x8b, 8])],
    [FLAG_NAME, Buffer.from('archive.tar\0')],
    [FLAG_COMMENT, Buffer.from('made by hand\0')],
    [FLAG_HEADER_CRC, Buffer.from([random.between(0, 255), random.between(0, 255)])],
  ] as const;
  const present = fields.filter(([flag]) => (flags & flag) !== 0).map(([, bytes]) => bytes);
  return Buffer.concat([header, ...present, plain.subarray(10)]);
}
