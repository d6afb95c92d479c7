import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../../src/apis/v1alpha1/names.ts';
import type { ObservedContainer, ObservedNode, ObservedPod } from '../../../../src/controllers/workspace/observed.ts';
import { findAgent, findLoop, findMaterialized } from '../../../../src/controllers/workspace/pod-verdicts.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { CHILD, podOf, running, snapshot, templated } from './fixture.ts';

type Container = ObservedContainer;

const waiting = (reason: string, more: Partial<Container> = {}): Container => ({
  state: 'waiting',
  reason,
  restarts: 0,
  ...more,
});
const exited = (exitCode: number, more: Partial<Container> = {}): Container =>
  waiting('CrashLoopBackOff', { lastExitCode: exitCode, restarts: 2, ...more });
const up: Container = { state: 'running', restarts: 0 };
const started: Container = { ...up, hasStarted: true };
const node: ObservedNode = { metadata: { name: 'n1' }, canRestartInPlace: true, isReady: true };

function notReady(pod: Partial<ObservedPod>, changes: Partial<WorkspaceSnapshot> = {}): WorkspaceSnapshot {
  return running({ isReady: false, ...pod }, changes);
}

/** A status in which the agent was said to have this reason. */
function saidBefore(reason: string, status: 'True' | 'False' = 'False'): Partial<WorkspaceSnapshot> {
  const said = { type: 'AgentReady', status, reason, message: 'x', lastTransitionTime: '2026-03-01T09:00:00Z' };
  return { workspace: { ...templated(), status: { conditions: [said] } } };
}

const brief = ({ status, reason, isFailure }: ReturnType<typeof findAgent>): string =>
  `${status} ${reason}${isFailure === true ? ', failing' : ''}`;

describe('AgentReady', () => {
  it.each<[string, WorkspaceSnapshot, string]>([
    ['a Pod that is not there', snapshot(), 'False Creating'],
    ['a Pod that was refused', snapshot({ lastFailure: { message: 'no' } }), 'False CreateFailed, failing'],
    ['a Pod that is ready', running(), 'True AgentReady'],
    ['an agent that starts', notReady({ agent: up }), 'False AgentStarting'],
    ['an agent that starts again', notReady({ agent: { ...up, restarts: 1 } }), 'False AgentRestarting'],
    ['an agent that has not served yet', notReady({ agent: started }), 'False AgentStarting'],
    [
      'an agent that served and does not any more',
      notReady({ agent: started }, saidBefore('AgentReady', 'True')),
      'False AgentNotResponding, failing',
    ],
    [
      'an agent that still does not',
      notReady({ agent: started }, saidBefore('AgentNotResponding')),
      'False AgentNotResponding, failing',
    ],
    ['an image that cannot be pulled', notReady({ agent: waiting('ErrImagePull') }), 'False ImageNotPulled, failing'],
    [
      'an image that cannot be pulled, again',
      notReady({ agent: waiting('ImagePullBackOff') }),
      'False ImageNotPulled, failing',
    ],
    ['an image whose name is none', notReady({ agent: waiting('InvalidImageName') }), 'False ImageNotPulled, failing'],
    [
      'an image that must be there and is not',
      notReady({ agent: waiting('ErrImageNeverPull') }),
      'False ImageNotPulled, failing',
    ],
    [
      'a container that cannot be configured',
      notReady({ agent: waiting('CreateContainerConfigError') }),
      'False ContainerNotStarted, failing',
    ],
    [
      'a container that cannot be created',
      notReady({ agent: waiting('CreateContainerError') }),
      'False ContainerNotStarted, failing',
    ],
    [
      'a container that cannot be run',
      notReady({ agent: waiting('RunContainerError') }),
      'False ContainerNotStarted, failing',
    ],
    ['a Pod without a place', notReady({ unschedulable: '0/3 nodes are available' }), 'False Unschedulable, failing'],
    ['an agent in a crash loop of the kubelet', notReady({ agent: exited(1) }), 'False AgentCrashLooping, failing'],
    [
      'an agent that materialize holds back',
      notReady({ materialize: exited(75, { heldBack: true }) }),
      'False AgentCrashLooping, failing',
    ],
    [
      'an agent that ran out of memory',
      notReady({ agent: { ...up, restarts: 1, lastReason: 'OOMKilled' } }),
      'False OOMKilled, failing',
    ],
    [
      'an agent that is out of memory now',
      notReady({ agent: { state: 'terminated', reason: 'OOMKilled', exitCode: 137, restarts: 0 } }),
      'False OOMKilled, failing',
    ],
    ['a node that is gone', running({ nodeName: 'n1' }), 'False NodeLost, failing'],
    [
      'a node that does not answer',
      notReady({ nodeName: 'n1' }, { node: { ...node, isReady: false } }),
      'False NodeLost, failing',
    ],
    [
      'a node that fell silent a moment ago',
      running({ nodeName: 'n1' }, { node: { ...node, isReady: false } }),
      'True AgentReady',
    ],
    ['a node that answers', running({ nodeName: 'n1' }, { node }), 'True AgentReady'],
  ])('is, for %s, as it should be', (_name, world, expected) => {
    expect(brief(findAgent(world))).toBe(expected);
  });

  it('names the image that cannot be pulled, and the node that is lost', () => {
    const pulling = notReady({
      agent: waiting('ErrImagePull', { image: 'example/agent:9', message: 'dial tcp 1.2.3.4' }),
    });
    expect(findAgent(pulling).message).toMatch(
      /^The image "example\/agent:9" cannot be pulled; .*kubectl describe pod/,
    );
    expect(findAgent(running({ nodeName: 'n1' })).message).toContain('node "n1"');
  });

  it('repeats why a container cannot be started', () => {
    const world = notReady({ agent: waiting('CreateContainerConfigError', { message: 'secret "keys" not found' }) });
    expect(findAgent(world).message).toContain('secret "keys" not found');
  });

  it.each([
    ['starts', { ...up, restarts: 3 }],
    ['has ended', { state: 'terminated', exitCode: 1, restarts: 3 } as const],
    ['waits', waiting('PodInitializing', { restarts: 3 })],
  ])('says of a crash loop the same while the agent %s, until it serves', (_name, agent) => {
    const looping = saidBefore('AgentCrashLooping');
    const told = findAgent(notReady({ agent: exited(1) }));
    expect(findAgent(notReady({ agent }, looping))).toEqual(told);
    expect(findAgent(running({ agent }, looping)).status).toBe('True');
  });

  it('tells why a loop goes on: memory, and not the pauses between', () => {
    const world = notReady({ materialize: exited(75, { heldBack: true }) }, saidBefore('OOMKilled'));
    expect(findAgent(world).reason).toBe('OOMKilled');
  });

  it('tells memory as the cause of the loop also to the Pod that follows', () => {
    const pod = podOf(snapshot(), { isReady: false, agent: up });
    const annotations = { ...pod.metadata.annotations, [ANNOTATIONS.quickEnds]: '2' };
    const world = {
      ...notReady({}, saidBefore('OOMKilled')),
      pod: { ...pod, metadata: { ...pod.metadata, annotations } },
    };
    expect(findAgent(world).reason).toBe('OOMKilled');
  });

  it('begins anew with another Pod', () => {
    expect(findAgent(notReady({ agent: up }, saidBefore('AgentCrashLooping'))).reason).toBe('AgentStarting');
  });

  it.each([
    ['1', undefined],
    ['2', 'AgentCrashLooping'],
  ])('says of the Pod after %s that ended soon that it is in a crash loop: %s', (ends, expected) => {
    const pod = podOf(snapshot(), { isReady: false, agent: up });
    const annotations = { ...pod.metadata.annotations, [ANNOTATIONS.quickEnds]: ends };
    const world = { ...snapshot(), pod: { ...pod, metadata: { ...pod.metadata, annotations } } };
    expect(findLoop(world)?.reason).toBe(expected);
  });
});

describe('Materialized', () => {
  const off = (world: WorkspaceSnapshot): WorkspaceSnapshot => {
    const { pod } = world;
    return pod === undefined ? world : { ...world, pod: { ...pod, metadata: { ...pod.metadata, annotations: {} } } };
  };

  it.each<[string, WorkspaceSnapshot, string]>([
    ['a Pod that is not there', snapshot(), 'False Creating'],
    ['templates that are off', off(running()), 'True TemplatesOff'],
    ['a run that went well', running(), 'True Materialized'],
    ['a run that goes on', notReady({ materialize: up }), 'False Materializing'],
    ['a run that has not begun', notReady({ materialize: waiting('PodInitializing') }), 'False Materializing'],
    ['assets that were refused', notReady({ materialize: exited(65) }), 'False AssetsRefused, failing'],
    ['a volume that cannot be written', notReady({ materialize: exited(73) }), 'False VolumeNotWritable, failing'],
    ['assets that cannot be had', notReady({ materialize: exited(75) }), 'False AssetsUnavailable, failing'],
    ['an end that nobody expected', notReady({ materialize: exited(1) }), 'False MaterializeFailed, failing'],
    [
      'a run that failed just now',
      notReady({ materialize: { state: 'terminated', exitCode: 73, restarts: 0 } }),
      'False VolumeNotWritable, failing',
    ],
    [
      'an image that cannot be pulled',
      notReady({ materialize: waiting('ErrImagePull') }),
      'False ImageNotPulled, failing',
    ],
    ['an agent that is held back', notReady({ materialize: exited(75, { heldBack: true }) }), 'True Materialized'],
    [
      'a run between two ends of a crash loop',
      notReady({ materialize: { ...up, restarts: 4 } }, saidBefore('AgentCrashLooping')),
      'True Materialized',
    ],
    [
      'a run that fails in a crash loop',
      notReady({ materialize: exited(65) }, saidBefore('AgentCrashLooping')),
      'False AssetsRefused, failing',
    ],
  ])('is, for %s, as it should be', (_name, world, expected) => {
    expect(brief(findMaterialized(world))).toBe(expected);
  });

  it('repeats what the run of this very Pod reported', () => {
    const world = notReady({ materialize: exited(73) });
    const report = { outcome: 'failed', files: 0, changes: [], changesTotal: 0, reason: 'No space left' } as const;
    const receivedAt = new Date('2026-03-01T10:00:00Z');
    const messageFor = (podUID: string) =>
      findMaterialized({ ...world, report: { podUID, receivedAt, report } }).message;
    expect(messageFor(world.pod?.metadata.uid ?? '')).toMatch(/: No space left$/);
    expect(messageFor('another')).not.toContain('No space left');
  });

  it('repeats what the last run wrote into its log rather than what an earlier one reported', () => {
    const world = notReady({ materialize: exited(75, { failure: 'the transfer broke off' }) });
    const report = { outcome: 'failed', files: 0, changes: [], changesTotal: 0, reason: 'No space left' } as const;
    const podUID = world.pod?.metadata.uid ?? '';
    const { message } = findMaterialized({ ...world, report: { podUID, receivedAt: new Date(0), report } });
    expect(message).toMatch(/: the transfer broke off$/);
  });

  it('names the log to read by the name that the Pod keeps', () => {
    expect(findMaterialized(notReady({ materialize: exited(1) })).message).toContain(
      `kubectl logs ${CHILD} -c materialize`,
    );
  });
});
