import { ANNOTATIONS, VOLUME_FINALIZER } from '../../../../src/apis/v1alpha1/names.ts';
import { assess } from '../../../../src/controllers/workspace/checks.ts';
import {
  childLabels,
  identity,
  secretsAnnotation,
  specHash,
  templateAnnotations,
} from '../../../../src/controllers/workspace/desired.ts';
import type { ObservedPod, ObservedVolume } from '../../../../src/controllers/workspace/observed.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { childName } from '../../../../src/rules/identity.ts';
import type { Plan } from '../../../../src/runtime/plan.ts';
import { meta, org, storedTemplate, uidOf, workspace } from '../../../builders/objects.ts';

export const NOW = new Date('2026-03-01T10:00:00Z');
export const LATER = new Date('2026-03-01T10:00:10Z');
export const CHILD = childName('researcher', uidOf('researcher'));

export const templated = () =>
  workspace('researcher', { spec: { kind: 'workspace', templateRef: { name: 'claude' } } });

export function snapshot(changes: Partial<WorkspaceSnapshot> = {}): WorkspaceSnapshot {
  return {
    workspace: templated(),
    org: org(),
    ancestors: new Map(),
    children: [],
    leave: undefined,
    contest: { id: uidOf('researcher'), contenders: [] },
    template: storedTemplate('claude'),
    catalog: new Map(),
    secrets: new Map(),
    pod: undefined,
    node: undefined,
    endedPod: undefined,
    volume: undefined,
    report: undefined,
    canRestartInPlace: true,
    settings: {
      programImage: 'example/operator:1',
      materializeCommand: ['materialize'],
      assetServerURL: 'http://assets:8443',
      tierSizes: new Map(),
    },
    ...changes,
  };
}

export function podOf(base: WorkspaceSnapshot, changes: Partial<ObservedPod> = {}): ObservedPod {
  const { intent } = assess(base);
  if (intent === undefined) throw new Error('Cannot make a Pod: the snapshot is blocked');
  return {
    metadata: {
      ...meta(CHILD, uidOf('pod')),
      creationTimestamp: '2026-03-01T10:00:00Z',
      labels: childLabels(intent),
      annotations: {
        ...identity(intent),
        [ANNOTATIONS.specHash]: specHash(intent),
        ...templateAnnotations(intent),
        ...secretsAnnotation(intent),
      },
    },
    phase: 'Running',
    ip: '10.1.0.7',
    isReady: true,
    materialize: { state: 'terminated', exitCode: 0, restarts: 0 },
    agent: { state: 'running', restarts: 0 },
    ...changes,
  };
}

export function volumeOf(incarnation = uidOf('researcher'), changes: Partial<ObservedVolume> = {}): ObservedVolume {
  const owner = { name: 'researcher', uid: uidOf('researcher'), incarnation };
  return {
    metadata: {
      ...meta(CHILD, uidOf('volume')),
      finalizers: [VOLUME_FINALIZER],
      labels: childLabels(owner),
      annotations: identity(owner),
    },
    phase: 'Bound',
    className: 'standard',
    requested: '1Gi',
    capacity: '1Gi',
    resizes: [],
    ...changes,
  };
}

/** A Workspace whose Pod and volume are as they should be. */
export function running(
  podChanges: Partial<ObservedPod> = {},
  changes: Partial<WorkspaceSnapshot> = {},
): WorkspaceSnapshot {
  const base = snapshot(changes);
  return { ...base, pod: podOf(base, podChanges), volume: volumeOf() };
}

interface ConditionShape {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export function statusOf(plan: Plan) {
  return plan.status?.patch as { conditions?: readonly ConditionShape[]; [field: string]: unknown } | undefined;
}

export function condition(plan: Plan, type: string): ConditionShape | undefined {
  return statusOf(plan)?.conditions?.find((candidate) => candidate.type === type);
}
