import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ApprovalRecord,
  buildRecord,
  encodeRecord,
  hashRecord,
  sameOperation,
  specDigest,
} from '../../../../src/rules/approval/record.ts';
import { recordPairs } from './record-pairs.ts';
import { RECORD } from './records.ts';

interface Vector {
  readonly name: string;
  readonly record: ApprovalRecord;
  readonly encoding: string;
  readonly hash: string;
}

const VECTORS = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as readonly Vector[];

/** Raised for the nightly run. */
const PAIRS = Number(process.env.APPROVAL_PAIRS ?? 10_000);

/** The encoding written a second time, from its description alone. */
const ORDER =
  'version clusterUID group kind namespace name uid specDigest action losses affected retention askers nonce expiresAt';
const LOSS_ORDER = 'workspaceID name uid claimName claimUID volumeName reclaimPolicy';

function independentEncoding(value: unknown, order = ORDER): string {
  if (value === undefined) return '-';
  if (Array.isArray(value))
    return `${value.length}[${value.map((member) => independentEncoding(member, LOSS_ORDER)).join('')}]`;
  if (typeof value !== 'object') return `${new TextEncoder().encode(String(value)).length}:${String(value)},`;
  return order
    .split(' ')
    .map((name) => independentEncoding((value as Readonly<Record<string, unknown>>)[name]))
    .join('');
}

describe('encodeRecord() and hashRecord()', () => {
  it.each(VECTORS.map((vector) => [vector.name, vector] as const))('keep the vector of %s', (_name, vector) => {
    expect(encodeRecord(vector.record)).toBe(vector.encoding);
    expect(hashRecord(vector.record)).toBe(vector.hash);
    expect(independentEncoding(vector.record)).toBe(vector.encoding);
    expect(createHash('sha256').update(vector.encoding, 'utf8').digest('hex')).toBe(vector.hash);
  });

  it('have a vector with every field', () => {
    const fields = new Set(
      VECTORS.flatMap(({ record }) => [...Object.keys(record), ...Object.keys(record.losses[0] ?? {})]),
    );
    expect([...new Set(`${ORDER} ${LOSS_ORDER}`.split(' '))].filter((name) => !fields.has(name))).toEqual([]);
  });

  it(`tell differing records apart, ${PAIRS} pairs`, { timeout: 20_000 + PAIRS }, () => {
    fc.assert(
      fc.property(recordPairs, ([original, mutated]) => hashRecord(original) !== hashRecord(mutated)),
      { numRuns: PAIRS },
    );
  });

  it.each([
    [
      'a namespace and a name that read the same together',
      { namespace: 'ns-a', name: 'b' },
      { namespace: 'ns', name: 'a-b' },
    ],
    ['composed and decomposed letters', { name: '\u00e9' }, { name: 'e\u0301' }],
    ['a Latin and a Cyrillic letter', { name: 'a' }, { name: '\u0430' }],
    ['one asker with a comma and two askers', { askers: ['a,b'] }, { askers: ['a', 'b'] }],
    ['an asker and an affected Workspace', { askers: ['a'], affected: [] }, { askers: [], affected: ['a'] }],
    ['a name of the prototype and none', { askers: ['__proto__'] }, { askers: [] }],
    ['a length inside of a name', { namespace: 'a', name: '1:b,1:c' }, { namespace: 'a,7:1:b', name: '1:c' }],
    ['another nonce', { nonce: 'AAAAAAAAAAAAAAAAAAAAAB' }, {}],
  ])('tell apart %s', (_sentence, first, second) => {
    expect(hashRecord({ ...RECORD, ...first })).not.toBe(hashRecord({ ...RECORD, ...second }));
  });

  it('tell an expiry that is absent from an empty one', () => {
    const { expiresAt: _expiresAt, ...without } = RECORD;
    expect(hashRecord(without)).not.toBe(hashRecord({ ...RECORD, expiresAt: '' }));
  });

  it('refuse a text that has no UTF-8, because it would be taken for another', () => {
    expect(() => hashRecord({ ...RECORD, name: 'a\ud800' })).toThrow(RangeError);
  });
});

describe('buildRecord()', () => {
  const { version: _version, ...parts } = RECORD;
  const first = { workspaceID: 'a', name: 'z', uid: '2' };
  const second = { workspaceID: 'b', name: 'y', uid: '1' };

  it('gives one record whatever the order in which things were read, with everybody once', () => {
    const built = buildRecord({
      ...parts,
      losses: [second, first],
      affected: ['b', 'a', 'b'],
      askers: ['z', 'Z', 'z'],
    });
    expect(built).toEqual({ ...RECORD, losses: [first, second], affected: ['a', 'b'], askers: ['Z', 'z'] });
    expect(built).toEqual(buildRecord({ ...parts, losses: [first, second], affected: ['a', 'b'], askers: ['Z', 'z'] }));
  });

  it('sorts Workspaces of one id by their uid', () => {
    const twins = [{ ...first, uid: '9' }, first];
    expect(buildRecord({ ...parts, losses: twins }).losses).toEqual([first, { ...first, uid: '9' }]);
  });
});

describe('sameOperation()', () => {
  it.each([
    ['another nonce', { nonce: 'BBBBBBBBBBBBBBBBBBBBBB' }],
    ['other askers', { askers: ['joe', 'jane@example.com'] }],
    ['another expiry', { expiresAt: '2027-01-01T00:00:00Z' }],
  ])('is the same with %s', (_sentence, change) => {
    expect(sameOperation(RECORD, { ...RECORD, ...change })).toBe(true);
  });

  it.each(Object.keys(RECORD).filter((name) => !['nonce', 'askers', 'expiresAt'].includes(name)))(
    'is another with another %s',
    (name) => {
      const value = RECORD[name as keyof ApprovalRecord];
      const other = Array.isArray(value) ? [] : typeof value === 'number' ? value + 1 : `${String(value)}x`;
      expect(sameOperation(RECORD, { ...RECORD, [name]: other })).toBe(false);
    },
  );
});

describe('specDigest()', () => {
  it('is the same whatever the order of the members, and another for another spec', () => {
    expect(specDigest({ tier: 2, env: [{ name: 'A' }] })).toBe(specDigest({ env: [{ name: 'A' }], tier: 2 }));
    expect(specDigest({ tier: 2 })).not.toBe(specDigest({ tier: 3 }));
    expect(specDigest({})).toBe(`sha256:${createHash('sha256').update('{}').digest('hex')}`);
  });
});
