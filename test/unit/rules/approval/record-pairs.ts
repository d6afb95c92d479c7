import fc from 'fast-check';
import type { ApprovalRecord } from '../../../../src/rules/approval/record.ts';

type Path = readonly (string | number)[];
type Json = { [member: string]: Json } | Json[] | string | number | undefined;

/** Fields of which the API takes a few values only. */
const CHOICES: Readonly<Record<string, readonly (string | number)[]>> = {
  action: ['delete_workspace', 'delete_org', 'delete_template_asset'],
  reclaimPolicy: ['Delete', 'Retain', 'Recycle'],
  retention: ['0s', '168h', '7h', '420m', '1h'],
  version: [1, 2, 11],
};
/** Of one Workspace that is lost. */
const OPTIONAL = ['claimName', 'claimUID', 'volumeName', 'reclaimPolicy'];

/** Pieces out of which an attacker would make two texts that read, or are encoded, alike. */
const PIECES = [
  'a',
  'b',
  '-',
  '1',
  '2',
  ':',
  ',',
  '[',
  ']',
  '"',
  '\\',
  '\\u{e9}',
  '\u00e9',
  'e\u0301',
  '\u0430',
  '\u200b',
  '\u202e',
  '__proto__',
  ' ',
  '\n',
];
const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 4 }).map((pieces) => pieces.join(''));
const oneOf = (name: string) => fc.constantFrom(...(CHOICES[name] ?? []));

const loss = fc.record(
  {
    workspaceID: text,
    name: text,
    uid: text,
    claimName: text,
    claimUID: text,
    volumeName: text,
    reclaimPolicy: oneOf('reclaimPolicy'),
  },
  { requiredKeys: ['workspaceID', 'name', 'uid'] },
);
const record = fc.record(
  {
    version: oneOf('version'),
    clusterUID: text,
    group: text,
    kind: text,
    namespace: text,
    name: text,
    uid: text,
    specDigest: text,
    action: oneOf('action'),
    losses: fc.array(loss, { maxLength: 2 }),
    affected: fc.array(text, { maxLength: 2 }),
    retention: oneOf('retention'),
    askers: fc.array(text, { maxLength: 2 }),
    nonce: text,
    expiresAt: text,
  },
  {
    noNullPrototype: true,
    requiredKeys: [
      'version',
      'clusterUID',
      'group',
      'kind',
      'namespace',
      'name',
      'uid',
      'specDigest',
      'action',
      'losses',
      'affected',
      'retention',
      'askers',
      'nonce',
    ],
  },
);

type Mutation = (record: Json, choice: number, piece: string) => void;

const MUTATIONS: readonly Mutation[] = [
  /** Another text in one field. */
  (target, choice, piece) => {
    const path = pick(leaves(target), choice);
    const value = read(target, path);
    const others = (CHOICES[String(path.at(-1))] ?? [`${value}${piece}`, piece, '']).filter((other) => other !== value);
    write(target, path, pick(others, choice));
  },
  /** Characters that move from one field to its neighbour. */
  (target, choice) => {
    const paths = leaves(target).filter((path) => CHOICES[String(path.at(-1))] === undefined);
    const at = choice % (paths.length - 1);
    const [first, second] = [paths[at] ?? [], paths[at + 1] ?? []];
    const [left, right] = [String(read(target, first)), String(read(target, second))];
    write(target, first, left.slice(0, -1));
    write(target, second, left.slice(-1) + right);
  },
  /** The same text to the eye, in other code points. */
  (target, choice) => {
    const paths = leaves(target).filter((path) => /[\u0080-\uffff]/.test(String(read(target, path))));
    const path = pick(paths, choice);
    if (path === undefined) return;
    const value = String(read(target, path));
    write(target, path, value === value.normalize('NFC') ? value.normalize('NFD') : value.normalize('NFC'));
  },
  /** Absent, empty, or there. */
  (target, choice, piece) => {
    const loss = pick([undefined, ...members(target, 'losses')], choice);
    const holder = (loss ?? target) as { [member: string]: Json };
    const name = loss === undefined ? 'expiresAt' : pick(OPTIONAL, choice);
    if (holder[name] === undefined) holder[name] = CHOICES[name]?.[0] ?? piece;
    else delete holder[name];
  },
  /** Members of a list that are doubled, dropped, turned round, cut in two, or move to the other list. */
  (target, choice) => {
    const lists = [members(target, 'losses'), members(target, 'affected'), members(target, 'askers')];
    const list = lists[choice % 3] ?? [];
    const [first] = list;
    if (first === undefined) return;
    switch (choice % 5) {
      case 0:
        list.push(first);
        break;
      case 1:
        list.shift();
        break;
      case 2:
        list.reverse();
        break;
      case 3:
        if (typeof first === 'string') list.splice(0, 1, first.slice(0, 1), first.slice(1));
        break;
      default:
        if (typeof first === 'string') lists[choice % 3 === 1 ? 2 : 1]?.push(list.shift());
    }
  },
];

/** Two records that differ in one thing. */
export const recordPairs: fc.Arbitrary<readonly [ApprovalRecord, ApprovalRecord]> = fc
  .tuple(record, fc.constantFrom(...MUTATIONS), fc.nat(), fc.constantFrom(...PIECES))
  .map(([original, mutate, choice, piece]) => {
    const mutated = structuredClone(original) as Json;
    mutate(mutated, choice, piece);
    return [original, mutated] as unknown as readonly [ApprovalRecord, ApprovalRecord];
  })
  .filter(([original, mutated]) => JSON.stringify(original) !== JSON.stringify(mutated));

/** Where texts and numbers stand, in the order of the members. */
function leaves(value: Json, path: Path = []): readonly Path[] {
  if (typeof value !== 'object') return [path];
  return Object.entries(value).flatMap(([member, inner]) => leaves(inner, [...path, member]));
}

function read(value: Json, path: Path): Json {
  return path.reduce<Json>(
    (at, member) => (typeof at === 'object' ? (at as { [member: string]: Json })[member] : undefined),
    value,
  );
}

function write(value: Json, path: Path, text: Json): void {
  const holder = read(value, path.slice(0, -1));
  if (typeof holder === 'object') (holder as { [member: string]: Json })[String(path.at(-1))] = text;
}

function members(value: Json, name: string): Json[] {
  const list = read(value, [name]);
  return Array.isArray(list) ? list : [];
}

function pick<T>(values: readonly T[], choice: number): T {
  return values[choice % values.length] as T;
}
