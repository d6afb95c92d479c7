import { describe, expect, it } from 'vitest';
import { CONDITION_TABLE, CONDITIONS } from '../../../src/apis/v1alpha1/conditions.ts';
import type { Condition, Verdict } from '../../../src/conditions/condition.ts';
import { type SummariseInput, summarise } from '../../../src/conditions/summarise.ts';

const NOW = new Date('2026-03-01T10:00:00.750Z');
const good = (type: string): Verdict => ({ type, status: 'True', reason: `${type}Fine`, message: `${type} is fine` });
const bad = (type: string, status: 'False' | 'Unknown' = 'False'): Verdict => ({
  type,
  status,
  reason: `${type}Broken`,
  message: `${type} is broken`,
});

function run(changes: Partial<SummariseInput>) {
  return summarise({
    verdicts: [good('Placed'), good('AgentReady')],
    progress: 'settled',
    whenReady: { reason: 'WorkspaceReady', message: 'All is well' },
    observed: [],
    generation: 3,
    now: NOW,
    ...changes,
  });
}

describe('summarise()', () => {
  it('derives Ready=True from conditions that are all True', () => {
    expect(run({})[0]).toEqual({
      type: 'Ready',
      status: 'True',
      reason: 'WorkspaceReady',
      message: 'All is well',
      observedGeneration: 3,
      lastTransitionTime: '2026-03-01T10:00:00Z',
    });
  });

  it('explains Ready by the first condition that is False, in the order of the table and not of the checks', () => {
    const conditions = run({ verdicts: [bad('AgentReady'), bad('VolumeReady', 'Unknown'), bad('Placed', 'Unknown')] });
    expect(conditions.map(({ type }) => type)).toEqual(['Ready', 'Placed', 'VolumeReady', 'AgentReady']);
    expect(conditions[0]).toMatchObject({ status: 'False', reason: 'AgentReadyBroken' });
  });

  it('is not ready while a condition is unknown, and says so as False', () => {
    const ready = run({ verdicts: [good('Placed'), bad('VolumeReady', 'Unknown')] })[0];
    expect(ready).toMatchObject({ status: 'False', reason: 'VolumeReadyBroken', message: 'VolumeReady is broken' });
  });

  it('shows a notice in its place while it is True, without a say in Ready', () => {
    const conditions = run({ verdicts: [good('AgentReady'), good('Placed'), good('ApprovalPending')] });
    expect(conditions.map(({ type }) => type)).toEqual(['Ready', 'ApprovalPending', 'Placed', 'AgentReady']);
    expect(conditions[0]?.status).toBe('True');
  });

  it.each(['False', 'Unknown'] as const)('leaves out a notice that is %s, and is ready all the same', (status) => {
    const conditions = run({ verdicts: [good('Placed'), bad('ApprovalPending', status)] });
    expect(conditions.map(({ type, status }) => [type, status])).toEqual([
      ['Ready', 'True'],
      ['Placed', 'True'],
    ]);
  });

  it('has a place for every condition type', () => {
    expect(CONDITION_TABLE.map(({ type }) => type).toSorted()).toEqual(Object.values(CONDITIONS).toSorted());
  });

  it.each([
    ['settled', undefined],
    ['waiting', undefined],
    ['progressing', 'Reconciling'],
    ['stalled', 'Stalled'],
  ] as const)('shows of the abnormal conditions, when %s, only %s', (progress, shown) => {
    const types = run({ progress, verdicts: [bad('Placed')] }).map((condition) => condition.type);
    expect(types.filter((type) => type === 'Reconciling' || type === 'Stalled')).toEqual(
      shown === undefined ? [] : [shown],
    );
  });

  it('shows nothing abnormal beside Ready=True, whatever is still under way', () => {
    const types = run({ progress: 'progressing' }).map((condition) => condition.type);
    expect(types).toEqual(['Ready', 'Placed', 'AgentReady']);
  });

  it.each([
    ['a failure', [{ progress: 'waiting', verdicts: [bad('Placed')] }], 'ProgressingWithRetry'],
    [
      'a failure some steps ago',
      [
        { progress: 'stalled', verdicts: [bad('Placed')] },
        { progress: 'progressing', verdicts: [bad('AgentReady')] },
      ],
      'ProgressingWithRetry',
    ],
    ['nothing', [], 'PlacedBroken'],
    ['a state that was well', [{}], 'PlacedBroken'],
    ['a failure that ended', [{ progress: 'waiting', verdicts: [bad('Placed')] }, {}], 'PlacedBroken'],
  ] as const)('remembers in Reconciling that a change comes after %s', (_name, passes, reason) => {
    let observed: readonly Condition[] = [];
    for (const pass of passes) observed = run({ ...pass, observed });
    const after = run({ progress: 'progressing', verdicts: [bad('Placed')], observed });
    expect(after.find(({ type }) => type === 'Reconciling')).toMatchObject({ reason });
  });

  it('keeps the transition time while the status stays, whatever reason and message do', () => {
    const before = run({ verdicts: [bad('Placed')], now: new Date('2026-01-01T00:00:00Z') });
    const after = run({ verdicts: [{ ...bad('Placed'), reason: 'Other', message: 'Another' }], observed: before });
    expect(after.map((condition) => condition.lastTransitionTime)).toEqual([
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00Z',
    ]);
  });

  it('moves the transition time when the status changes', () => {
    const before = run({ verdicts: [bad('Placed')], now: new Date('2026-01-01T00:00:00Z') });
    expect(run({ verdicts: [good('Placed')], observed: before })[0]?.lastTransitionTime).toBe('2026-03-01T10:00:00Z');
  });

  it('is equal to what it gave before, when nothing changed', () => {
    const before = run({});
    expect(run({ observed: before, now: new Date('2027-01-01T00:00:00Z') })).toEqual(before);
  });

  it('cuts a message at the length that the CRDs accept', () => {
    const message = run({ verdicts: [{ ...bad('Placed'), message: 'x'.repeat(5000) }] })[0]?.message;
    expect(message).toHaveLength(1024);
  });
});
