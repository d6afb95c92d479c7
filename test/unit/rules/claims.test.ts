import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Contender, standingOf } from '../../../src/rules/claims.ts';

const ID = '1b4e28ba-2fa1-41d2-883f-0016d3cca427';
const elder: Contender = { uid: 'b', kind: 'Workspace', name: 'acme/elder', createdAt: '2026-03-01T09:00:00Z' };
const younger: Contender = { uid: 'a', kind: 'Workspace', name: 'beta/younger', createdAt: '2026-03-01T09:00:01Z' };
const twin: Contender = { ...elder, uid: 'c', name: 'beta/twin' };

describe('standingOf()', () => {
  it.each([
    ['lets the only one claim an id that nobody holds', [elder], undefined, 'b', { kind: 'claimable' }],
    ['says that an id is held, when the ledger says so', [elder], 'b', 'b', { kind: 'held' }],
    ['lets the elder claim', [younger, elder], undefined, 'b', { kind: 'claimable' }],
    ['tells the younger who holds it', [younger, elder], undefined, 'a', { kind: 'taken', holder: elder }],
    ['decides by uid between two of one second', [twin, elder], undefined, 'c', { kind: 'taken', holder: elder }],
    ['believes the ledger before the age', [younger, elder], 'a', 'b', { kind: 'taken', holder: younger }],
    ['leaves the holder what it has', [younger, elder], 'a', 'a', { kind: 'held' }],
    [
      'lets the elder succeed a holder that is gone',
      [younger, elder],
      'z',
      'b',
      { kind: 'claimable', deadHolderUID: 'z' },
    ],
    ['lets nobody else succeed it', [younger, elder], 'z', 'a', { kind: 'taken', holder: elder }],
    ['lets one claim that the stores do not show yet', [], undefined, 'a', { kind: 'claimable' }],
  ] as const)('%s', (_sentence, contenders, claimedBy, uid, expected) => {
    expect(standingOf({ id: ID, contenders, ...(claimedBy === undefined ? {} : { claimedBy }) }, uid)).toEqual(
      expected,
    );
  });

  it('leaves exactly one contender not refused, whatever their ages, the ledger and the order in which they are listed', () => {
    const contender = fc.record({
      uid: fc.uuid(),
      kind: fc.constant('Workspace' as const),
      name: fc.constant('acme/a'),
      createdAt: fc.constantFrom('2026-03-01T09:00:00Z', '2026-03-01T09:00:01Z'),
    });
    const contenders = fc.uniqueArray(contender, { selector: ({ uid }) => uid, minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(contenders, fc.option(fc.nat(8), { nil: undefined }), (list, index) => {
        const claimedBy = index === undefined ? undefined : (list[index]?.uid ?? 'gone');
        const contest = { id: ID, ...(claimedBy === undefined ? {} : { claimedBy }) };
        const winners = (order: readonly Contender[]) =>
          list.filter(({ uid }) => standingOf({ ...contest, contenders: order }, uid).kind !== 'taken');
        expect(winners(list)).toHaveLength(1);
        expect(winners(list.toReversed())).toEqual(winners(list));
      }),
    );
  });
});
