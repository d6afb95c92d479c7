import type { Condition, Org, TemplateAsset, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';

const READY: Condition = {
  type: 'Ready',
  status: 'True',
  reason: 'WorkspaceReady',
  message: 'The agent is ready',
  lastTransitionTime: '2026-11-21T07:00:00Z',
};

export function condition(
  type: string,
  status: Condition['status'],
  details: { reason: string; message?: string },
): Condition {
  return { ...READY, type, status, reason: details.reason, message: details.message ?? '' };
}

export interface Overrides<T extends Org | Workspace | TemplateAsset> {
  readonly metadata?: Partial<T['metadata']>;
  readonly spec?: Partial<T['spec']>;
  readonly status?: T['status'];
}

export function org(namespace: string, overrides: Overrides<Org> = {}): Org {
  return {
    apiVersion: 'moleculesai.app/v1alpha1',
    kind: 'Org',
    metadata: {
      namespace,
      name: 'org',
      generation: 1,
      creationTimestamp: '2026-11-21T07:00:00Z',
      ...overrides.metadata,
    },
    spec: { displayName: 'Acme Corp', ...overrides.spec },
    status: {
      observedGeneration: 1,
      orgID: 'b7c1f1de-0000-4000-8000-000000000001',
      conditions: [READY],
      ...overrides.status,
    },
  };
}

export function workspace(name: string, overrides: Overrides<Workspace> = {}): Workspace {
  return {
    apiVersion: 'moleculesai.app/v1alpha1',
    kind: 'Workspace',
    metadata: {
      namespace: 'acme',
      name,
      generation: 1,
      creationTimestamp: '2026-11-21T07:02:00Z',
      ...overrides.metadata,
    },
    spec: { kind: name === 'platform-agent' ? 'platform' : 'workspace', ...overrides.spec },
    status: {
      observedGeneration: 1,
      podName: `ws-${name}`,
      endpoint: 'http://10.244.0.7:8000',
      assets: { revision: 'a1b2c3d4e5f60718293a4b5c6d7e8f9001122334', files: 7 },
      conditions: [READY],
      ...overrides.status,
    },
  };
}

export function child(name: string, parent: string, overrides: Overrides<Workspace> = {}): Workspace {
  return workspace(name, { ...overrides, spec: { ...overrides.spec, parentRef: { name: parent } } });
}

export function templateAsset(name: string, overrides: Overrides<TemplateAsset> = {}): TemplateAsset {
  return {
    apiVersion: 'moleculesai.app/v1alpha1',
    kind: 'TemplateAsset',
    metadata: { namespace: 'acme', name, generation: 1, ...overrides.metadata },
    spec: {
      source: { forge: 'gitea', baseURL: 'https://git.example.com', owner: 'templates', repo: name, ref: 'main' },
      auth: 'token',
      secretRef: { name: 'forge-token' },
      ...overrides.spec,
    },
    status: {
      observedGeneration: 1,
      artifact: {
        revision: 'a1b2c3d4e5f60718293a4b5c6d7e8f9001122334',
        digest: `sha256:${'ab'.repeat(32)}`,
        sizeBytes: 1200,
        files: 4,
      },
      conditions: [READY],
      ...overrides.status,
    },
  };
}

/** A status in which Ready, and the condition that it is derived from, do not hold. */
export function notReady(
  type: string,
  details: { readonly reason: string; readonly message?: string; readonly abnormal?: 'Stalled' | 'Reconciling' },
): { readonly observedGeneration: number; readonly conditions: readonly Condition[] } {
  const { abnormal, ...said } = details;
  return {
    observedGeneration: 1,
    conditions: [
      condition('Ready', 'False', said),
      ...(abnormal === undefined ? [] : [condition(abnormal, 'True', said)]),
      condition(type, 'False', said),
    ],
  };
}

export function pod(name: string, status: object): KubeObject {
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'acme', name }, status };
  return object;
}

export function claim(name: string, phase: string): KubeObject {
  const object = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace: 'acme', name },
    spec: { storageClassName: 'fast' },
    status: { phase, capacity: { storage: '1Gi' } },
  };
  return object;
}
