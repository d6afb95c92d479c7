import { describe, expect, it } from 'vitest';
import { isFinal, nextPhase, type RequestEvent, type RequestPhase } from '../../../../src/rules/approval/lifecycle.ts';

const EVENTS = ['opened', 'approved', 'denied', 'consumed', 'expired', 'superseded', 'withdrawn'] as const;

/** Per phase what each event, in the order above, leads to; `-`: nothing happens. */
const TABLE: readonly (readonly [RequestPhase | undefined, string])[] = [
  [undefined, 'Pending -        -      -        -       -          Withdrawn'],
  ['Pending', '-       Approved Denied -        Expired Superseded Withdrawn'],
  ['Approved', '-       -        -      Consumed Expired Superseded Withdrawn'],
  ['Denied', '-       -        -      -        -       -          -'],
  ['Consumed', '-       -        -      -        -       -          -'],
  ['Expired', '-       -        -      -        -       -          -'],
  ['Superseded', '-       -        -      -        -       -          -'],
  ['Withdrawn', '-       -        -      -        -       -          -'],
];

const ROWS: readonly (readonly [string, RequestEvent, RequestPhase | undefined, string])[] = TABLE.flatMap(
  ([phase, row]) => {
    const results = row.split(/ +/);
    return EVENTS.map((event, index) => [phase ?? 'a new request', event, phase, results[index] ?? ''] as const);
  },
);

describe('nextPhase()', () => {
  it.each(ROWS)('of %s after %s', (_phase, event, phase, expected) => {
    expect(nextPhase(phase, event) ?? '-').toBe(expected);
  });
});

describe('isFinal()', () => {
  it('is said of the phases that no event leads out of', () => {
    expect(TABLE.map(([phase]) => phase).filter(isFinal)).toEqual([
      'Denied',
      'Consumed',
      'Expired',
      'Superseded',
      'Withdrawn',
    ]);
  });
});
