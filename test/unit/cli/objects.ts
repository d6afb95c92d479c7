import type { Condition, Org, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';

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

export interface Overrides<T extends Org | Workspace> {
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
