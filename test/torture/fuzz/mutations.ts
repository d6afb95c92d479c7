import { END, entry, globalPax, pax, record, sealHeader } from '../../unit/assets/tar-builder.ts';
import type { SeededRandom } from '../../unit/faults/random.ts';
import { HOSTILE_ARCHIVES } from '../hostile-archives.ts';
import { breakGzip } from './break-gzip.ts';
import { bytesOf, compress, layOut, layOutMember, type Piece, type Tape } from './tape.ts';
import type { Member, Template } from './template.ts';

/** An archive and what has to come of it: its members as they now are, a refusal, or one of the two. */
export interface Mutated {
  readonly archive: Buffer;
  readonly verdict: 'accept' | 'refuse' | 'either';
  readonly members: readonly Member[];
}

type Verdict = Mutated['verdict'];

export interface Subject {
  readonly template: Template;
  readonly tape: Tape;
  readonly random: SeededRandom;
}

/** Undefined when the archive has nothing that this could be done to. */
export type Mutation = (subject: Subject) => Mutated | undefined;

/** By name, so that they can be told and counted. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'header byte flipped': flipHeader,
  'header field set, checksum right': setField,
  'size set, checksum right': setSize,
  'pax byte flipped': flipPax,
  'pax header put in': insertPax,
  'body byte changed': changeBody,
  'padding filled': (subject) =>
    edit(subject, 'padding', (bytes, { random }) => ({
      bytes: withByte(bytes, at(bytes, random), 1),
      verdict: 'refuse',
    })),
  'order changed': ({ template, random }) => written(template, shuffled(template.members, random), random, 'accept'),
  'members left out': ({ template, random }) =>
    written(template, template.members.filter(isNeeded(random)), random, 'accept'),
  'member twice': ({ template, random }) => {
    const again = pickOf(template.members, random);
    return written(template, [...template.members, again], random, again.kind === 'folder' ? 'accept' : 'refuse');
  },
  'hostile entry put in': insertHostile,
  'end broken': breakEnd,
  'tar cut': cutTar,
  'gzip broken': ({ template: { members }, tape, random }) => ({ members, ...breakGzip(bytesOf(tape), random) }),
};

interface Edited {
  readonly bytes: Buffer;
  readonly verdict: Verdict;
  /** The member as it is now. */
  readonly member?: Member;
}

/** Changes one piece of a kind, drawn from those that there are. */
function edit(
  { template, tape, random }: Subject,
  kind: Piece['kind'],
  change: (bytes: Buffer, context: { readonly random: SeededRandom; readonly member?: Member }) => Edited | undefined,
): Mutated | undefined {
  const pieces = tape.filter((piece) => piece.kind === kind && (kind !== 'header' || piece.member !== undefined));
  if (pieces.length === 0) return undefined;
  const piece = pickOf(pieces, random);
  const { member } = piece;
  const edited = change(piece.bytes, { random, ...(member === undefined ? {} : { member }) });
  if (edited === undefined) return undefined;
  const tar = bytesOf(tape.map((each) => (each === piece ? { ...piece, bytes: edited.bytes } : each)));
  const members = template.members.map((each) => (each === member ? (edited.member ?? each) : each));
  return { archive: compress(tar, random), verdict: edited.verdict, members };
}

/** The checksum covers every byte but its own, which may be written in more than one way. */
function flipHeader(subject: Subject): Mutated | undefined {
  return edit(subject, 'header', (bytes, { random }) => {
    const index = at(bytes, random);
    const isChecksum = index >= 148 && index < 156;
    return { bytes: withByte(bytes, index, 1 << random.between(0, 7)), verdict: isChecksum ? 'either' : 'refuse' };
  });
}

const BASE_256 = Buffer.alloc(12, 0xff);

/** `own`: what the name of an entry says only where no pax header says otherwise. */
const FIELDS: readonly {
  readonly at: number;
  readonly value: string | Buffer;
  readonly verdict: Verdict;
  readonly own?: true;
}[] = [
  { at: 0, value: `../x${'\0'.repeat(96)}`, verdict: 'refuse', own: true },
  { at: 0, value: `/x${'\0'.repeat(98)}`, verdict: 'refuse', own: true },
  { at: 0, value: `/${'\0'.repeat(99)}`, verdict: 'refuse', own: true },
  { at: 98, value: '\0x', verdict: 'refuse', own: true },
  { at: 345, value: `..${'\0'.repeat(153)}`, verdict: 'refuse', own: true },
  { at: 100, value: 'rwxr-xr-', verdict: 'refuse' },
  { at: 108, value: BASE_256.subarray(0, 8), verdict: 'refuse' },
  { at: 116, value: '0000009\0', verdict: 'refuse' },
  { at: 136, value: BASE_256, verdict: 'refuse' },
  { at: 136, value: '77777777777\0', verdict: 'accept' },
  ...['7', 'A', 'D', 'K', 'L', 'M', 'N', 'Q', 'S', 'V', 'X', '8', ' '].map((value) => ({
    at: 156,
    value,
    verdict: 'refuse' as const,
  })),
  { at: 157, value: '../../etc/passwd', verdict: 'accept' },
  { at: 257, value: 'ustar\x0099', verdict: 'refuse' },
  { at: 257, value: '\0'.repeat(8), verdict: 'refuse' },
  { at: 265, value: 'root\nroot', verdict: 'accept' },
  { at: 329, value: BASE_256, verdict: 'accept' },
  { at: 500, value: 'whatever', verdict: 'accept' },
];

function setField(subject: Subject): Mutated | undefined {
  return edit(subject, 'header', (bytes, { random, member }) => {
    const { at: offset, value, verdict, own } = pickOf(FIELDS, random);
    const isGnu = bytes.toString('latin1', 257, 265) === 'ustar  \0';
    if (own === true && (member?.headers.length !== 1 || isGnu)) return undefined;
    return { bytes: sealHeader(withBytes(bytes, offset, Buffer.from(value as string, 'utf8'))), verdict };
  });
}

const WRONG_SIZES = [
  Buffer.from('-0000000001\0'),
  Buffer.from('0x000000010\0'),
  Buffer.from('0000000001 1'),
  Buffer.alloc(12),
  Buffer.from('8000000000000000000000ff', 'hex'),
  BASE_256,
] as const;

/** Fewer bytes leave the rest where a header or padding belongs; more reach into what follows. */
function setSize(subject: Subject): Mutated | undefined {
  return edit(subject, 'header', (bytes, { random, member }) => {
    if (member?.kind !== 'file') return undefined;
    const { body } = member;
    if (random.next() < 0.3)
      return { bytes: sealHeader(withBytes(bytes, 124, random.pick(WRONG_SIZES))), verdict: 'refuse' };
    const blocks = Math.ceil(body.length / 512) * 512;
    const size = random.pick([0, body.length - 1, body.length + 1, random.between(0, blocks), 8 ** 11 - 1]);
    if (size < 0 || size === body.length || (size > blocks && size !== 8 ** 11 - 1)) return undefined;
    const sized = sealHeader(withBytes(bytes, 124, Buffer.from(`${size.toString(8).padStart(11, '0')}\0`)));
    if (size < body.length || size > blocks) return { bytes: sized, verdict: 'refuse' };
    // The padding becomes content: another archive, and a good one, unless a pax header still tells the old size.
    return {
      bytes: sized,
      verdict: 'either',
      member: { ...member, body: Buffer.concat([body, Buffer.alloc(size - body.length)]) },
    };
  });
}

/** Whatever frames a record: its length, its key, its end. Values may change as they like, to another archive. */
function flipPax(subject: Subject): Mutated | undefined {
  return edit(subject, 'pax', (bytes, { random }) => {
    const framing = [
      ...bytes
        .subarray(512)
        .toString('latin1')
        .matchAll(/(?:^|\n)\d+ [a-z]+=/g),
    ].flatMap(({ index, 0: text }) => Array.from(text, (_, offset) => 512 + index + offset));
    return { bytes: withByte(bytes, pickOf(framing, random), 1 << random.between(0, 7)), verdict: 'either' };
  });
}

const PAX_HEADERS: readonly (readonly [Buffer, Verdict])[] = [
  [pax(record('path', '../x')), 'refuse'],
  [pax(record('path', 'repo/prompts/x\0y')), 'refuse'],
  [pax(record('path', Buffer.from([0xc3, 0x28]))), 'refuse'],
  [pax(record('path', '')), 'refuse'],
  [pax(record('size', '00')), 'refuse'],
  [pax(record('size', '99999')), 'refuse'],
  [pax(record('hdrcharset', 'BINARY')), 'refuse'],
  [pax(record('GNU.sparse.realsize', '1')), 'refuse'],
  [pax(record('LIBARCHIVE.xattr.user.x', 'eA==')), 'refuse'],
  [pax(record('mtime', '1'), record('mtime', '1')), 'refuse'],
  [pax(record('mtime', '1\n16 path=./repo/x')), 'refuse'],
  [pax(record('uid', 'root')), 'refuse'],
  [pax(record('uname', 'a\n16 path=./repo/x')), 'refuse'],
  [pax(record('mtime', '-1.5'), record('uname', 'Jürgen')), 'either'],
  [pax(Buffer.from('9 mtime=1')), 'refuse'],
  [pax(Buffer.from('012 mtime=1\n')), 'refuse'],
  [pax(Buffer.from('12 mtime=1\n')), 'refuse'],
  [pax(Buffer.from('\0\0\0\0')), 'refuse'],
  [globalPax(record('path', 'repo/prompts/x')), 'refuse'],
  [globalPax(record('mtime', '1')), 'refuse'],
  [globalPax(record('comment', 'f'.repeat(40))), 'accept'],
];

function insertPax({ template, random }: Subject): Mutated {
  const victim = pickOf(template.members, random);
  const [header, verdict] = pickOf(PAX_HEADERS, random);
  const members = template.members.map((member) =>
    member === victim ? { ...member, headers: [header, ...member.headers] } : member,
  );
  return written(template, members, random, verdict);
}

function changeBody(subject: Subject): Mutated | undefined {
  return edit(subject, 'body', (bytes, { random, member }) => {
    const changed = withByte(bytes, at(bytes, random), random.between(1, 255));
    return {
      bytes: changed,
      verdict: 'accept',
      ...(member === undefined ? {} : { member: { ...member, body: changed } }),
    };
  });
}

/** They take seconds to build; the suite of archives has them. */
const SLOW: ReadonlySet<string> = new Set(['40', '59', '59c', '60', '78']);
const HOSTILE = HOSTILE_ARCHIVES.filter(({ row, expected }) => typeof expected === 'string' && !SLOW.has(row));

function insertHostile({ template, random }: Subject): Mutated | undefined {
  if (template.layout !== 'oneFolder') return undefined;
  const { head, members } = template;
  const where = random.between(0, members.length);
  const before = Buffer.concat([...head, bytesOf(members.slice(0, where).flatMap(layOutMember))]);
  const behind = bytesOf(members.slice(where).flatMap(layOutMember));
  return { archive: pickOf(HOSTILE, random).build(before, behind), verdict: 'refuse', members };
}

function breakEnd({ template: { members }, tape, random }: Subject): Mutated {
  const content = bytesOf(tape.filter(({ kind }) => kind !== 'end'));
  const broken = random.pick([
    [content],
    [content, Buffer.alloc(512)],
    [content, Buffer.alloc(512), content, END],
    [content, END, content, END],
    [content, END, Buffer.alloc(100)],
    [content, withByte(Buffer.alloc(2048), random.between(0, 2047), 1)],
    [Buffer.alloc(512), content, END],
    [content, END, entry({ name: 'repo/late', body: 'x' }), END],
  ]);
  return { archive: compress(Buffer.concat(broken), random), verdict: 'refuse', members };
}

function cutTar({ template: { members }, tape, random }: Subject): Mutated {
  const tar = bytesOf(tape);
  const endBytes = tape.at(-1)?.bytes.length ?? 0;
  const length = random.next() < 0.5 ? random.between(0, tar.length - 1) : tar.length - random.between(1, endBytes);
  const isWhole = length >= tar.length - endBytes + END.length && length % 512 === 0;
  return { archive: compress(tar.subarray(0, length), random), verdict: isWhole ? 'accept' : 'refuse', members };
}

function written(template: Template, members: readonly Member[], random: SeededRandom, verdict: Verdict): Mutated {
  const archive = compress(bytesOf(layOut({ ...template, members }, random)), random);
  return { archive, verdict, members };
}

function isNeeded(random: SeededRandom): (member: Member) => boolean {
  return ({ path }) => path === 'config.yaml' || random.next() < 0.7;
}

function shuffled<T>(values: readonly T[], random: SeededRandom): readonly T[] {
  return values
    .map((value) => ({ value, rank: random.next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}

export function pickOf<T>(choices: readonly T[], random: SeededRandom): T {
  const choice = choices[random.between(0, choices.length - 1)];
  if (choice === undefined) throw new RangeError('Cannot pick from nothing');
  return choice;
}

function at(bytes: Buffer, random: SeededRandom): number {
  return random.between(0, bytes.length - 1);
}

/** Never the byte that was there. */
function withByte(bytes: Buffer, index: number, difference: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[index] = (changed[index] ?? 0) ^ difference;
  return changed;
}

function withBytes(bytes: Buffer, offset: number, value: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  value.copy(changed, offset);
  return changed;
}
