import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditRow, hashRow, verifyChain } from '../../../src/ledger/audit/chain.ts';

const START = '0'.repeat(64);

type Told = Omit<AuditRow, 'seq' | 'previous' | 'hash'>;

/** As the database writes them. */
function chain(told: readonly Told[]): AuditRow[] {
  const rows: AuditRow[] = [];
  for (const content of told) {
    const row = { ...content, seq: rows.length + 1, previous: rows.at(-1)?.hash ?? START };
    rows.push({ ...row, hash: hashRow(row) });
  }
  return rows;
}

function endOf(rows: readonly AuditRow[]): { readonly seq: number; readonly hash: string } {
  const { seq = 0, hash = START } = rows.at(-1) ?? {};
  return { seq, hash };
}

const toldOf: fc.Arbitrary<Told> = fc.record({
  at: fc.constant('2026-11-21T15:07:01.000000Z'),
  event: fc.constantFrom('SNAPSHOT', 'APPROVAL_CONSUMED'),
  subjectUID: fc.string(),
  subject: fc.string({ unit: 'grapheme' }),
  actor: fc.string(),
  detail: fc.jsonValue().map((value) => JSON.stringify(value)),
});
const rowsOf = fc.array(toldOf, { minLength: 2, maxLength: 12 }).map(chain);
const FIELDS = ['at', 'event', 'subjectUID', 'subject', 'actor', 'detail'] as const;

describe('verifyChain', () => {
  it('takes a chain that nobody touched, and an empty one', async () => {
    const property = fc.asyncProperty(rowsOf, async (rows) => {
      expect(await verifyChain(rows, { end: endOf(rows) })).toEqual({ rows: rows.length });
      for (const remembered of rows)
        expect(await verifyChain(rows, { end: endOf(rows), remembered })).toEqual({ rows: rows.length });
    });
    await fc.assert(property);
    expect(await verifyChain([], { end: { seq: 0, hash: START } })).toEqual({ rows: 0 });
  });

  it('finds any single row whose content was changed, also when its own hash was computed anew', async () => {
    const property = fc.asyncProperty(
      rowsOf,
      fc.nat(),
      fc.constantFrom(...FIELDS),
      fc.boolean(),
      async (rows, at, field, isRehashed) => {
        const index = at % rows.length;
        const row = rows[index];
        if (row === undefined) return;
        const changed = { ...row, [field]: `${row[field]}x` };
        const tampered = rows.with(index, isRehashed ? { ...changed, hash: hashRow(changed) } : changed);
        const { fault } = await verifyChain(tampered, { end: endOf(rows) });
        expect(fault?.seq).toBe(isRehashed ? index + 2 : index + 1);
      },
    );
    await fc.assert(property);
  });

  it('finds any row that was removed, and those that were removed at the end', async () => {
    const property = fc.asyncProperty(rowsOf, fc.nat(), fc.boolean(), async (rows, at, isTail) => {
      const index = at % rows.length;
      const left = isTail ? rows.slice(0, index) : rows.toSpliced(index, 1);
      const { fault } = await verifyChain(left, { end: endOf(rows) });
      expect(fault?.seq).toBe(index + 1);
    });
    await fc.assert(property);
  });

  it('finds any two rows that changed places, with their numbers or without', async () => {
    const property = fc.asyncProperty(rowsOf, fc.nat(), fc.nat(), fc.boolean(), async (rows, a, b, isRenumbered) => {
      const [one, other] = [a % rows.length, b % rows.length];
      const [first, second] = [rows[one], rows[other]];
      if (first === undefined || second === undefined || one === other) return;
      const renumbered = (row: AuditRow, seq: number): AuditRow => (isRenumbered ? { ...row, seq } : row);
      const moved = rows.with(one, renumbered(second, one + 1)).with(other, renumbered(first, other + 1));
      const { fault } = await verifyChain(moved, { end: endOf(rows) });
      expect(fault?.seq).toBe(Math.min(one, other) + 1);
    });
    await fc.assert(property);
  });

  it('finds a chain that was written anew from some row on, by what somebody else remembers', async () => {
    const property = fc.asyncProperty(rowsOf, fc.nat(), toldOf, async (rows, at, told) => {
      const index = at % rows.length;
      const forged = chain(
        rows.with(index, { ...told, seq: 0, previous: '', hash: '', actor: 'forger-of-rows' } as AuditRow),
      );
      fc.pre(forged[index]?.hash !== rows[index]?.hash);
      const end = endOf(forged);
      expect(await verifyChain(forged, { end })).toEqual({ rows: rows.length });
      expect((await verifyChain(forged, { end, remembered: endOf(rows) })).fault?.seq).toBe(rows.length);
    });
    await fc.assert(property);
  });

  it('finds a ledger that was set back to an earlier state, by what somebody else remembers', async () => {
    const rows = chain(
      ['a', 'b', 'c'].map((subject) => ({ at: '', event: '', subjectUID: '', subject, actor: '', detail: '{}' })),
    );
    const earlier = rows.slice(0, 2);
    const { fault } = await verifyChain(earlier, { end: endOf(earlier), remembered: endOf(rows) });
    expect(fault).toEqual({ seq: 3, why: 'it is missing: the cluster remembers row 3' });
  });

  it('keeps fields apart: moving a letter from one to the next is another row', () => {
    const row = { seq: 1, at: '', event: 'AB', subjectUID: 'C', subject: '', actor: '', detail: '{}', previous: START };
    expect(hashRow({ ...row, event: 'A', subjectUID: 'BC' })).not.toBe(hashRow(row));
  });
});
