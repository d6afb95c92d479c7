import { describe, expect, it } from 'vitest';
import { explain, standingOf } from '../../../src/cli/standing.ts';
import { condition, notReady, org, workspace } from './objects.ts';

const UNSEEN = { reason: 'NotObserved', message: 'The operator has not looked at this change yet' };
const DELETED = { deletionTimestamp: '2026-11-21T07:04:00Z' };

describe('how an object stands that the operator has not looked at since', () => {
  it.each([
    ['Progressing', 'its spec was changed', workspace('w', { metadata: { generation: 2 } })],
    [
      'Progressing',
      'it is to be suspended and its agent still runs',
      workspace('w', { metadata: { generation: 2 }, spec: { suspend: true } }),
    ],
    ['Deleting', 'it was deleted and is still called ready', org('acme', { metadata: DELETED })],
    [
      'Deleting',
      'it was deleted and something older is said to be wrong',
      workspace('w', {
        metadata: { ...DELETED, generation: 2 },
        status: notReady('AgentReady', { reason: 'AgentStarting' }),
      }),
    ],
  ] as const)('is %s when %s', (state, _name, object) => {
    expect(standingOf(object)).toEqual({ state, ...UNSEEN });
  });

  it('is what the operator says once it has looked at the deletion', () => {
    const status = notReady('AgentReady', { reason: 'Terminating', message: 'Waits for its Pod' });
    const object = workspace('w', { metadata: DELETED, status });
    expect(standingOf(object)).toEqual({ state: 'Deleting', reason: 'Terminating', message: 'Waits for its Pod' });
  });

  it('is Ready when the operator has looked at this very generation', () => {
    const status = { observedGeneration: 2, conditions: [condition('Ready', 'True', { reason: 'WorkspaceReady' })] };
    expect(standingOf(workspace('w', { metadata: { generation: 2 }, status })).state).toBe('Ready');
  });
});

describe('reason and message in one line', () => {
  it.each([
    ['both', 'ParentCycle', 'They form a circle', 'ParentCycle: They form a circle'],
    ['the message alone where it begins with the reason', 'Suspended', 'Suspended; resume it', 'Suspended; resume it'],
    ['both where the message only begins alike', 'Suspend', 'Suspended; resume it', 'Suspend: Suspended; resume it'],
    ['the reason alone where there is no message', 'Suspended', null, 'Suspended'],
    ['the message alone where there is no reason', null, 'Not made yet', 'Not made yet'],
  ])('are %s', (_name, reason, message, line) => {
    expect(explain({ reason, message })).toBe(line);
  });
});
