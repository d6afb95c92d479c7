import { describe, expect, it } from 'vitest';
import { judgeSync } from '../../../../src/cli/sync/verdict.ts';
import { condition, notReady, org, templateAsset, workspace } from '../objects.ts';

const ASKED = '2026-11-21T07:05:00.000Z';
const handled = { lastHandledReconcileAt: ASKED };
const ready = { observedGeneration: 1, conditions: [condition('Ready', 'True', { reason: 'WorkspaceReady' })] };

describe('what a request for a pass has come to', () => {
  it.each([
    ['waiting', 'the operator has not answered', workspace('w', { status: ready })],
    [
      'waiting',
      'the operator has answered an earlier one',
      workspace('w', { status: { ...ready, lastHandledReconcileAt: '2026-11-21T07:04:00.000Z' } }),
    ],
    ['done', 'a Workspace is ready', workspace('w', { status: { ...ready, ...handled } })],
    [
      'waiting',
      'it is ready, but its newest spec was not looked at',
      workspace('w', { metadata: { generation: 2 }, status: { ...ready, ...handled } }),
    ],
    [
      'waiting',
      'it is being changed',
      workspace('w', {
        status: { ...notReady('AgentReady', { reason: 'Creating', abnormal: 'Reconciling' }), ...handled },
      }),
    ],
    [
      'waiting',
      'a Workspace waits for something that may still come',
      workspace('w', { status: { ...notReady('TemplateReady', { reason: 'TemplateNotReady' }), ...handled } }),
    ],
    [
      'failed',
      'only a changed spec can help',
      workspace('w', {
        status: { ...notReady('AgentReady', { reason: 'ImageMissing', abnormal: 'Stalled' }), ...handled },
      }),
    ],
    [
      'failed',
      'it is suspended',
      workspace('w', {
        spec: { suspend: true },
        status: { ...notReady('AgentReady', { reason: 'Suspended' }), ...handled },
      }),
    ],
    [
      'failed',
      'it is being deleted',
      org('acme', { metadata: { deletionTimestamp: '2026-11-21T07:00:00Z' }, status: { ...ready, ...handled } }),
    ],
    [
      'failed',
      'a source was looked at in vain',
      templateAsset('t', { status: { ...notReady('ArtifactReady', { reason: 'FetchFailed' }), ...handled } }),
    ],
    ['done', 'a source was looked at', templateAsset('t', { status: { ...ready, ...handled } })],
  ] as const)('is %s when %s', (kind, _name, object) => {
    expect(judgeSync(object, ASKED).kind).toBe(kind);
  });
});
