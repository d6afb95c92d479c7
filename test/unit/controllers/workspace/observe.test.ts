import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, LABELS } from '../../../../src/apis/v1alpha1/names.ts';
import { HELD_BACK } from '../../../../src/assets/report.ts';
import { observeNode, observePod, observeVolume } from '../../../../src/controllers/workspace/observe.ts';

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

const HELD = `${HELD_BACK}the agent restarted 3 times in quick succession; not before 7 s`;

const REPORT = { outcome: 'waiting', files: 0, changes: [], changesTotal: 0, reason: 'the transfer broke off' };
const LOG = `${JSON.stringify(REPORT)}\nCannot send the report: connect ECONNREFUSED\nthe transfer broke off\n`;
const FORGED = JSON.stringify({ ...REPORT, reason: 'two\nlines' });

const observe = (changes: object) => observePod({ ...raw, ...changes } as unknown as typeof raw);

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

  it('knows why Kubernetes ended a Pod, and how long its agent ran', () => {
    const terminated = { exitCode: 137, startedAt: '2026-03-01T10:00:00Z', finishedAt: '2026-03-01T10:00:07Z' };
    const ended = { phase: 'Failed', reason: 'Evicted', containerStatuses: [{ name: 'agent', state: { terminated } }] };
    expect(observe({ status: ended })).toMatchObject({ endReason: 'Evicted', ranMs: 7_000, isReady: false });
  });

  it('takes an agent that never ran for one that ran no time, and one that runs for none that ended', () => {
    expect(observe({ status: { phase: 'Failed' } }).ranMs).toBe(0);
    expect(observe({}).ranMs).toBeUndefined();
  });

  it('knows since when a Pod is not ready, on which node it is, and that it is taken off it', () => {
    const conditions = [
      { type: 'Ready', status: 'False', lastTransitionTime: '2026-03-01T10:00:00Z' },
      { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' },
    ];
    expect(observe({ spec: { nodeName: 'n1' }, status: { conditions } })).toMatchObject({
      nodeName: 'n1',
      notReadySince: '2026-03-01T10:00:00Z',
      disruption: 'PreemptionByScheduler',
    });
  });

  it.each([
    [1, undefined],
    [2, { materialize: 'x:1', agent: 'y:1' }],
  ])('keeps the images of a Pod of generation %i: %o', (generation, images) => {
    const spec = {
      initContainers: [{ name: 'materialize', image: 'x:1' }],
      containers: [{ name: 'agent', image: 'y:1' }],
    };
    expect(observe({ metadata: { ...raw.metadata, generation }, spec }).editedImages).toEqual(images);
  });

  it.each([
    ['ended so', { state: { terminated: { exitCode: 75, message: HELD } } }, true],
    ['ended so before', { state: { waiting: {} }, lastState: { terminated: { exitCode: 75, message: HELD } } }, true],
    ['ended otherwise', { state: { terminated: { exitCode: 75, message: 'no server' } } }, undefined],
    ['ended well', { state: { terminated: { exitCode: 0, message: HELD } } }, undefined],
  ])('knows an agent that is held back by how materialize %s', (_name, states, expected) => {
    const initContainerStatuses = [{ name: 'materialize', restartCount: 1, ...states }];
    expect(observe({ status: { initContainerStatuses } }).materialize?.heldBack).toBe(expected);
  });

  it.each([
    ['of a run that failed', { state: { terminated: { exitCode: 75, message: LOG } } }, 'the transfer broke off'],
    [
      'of the run before, while it waits for the next',
      { state: { waiting: {} }, lastState: { terminated: { exitCode: 73, message: LOG } } },
      'the transfer broke off',
    ],
    ['of no run that ended well', { state: { terminated: { exitCode: 0, message: LOG } } }, undefined],
    ['of no log that is cut off', { state: { terminated: { exitCode: 75, message: LOG.slice(0, 40) } } }, undefined],
    [
      'of no line that only looks like a report',
      { state: { terminated: { exitCode: 75, message: FORGED } } },
      undefined,
    ],
  ])('keeps why materialize failed out of the log %s', (_name, states, expected) => {
    const initContainerStatuses = [{ name: 'materialize', restartCount: 1, ...states }];
    expect(observe({ status: { initContainerStatuses } }).materialize?.failure).toBe(expected);
  });

  it('keeps the image and the words of a container only while it waits', () => {
    const container = (state: object) =>
      observe({
        status: { containerStatuses: [{ name: 'agent', image: 'y:1', started: true, restartCount: 0, state }] },
      }).agent;
    expect(container({ waiting: { reason: 'ErrImagePull', message: 'no' } })).toEqual({
      state: 'waiting',
      reason: 'ErrImagePull',
      message: 'no',
      image: 'y:1',
      restarts: 0,
    });
    expect(container({ running: {} })).toEqual({ state: 'running', hasStarted: true, restarts: 0 });
    expect(container({ terminated: { reason: 'OOMKilled', exitCode: 137, message: 'a long log' } })).toEqual({
      state: 'terminated',
      reason: 'OOMKilled',
      exitCode: 137,
      restarts: 0,
    });
  });
});

describe('observeVolume()', () => {
  it('keeps size, class and resizes of a claim', () => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: raw.metadata,
      spec: { storageClassName: 'fast', resources: { requests: { storage: '2Gi' } }, volumeName: 'pv' },
      status: {
        phase: 'Bound',
        capacity: { storage: '1Gi' },
        conditions: [
          { type: 'Resizing', status: 'True' },
          { type: 'FileSystemResizePending', status: 'False' },
        ],
      },
    };
    const { metadata: _metadata, ...kept } = observeVolume(claim);
    expect(kept).toEqual({
      phase: 'Bound',
      className: 'fast',
      requested: '2Gi',
      capacity: '1Gi',
      resizes: ['Resizing'],
    });
  });

  it('takes a claim that nobody has looked at yet for pending', () => {
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: raw.metadata };
    expect(observeVolume(claim)).toMatchObject({ phase: 'Pending', resizes: [] });
  });
});

describe('observeNode()', () => {
  it.each([
    ['True', true],
    ['False', false],
    ['Unknown', false],
  ])('takes a node whose Ready is %s for one that answers: %s', (status, isReady) => {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      status: { conditions: [{ type: 'Ready', status }] },
    };
    expect(observeNode(node)).toMatchObject({ isReady, canRestartInPlace: false });
  });
});
