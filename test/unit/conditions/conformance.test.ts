import { describe, expect, it } from 'vitest';
import type { Condition } from '../../../src/conditions/condition.ts';
import {
  findConformanceFaults,
  isWaitSatisfied,
  kstatus,
  type StatusBearer,
} from '../../../src/conditions/conformance.ts';

function condition(type: string, status: Condition['status'], changes: Partial<Condition> = {}): Condition {
  return {
    type,
    status,
    reason: 'SomeReason',
    message: 'Something is so',
    observedGeneration: 2,
    lastTransitionTime: '2026-01-01T00:00:00Z',
    ...changes,
  };
}

function object(
  conditions: readonly Condition[],
  changes: { generation?: number; observed?: number } = {},
): StatusBearer {
  const { generation = 2, observed = 2 } = changes;
  return { metadata: { generation }, status: { observedGeneration: observed, conditions } };
}

const READY = condition('Ready', 'True');
const NOT_READY = condition('Ready', 'False');

describe('a status that breaks no rule', () => {
  it.each([
    ['ready', object([READY, condition('Placed', 'True')])],
    ['not ready and changing', object([NOT_READY, condition('Reconciling', 'True')])],
    ['not ready and stuck', object([NOT_READY, condition('Stalled', 'True')])],
    ['not ready and waiting', object([NOT_READY, condition('Placed', 'False')])],
    ['ready beside a notice', object([READY, condition('ApprovalPending', 'True')])],
    ['not ready beside a notice', object([NOT_READY, condition('ApprovalPending', 'True')])],
  ])('%s', (_name, subject) => {
    expect(findConformanceFaults(subject)).toEqual([]);
  });
});

describe('a status that breaks a rule', () => {
  it.each([
    ['FAIL0001', object([READY, condition('Stalled', 'True')])],
    ['FAIL0002', object([condition('Placed', 'True')])],
    ['FAIL0003', object([condition('Ready', 'Unknown'), condition('Reconciling', 'True')])],
    ['FAIL0004', object([condition('Ready', 'Unknown'), condition('Stalled', 'True')])],
    ['FAIL0005', object([NOT_READY, condition('Reconciling', 'True'), condition('Stalled', 'True')])],
    ['FAIL0006', object([condition('Ready', 'False', { observedGeneration: 3 })], { observed: 3 })],
    ['FAIL0007', object([READY], { generation: 3 })],
    ['FAIL0008', object([READY, condition('Placed', 'True', { observedGeneration: 1 })])],
    ['FAIL0009', object([NOT_READY, condition('Placed', 'True', { observedGeneration: 1 })])],
    ['FAIL0011', object([condition('Ready', 'Unknown')])],
    ['OWN1', object([READY, condition('Reconciling', 'False')])],
    ['OWN1', object([NOT_READY, condition('ApprovalPending', 'False')])],
    ['OWN2', object([READY, READY])],
    ['OWN3', object([READY, condition('Placed', 'False')])],
    ['OWN4', { metadata: { generation: 1 }, status: { conditions: [] } }],
    ['OWN5', object([condition('Ready', 'True', { reason: 'not-a-word' })])],
    ['OWN6', object([condition('Ready', 'True', { message: '' })])],
    ['OWN7', object([condition('Ready', 'True', { message: 'Since 2026-11-21T10:00:00Z' })])],
    ['OWN7', object([condition('Ready', 'True', { message: 'Pod 11111111-1111-4111-8111-111111111111' })])],
  ])('is told with its identifier: %s', (identifier, subject) => {
    expect(findConformanceFaults(subject).join('; ')).toContain(identifier);
  });

  it('may be about an older generation until the next pass', () => {
    expect(findConformanceFaults(object([READY], { generation: 3 }), { isFresh: false })).toEqual([]);
  });
});

describe('kstatus', () => {
  it.each<[string, ReturnType<typeof kstatus>, StatusBearer]>([
    ['ready', 'Current', object([READY])],
    ['not ready', 'InProgress', object([NOT_READY])],
    ['changing', 'InProgress', object([NOT_READY, condition('Reconciling', 'True')])],
    ['stuck', 'Failed', object([NOT_READY, condition('Stalled', 'True')])],
    ['edited since', 'InProgress', object([READY], { generation: 3 })],
    ['without a status', 'Current', { metadata: { generation: 1 } }],
    [
      'going',
      'Terminating',
      { ...object([READY]), metadata: { generation: 2, deletionTimestamp: '2026-01-01T00:00:00Z' } },
    ],
  ])('takes an object that is %s for %s', (_name, expected, subject) => {
    expect(kstatus(subject)).toBe(expected);
  });

  it('agrees with kubectl wait about an outdated Ready', () => {
    const edited = object([READY], { generation: 3 });
    expect([kstatus(edited), isWaitSatisfied(edited)]).toEqual(['InProgress', false]);
  });
});
