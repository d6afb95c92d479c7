import { describe, expect, it } from 'vitest';
import { assess } from '../../../../src/controllers/workspace/checks.ts';
import type { ObservedPod, ObservedVolume } from '../../../../src/controllers/workspace/observed.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { findVolume } from '../../../../src/controllers/workspace/volume-verdict.ts';
import { workspace } from '../../../builders/objects.ts';
import { podOf, snapshot, templated, volumeOf } from './fixture.ts';

interface Case {
  readonly pod?: Partial<ObservedPod>;
  readonly volume?: Partial<ObservedVolume>;
  readonly wanted?: string;
  readonly lastFailure?: string;
  /** What VolumeReady said before. */
  readonly said?: { readonly reason: string; readonly message: string };
}

function find({ pod, volume, wanted, lastFailure, said }: Case) {
  const { spec } = templated();
  const status = said === undefined ? {} : { status: statusSaying(said) };
  const base = snapshot({
    workspace: workspace('researcher', {
      spec: { ...spec, ...(wanted === undefined ? {} : { storage: { size: wanted } }) },
      ...status,
    }),
    ...(lastFailure === undefined ? {} : { lastFailure: { message: lastFailure } }),
  });
  const world: WorkspaceSnapshot = {
    ...base,
    pod: pod === undefined ? undefined : podOf(base, pod),
    volume: volume === undefined ? undefined : volumeOf(undefined, volume),
  };
  const { status: isTrue, reason, isFailure, message } = findVolume(world, assess(world).intent);
  return { brief: `${isTrue} ${reason}${isFailure === true ? ', failing' : ''}`, message };
}

function statusSaying({
  reason,
  message,
}: NonNullable<Case['said']>): NonNullable<WorkspaceSnapshot['workspace']['status']> {
  const lastTransitionTime = '2026-03-01T09:00:00Z';
  return {
    conditions: [{ type: 'VolumeReady', status: 'False', reason, message, observedGeneration: 1, lastTransitionTime }],
  };
}

const unplaced = {
  isReady: false,
  materialize: { state: 'waiting', restarts: 0 },
  agent: { state: 'waiting', restarts: 0 },
} as const;
const pending = { phase: 'Pending' } as const;

describe('VolumeReady', () => {
  it.each<[string, Case, string]>([
    ['a volume that is being made', {}, 'False Creating'],
    ['a volume that was refused', { lastFailure: 'no' }, 'False CreateFailed, failing'],
    ['a volume that is bound', { volume: {} }, 'True VolumeReady'],
    ['a volume whose Pod is not there', { volume: pending }, 'Unknown VolumePending'],
    ['a volume that is being provided', { volume: pending, pod: unplaced }, 'Unknown VolumePending'],
    [
      'a volume without any class',
      { volume: { phase: 'Pending', className: undefined } as never, pod: unplaced },
      'False VolumePending, failing',
    ],
    [
      'a volume that keeps its Pod from a node',
      { volume: pending, pod: { ...unplaced, unschedulable: 'pod has unbound immediate PersistentVolumeClaims' } },
      'False VolumePending, failing',
    ],
    [
      'a Pod that has no node for another reason',
      { volume: pending, pod: { ...unplaced, unschedulable: '0/3 nodes are available: insufficient cpu' } },
      'Unknown VolumePending',
    ],
    ['an agent that serves, although nobody bound its volume', { volume: pending, pod: {} }, 'True VolumeReady'],
    [
      'an image that cannot be pulled, for which the volume is there',
      {
        volume: pending,
        pod: { isReady: false, materialize: { state: 'waiting', reason: 'ErrImagePull', restarts: 0 } },
      },
      'True VolumeReady',
    ],
    ['a volume that is in no store, with an agent that serves', { pod: {} }, 'True VolumeReady'],
    ['a volume that is lost', { volume: { phase: 'Lost' }, pod: {} }, 'False VolumeLost, failing'],
    ['a volume that is to grow', { volume: {}, pod: {}, wanted: '2Gi' }, 'False Resizing'],
    [
      'a volume that may not grow',
      { volume: {}, pod: {}, wanted: '2Gi', lastFailure: 'forbidden' },
      'False ResizeRefused, failing',
    ],
    ['a volume that is as wanted, written otherwise', { volume: {}, pod: {}, wanted: '1024Mi' }, 'True VolumeReady'],
    [
      'a volume that would have to shrink',
      { volume: { requested: '2Gi', capacity: '2Gi' }, pod: {} },
      'True VolumeLarger',
    ],
    [
      'a volume that grows',
      { volume: { requested: '2Gi', resizes: ['Resizing'] }, pod: {}, wanted: '2Gi' },
      'False Resizing',
    ],
    [
      'a volume that the provider cannot grow',
      { volume: { requested: '2Gi', resizes: ['ControllerResizeError'] }, pod: {}, wanted: '2Gi' },
      'False ResizeRefused, failing',
    ],
  ])('is, for %s, as it should be', (_name, given, expected) => {
    expect(find(given).brief).toBe(expected);
  });

  it('says what somebody who deletes the claim has done', () => {
    const { metadata } = volumeOf();
    const { brief, message } = find({
      volume: { metadata: { ...metadata, deletionTimestamp: '2026-03-01T10:00:00Z' } },
      pod: {},
    });
    expect(brief).toBe('False VolumeDeleting, failing');
    expect(message).toContain('its data is held');
  });

  it('says where the growing file system is waited for', () => {
    const resizes = ['FileSystemResizePending'];
    expect(find({ volume: { requested: '2Gi', resizes }, pod: {}, wanted: '2Gi' }).message).toContain('file system');
  });

  it.each([
    [
      'the same while another attempt is made',
      { reason: 'ResizeRefused', message: 'No room' },
      'False ResizeRefused, failing',
    ],
    ['that it grows, when another thing was said before', { reason: 'VolumePending', message: 'x' }, 'False Resizing'],
  ])('says of a refused resize %s', (_name, said, expected) => {
    expect(find({ volume: {}, pod: {}, wanted: '2Gi', said }).brief).toBe(expected);
  });

  it.each([
    [
      'pods "x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=7, limited: pods=7',
      'The ResourceQuota "compute" has no room for pods=1 within pods=7; see what uses it with kubectl describe quota compute, then raise it or remove something',
    ],
    [
      'persistentvolumeclaims "x" is forbidden: exceeded quota: disks, requested: persistentvolumeclaims=1,requests.storage=1Gi, used: persistentvolumeclaims=2,requests.storage=9Gi, limited: persistentvolumeclaims=2,requests.storage=9Gi',
      'The ResourceQuota "disks" has no room for persistentvolumeclaims=1,requests.storage=1Gi within persistentvolumeclaims=2,requests.storage=9Gi; see what uses it with kubectl describe quota disks, then raise it or remove something',
    ],
  ])('names the quota, and nothing that changes by itself: %s', (lastFailure, expected) => {
    expect(find({ lastFailure })).toEqual({ brief: 'False QuotaExceeded, failing', message: expected });
  });
});
