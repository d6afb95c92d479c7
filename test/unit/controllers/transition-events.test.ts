import { describe, expect, it } from 'vitest';
import { REASONS } from '../../../src/apis/v1alpha1/reasons.ts';
import { WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { Condition } from '../../../src/conditions/condition.ts';
import { type Progress, summarise } from '../../../src/conditions/summarise.ts';
import { regardingOf, tellStatus } from '../../../src/controllers/effects.ts';
import { transitionEvents } from '../../../src/controllers/transition-events.ts';
import { workspace } from '../../builders/objects.ts';

const regarding = regardingOf(WORKSPACES, workspace('writer'));

/** One pass after another, each seeing the conditions that the one before wrote; the Events of all. */
function tell(...passes: readonly (readonly [Progress, string])[]): readonly string[] {
  let before: readonly Condition[] = [];
  return passes.flatMap(([progress, reason]) => {
    const status = reason === REASONS.workspaceReady ? 'True' : 'False';
    const after = summarise({
      verdicts: [{ type: 'AgentReady', status, reason, message: `${reason} in words` }],
      progress,
      whenReady: { reason, message: 'The agent is ready' },
      observed: before,
      generation: 1,
      now: new Date('2026-03-01T10:00:00Z'),
    });
    const events = transitionEvents({ regarding, before, after });
    before = after;
    return events.map(({ type, reason, note }) => `${type} ${reason}: ${note}`);
  });
}

const READY = ['settled', 'WorkspaceReady'] as const;
const STARTING = ['progressing', 'AgentStarting'] as const;
const PULLING = ['waiting', 'ImageNotPulled'] as const;
const PULL_WARNING = 'Warning ImageNotPulled: ImageNotPulled in words';
const READY_AGAIN = 'Normal WorkspaceReady: The agent is ready';

describe('the Events of a status', () => {
  it.each([
    ['says nothing of a creation that goes well', [STARTING, READY], []],
    ['says nothing of a restart that goes well', [READY, STARTING, READY], []],
    ['says nothing of what somebody asked for', [READY, ['waiting', 'Suspended'], STARTING, READY], []],
    ['warns of a failure at once, also at a creation', [PULLING], [PULL_WARNING]],
    ['warns of a failure once', [STARTING, PULLING, PULLING], [PULL_WARNING]],
    [
      'warns of what only another spec can help',
      [['stalled', 'ImageMissing']],
      ['Warning ImageMissing: ImageMissing in words'],
    ],
    [
      'warns again when another failure takes the place',
      [PULLING, ['waiting', 'NodeLost']],
      [PULL_WARNING, 'Warning NodeLost: NodeLost in words'],
    ],
    ['tells a recovery', [READY, PULLING, READY], [PULL_WARNING, READY_AGAIN]],
    [
      'tells a recovery although steps lay between',
      [PULLING, STARTING, ['progressing', 'Replacing'], READY],
      [PULL_WARNING, READY_AGAIN],
    ],
    ['tells a recovery once', [PULLING, READY, READY, STARTING, READY], [PULL_WARNING, READY_AGAIN]],
  ] as const)('%s', (_name, passes, expected) => {
    expect(tell(...(passes as readonly (readonly [Progress, string])[]))).toEqual(expected);
  });

  it('is about the object, with its uid', () => {
    expect(regarding).toEqual({
      apiVersion: 'moleculesai.app/v1alpha1',
      kind: 'Workspace',
      namespace: 'acme',
      name: 'writer',
      uid: workspace('writer').metadata.uid,
    });
  });
});

describe('tellStatus()', () => {
  const failing: readonly Condition[] = [
    {
      type: 'Ready',
      status: 'False',
      reason: 'ImageNotPulled',
      message: 'No such image',
      lastTransitionTime: '2026-03-01T10:00:00Z',
    },
  ];
  const object = { ...workspace('writer'), status: { conditions: failing } };

  it('neither writes nor tells when nothing changed', () => {
    expect(tellStatus({ resource: WORKSPACES, object, status: { conditions: failing }, fieldManager: 'test' })).toEqual(
      {},
    );
  });

  it('writes what changed and tells it', () => {
    const status = { conditions: failing.map((condition) => ({ ...condition, reason: 'NodeLost' })) };
    const told = tellStatus({ resource: WORKSPACES, object, status, fieldManager: 'test' });
    expect(told.status?.patch).toEqual(status);
    expect(told.events).toMatchObject([{ type: 'Warning', reason: 'NodeLost', note: 'No such image' }]);
  });

  it('writes without an Event what is no news', () => {
    const status = { conditions: failing.map((condition) => ({ ...condition, message: 'Other words' })) };
    const told = tellStatus({ resource: WORKSPACES, object, status, fieldManager: 'test' });
    expect([told.status === undefined, told.events]).toEqual([false, undefined]);
  });
});
