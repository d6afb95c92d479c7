import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../../src/apis/v1alpha1/names.ts';
import type { ObservedPod } from '../../../../src/controllers/workspace/observed.ts';
import { planWorkspace } from '../../../../src/controllers/workspace/plan.ts';
import { PodHistory } from '../../../../src/controllers/workspace/pod-history.ts';
import { isInCrashLoop, quickEnds, restMs } from '../../../../src/controllers/workspace/restart-backoff.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { CHILD, podOf, snapshot } from './fixture.ts';

const MADE = '2026-03-01T10:00:00Z';
const madeMs = Date.parse(MADE);

/** A Pod that ended after so many milliseconds, and as many as `before` before it. */
function ended(ranMs: number, before?: string): ObservedPod {
  const pod = podOf(snapshot(), { phase: 'Failed', isReady: false, ranMs });
  const quick = before === undefined ? {} : { [ANNOTATIONS.quickEnds]: before };
  return { ...pod, metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...quick } } };
}

describe('how often an agent ended soon', () => {
  it.each([
    ['the first time', ended(1_000), 1],
    ['once more', ended(1_000, '1'), 2],
    ['not, after it ran well', ended(600_000, '7'), 0],
    ['not at all, while it runs', podOf(snapshot()), 0],
    ['counted anew where somebody wrote nonsense', ended(1_000, 'many'), 1],
    ['counted anew where somebody wrote less than nothing', ended(1_000, '-5'), 1],
  ])('%s', (_name, pod, expected) => {
    expect(quickEnds(pod)).toBe(expected);
  });

  it('is a crash loop from the second time on', () => {
    expect([ended(0), ended(0, '1')].map(isInCrashLoop)).toEqual([false, true]);
  });
});

describe('how long an ended Pod rests', () => {
  it.each([
    ['10 s after its start the first time', ended(0), 10_000],
    ['twice as long the next time', ended(0, '1'), 20_000],
    ['five minutes at most', ended(0, '9'), 300_000],
    ['five minutes at most, whatever somebody wrote', ended(0, '999999999'), 300_000],
    ['not at all after it ran well', ended(600_000, '9'), 0],
  ])('%s', (_name, pod, expected) => {
    expect(restMs(pod, new Date(MADE))).toBe(expected);
  });

  it('is over at its time, and never longer than it, whatever the clocks say', () => {
    expect(restMs(ended(0), new Date(madeMs + 10_000))).toBe(0);
    expect(restMs(ended(0), new Date(madeMs + 4_000))).toBe(6_000);
    expect(restMs(ended(0), new Date(madeMs - 86_400_000))).toBe(10_000);
  });
});

describe('the next Pod', () => {
  const key = { namespace: 'acme', name: CHILD };
  const annotationOf = (world: WorkspaceSnapshot) => {
    const pod = planWorkspace(world, new Date(MADE)).writes?.at(-1);
    return pod?.kind === 'create' ? pod.object.metadata.annotations?.[ANNOTATIONS.quickEnds] : undefined;
  };
  const endedPodAfter = (pod: ObservedPod) => {
    const history = new PodHistory();
    history.note(pod, undefined);
    return history.get(key);
  };

  it('is told how often those before it ended soon', () => {
    expect(annotationOf(snapshot({ endedPod: endedPodAfter(ended(0, '3')) }))).toBe('4');
  });

  it.each([
    ['nothing ended before', undefined],
    ['the one before ran well', endedPodAfter(ended(600_000, '3'))],
    ['the one before was taken away', endedPodAfter(podOf(snapshot()))],
    ['another spec may be the cure', { specHash: 'of another spec', quickEnds: 4 }],
  ])('begins anew when %s', (_name, endedPod) => {
    expect(annotationOf(snapshot({ endedPod }))).toBeUndefined();
  });

  it('takes the place of the one before in memory', () => {
    const history = new PodHistory();
    history.note(ended(0), undefined);
    history.note(undefined, podOf(snapshot()));
    expect(history.get(key)).toBeUndefined();
    history.note(ended(0), undefined);
    history.forget(key);
    expect(history.get(key)).toBeUndefined();
  });
});
