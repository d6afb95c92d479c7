import { DEFAULT_INCLUDE } from '../../../src/rules/asset-path.ts';
import { entry, globalPax, pax, type RawEntry, record } from '../../unit/assets/tar-builder.ts';
import type { SeededRandom } from '../../unit/faults/random.ts';

/** One entry of a generated template, with what is to be read of it. */
export interface Member {
  /** In the repository. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'odd';
  readonly isIncluded: boolean;
  readonly mode: number;
  readonly body: Buffer;
  /** Its pax headers, if any, and its own header. */
  readonly headers: readonly Buffer[];
}

export interface Template {
  readonly layout: 'oneFolder' | 'bare';
  /** What every name begins with. */
  readonly prefix: string;
  readonly comment?: string;
  readonly members: readonly Member[];
  /** All that stands before the first member. */
  readonly head: readonly Buffer[];
}

export const INCLUDE = DEFAULT_INCLUDE;
/** Hostile entries of the table are at home in it. */
export const TOP = 'repo/';

const INCLUDED = ['prompts', 'agent-skills', 'agent-skills/deep/er'] as const;
const OUTSIDE = ['', 'docs', '.github/workflows', 'Prompts'] as const;
const LETTERS = ['a', 'Z', '9', '-', '.', ' ', '+', '{', 'é', 'ß', '日', '🎉'] as const;
const ODD_TYPES = ['1', '2', '3', '4', '6'] as const;
const MODES = [0o644, 0o664, 0o600, 0o400, 0o000, 0o755, 0o775, 0o711, 0o654] as const;

/** An archive of a template as programs write it that hold to the standard: any of their ways to write a name or a number. */
export function drawTemplate(random: SeededRandom, layout: Template['layout']): Template {
  const prefix = layout === 'oneFolder' ? TOP : random.pick(['', './']);
  const comment =
    random.next() < 0.5
      ? random
          .between(0, 2 ** 31 - 1)
          .toString(16)
          .padStart(40, '0')
      : undefined;
  const count = random.between(1, 12);
  const members = Array.from({ length: count }, (_, index) => drawMember(random, { prefix, index }));
  const root = entry({ name: prefix === '' ? './' : prefix, type: '5', mode: '0000775' });
  const hasRoot = layout === 'oneFolder' || random.next() < 0.5;
  return {
    layout,
    prefix,
    ...(comment === undefined ? {} : { comment }),
    members: [configOf(random, prefix), ...members],
    head: [...(comment === undefined ? [] : [globalPax(record('comment', comment))]), ...(hasRoot ? [root] : [])],
  };
}

interface Place {
  readonly prefix: string;
  readonly index: number;
}

function configOf(random: SeededRandom, prefix: string): Member {
  return writeMember(random, prefix, {
    path: 'config.yaml',
    kind: 'file',
    isIncluded: true,
    mode: 0o644,
    body: drawBody(random),
  });
}

function drawMember(random: SeededRandom, { prefix, index }: Place): Member {
  const isIncluded = random.next() < 0.6;
  const folder = random.pick(isIncluded ? INCLUDED : OUTSIDE);
  const path = [...(folder === '' ? [] : [folder]), ...drawNames(random, index)].join('/');
  const kind = isIncluded
    ? random.pick<Member['kind']>(['file', 'file', 'file', 'folder'])
    : random.pick<Member['kind']>(['file', 'odd', 'folder']);
  const mode = kind === 'folder' ? random.pick([0o755, 0o775, 0o700]) : random.pick(MODES);
  const body = kind === 'file' ? drawBody(random) : Buffer.alloc(0);
  return writeMember(random, prefix, { path, kind, isIncluded, mode, body });
}

/** No two members share a name: the index stands before what is drawn. */
function drawNames(random: SeededRandom, index: number): readonly string[] {
  const depth = random.next() < 0.1 ? random.between(1, 25) : random.between(1, 3);
  const longest = depth > 3 ? 2 : random.pick([4, 12, depth === 1 ? 60 : 30]);
  return Array.from({ length: depth }, () => `${index}_${drawText(random, random.between(0, longest))}_`);
}

function drawText(random: SeededRandom, length: number): string {
  return Array.from({ length }, () => random.pick(LETTERS)).join('');
}

/** Never a zero byte: so no part of a body is an end mark, and none is padding. */
function drawBody(random: SeededRandom): Buffer {
  const length = random.pick([0, 1, 511, 512, 513, random.between(0, 600), random.between(0, 5000)]);
  const body = Buffer.allocUnsafe(length);
  const noise = random.between(1, 255);
  for (let at = 0; at < length; at++) body[at] = 1 + ((at * noise + (at >> 3)) % 255);
  return body;
}

function writeMember(random: SeededRandom, prefix: string, member: Omit<Member, 'headers'>): Member {
  const name = `${prefix}${member.path}${member.kind === 'folder' ? random.pick(['/', '/', '']) : ''}`;
  const records = [
    ...(random.next() < 0.2 ? [record('mtime', '1700000000.25')] : []),
    ...(random.next() < 0.2 ? [record('size', String(member.body.length))] : []),
  ];
  const written = writeName(random, name);
  const all = written.path === undefined ? records : [...records, record('path', written.path)];
  const header = entry({
    ...written.header,
    type: typeOf(random, member.kind),
    mode: writeNumber(random, member.mode, 8),
    size: writeNumber(random, member.body.length, 12),
    ...(member.kind === 'odd' ? { linkName: random.pick(['/etc/passwd', '../..', 'x']) } : {}),
  });
  return { ...member, headers: [...(all.length === 0 ? [] : [pax(...all)]), header] };
}

interface WrittenName {
  readonly header: Pick<RawEntry, 'name' | 'prefix' | 'magic'>;
  /** In a pax header instead. */
  readonly path?: string;
}

function writeName(random: SeededRandom, name: string): WrittenName {
  const slash = name.lastIndexOf('/', name.length - 2);
  const [before, after] = [name.slice(0, Math.max(slash, 0)), name.slice(slash + 1)];
  const ways: WrittenName[] = [{ header: { name: random.pick(['short', 'x/y', name.slice(0, 20)]) }, path: name }];
  if (Buffer.byteLength(name) <= 100) ways.push({ header: { name } }, { header: { name, magic: 'ustar  \0' } });
  if (before !== '' && Buffer.byteLength(before) <= 155 && Buffer.byteLength(after) <= 100)
    ways.push({ header: { name: after, prefix: before } });
  return ways[random.between(0, ways.length - 1)] ?? { header: { name }, path: name };
}

function typeOf(random: SeededRandom, kind: Member['kind']): string {
  if (kind === 'folder') return '5';
  return kind === 'file' ? random.pick(['0', '\0']) : random.pick(ODD_TYPES);
}

function writeNumber(random: SeededRandom, value: number, width: number): string {
  const digits = value.toString(8);
  const room = width - 1;
  return random.pick([
    `${digits.padStart(room, '0')}\0`,
    `${digits.padStart(room, '0')} `,
    `${digits.padStart(room, ' ')}\0`,
    digits.padStart(width, '0'),
  ]);
}
