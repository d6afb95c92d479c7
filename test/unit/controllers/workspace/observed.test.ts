import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, LABELS } from '../../../../src/apis/v1alpha1/names.ts';
import { observePod } from '../../../../src/controllers/workspace/observed.ts';

const raw = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'researcher-0f3c9a52',
    namespace: 'acme',
    uid: 'u',
    resourceVersion: '7',
    labels: { [LABELS.workspace]: 'researcher', foreign: 'x' },
    annotations: { [ANNOTATIONS.specHash]: 'h', 'kubectl.kubernetes.io/last-applied-configuration': 'a lot' },
    managedFields: [{ manager: 'kubelet' }],
  },
  spec: { containers: [{ name: 'agent' }] },
  status: {
    phase: 'Running',
    podIP: '10.0.0.9',
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'PodScheduled', status: 'True' },
    ],
    initContainerStatuses: [
      {
        name: 'materialize',
        restartCount: 2,
        state: { terminated: { exitCode: 0, reason: 'Completed' } },
        lastState: { terminated: { exitCode: 75 } },
      },
    ],
    containerStatuses: [{ name: 'agent', restartCount: 1, state: { running: {} } }],
  },
};

describe('observePod()', () => {
  it('keeps what planning reads and drops the rest', () => {
    expect(observePod(raw)).toEqual({
      metadata: {
        name: 'researcher-0f3c9a52',
        namespace: 'acme',
        uid: 'u',
        resourceVersion: '7',
        labels: { [LABELS.workspace]: 'researcher' },
        annotations: { [ANNOTATIONS.specHash]: 'h' },
      },
      phase: 'Running',
      ip: '10.0.0.9',
      isReady: true,
      materialize: { state: 'terminated', reason: 'Completed', exitCode: 0, lastExitCode: 75, restarts: 2 },
      agent: { state: 'running', restarts: 1 },
    });
  });

  it('reads a Pod that nobody has looked at yet as pending and not ready', () => {
    expect(observePod({ ...raw, status: {} } as typeof raw)).toMatchObject({ phase: 'Pending', isReady: false });
  });

  it('does not take the end that the kubelet gave a container for its own exit code', () => {
    const lastState = { terminated: { exitCode: 137, reason: 'RestartingAllContainers' } };
    const initContainerStatuses = [{ name: 'materialize', restartCount: 1, state: { running: {} }, lastState }];
    const pod = observePod({ ...raw, status: { ...raw.status, initContainerStatuses } } as unknown as typeof raw);
    expect(pod.materialize).toEqual({ state: 'running', restarts: 1 });
  });

  it("repeats the scheduler's sentence while it finds no node", () => {
    const conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' },
    ];
    expect(observePod({ ...raw, status: { ...raw.status, conditions } } as unknown as typeof raw).unschedulable).toBe(
      '0/1 nodes are available',
    );
  });
});
