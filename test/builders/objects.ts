import { API_VERSION, APPROVAL_FINALIZER } from '../../src/apis/v1alpha1/names.ts';
import type { Org, TemplateAsset, TemplateAssetSource, Workspace } from '../../src/apis/v1alpha1/types.generated.ts';

export const NAMESPACE = 'acme';
export const ORG_UID = '11111111-1111-4111-8111-111111111111';
export const DIGEST = `sha256:${'ab'.repeat(32)}`;
export const REVISION = 'a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0';

/** Without it no agent starts. */
export const ISOLATED = {
  type: 'IsolationReady',
  status: 'True',
  reason: 'IsolationReady',
  message: 'fine',
  lastTransitionTime: '2026-03-01T09:00:00Z',
} as const;

/** Objects as the apiserver would hand them out: with uid, version, generation and our finalizer on. */
export function org(changes: Partial<Org> = {}): Org {
  return {
    apiVersion: API_VERSION,
    kind: 'Org',
    metadata: meta('org', ORG_UID),
    spec: { displayName: 'Acme', defaults: { image: 'example/agent:1' } },
    status: { conditions: [ISOLATED] },
    ...changes,
  };
}

export function workspace(name: string, changes: Partial<Workspace> = {}): Workspace {
  return {
    apiVersion: API_VERSION,
    kind: 'Workspace',
    metadata: meta(name, uidOf(name)),
    spec: { kind: 'workspace' },
    ...changes,
  };
}

/** Where the template of this name comes from. */
export function templateSource(name: string): TemplateAssetSource {
  return { forge: 'gitea', baseURL: 'https://git.example.com', owner: 'templates', repo: name, ref: 'main' };
}

export function templateAsset(name: string, changes: Partial<TemplateAsset> = {}): TemplateAsset {
  return {
    apiVersion: API_VERSION,
    kind: 'TemplateAsset',
    metadata: meta(name, uidOf(`template-${name}`)),
    spec: {
      source: templateSource(name),
      auth: 'anonymous',
      include: ['config.yaml', 'prompts/**'],
      interval: '5m',
    },
    ...changes,
  };
}

export function storedTemplate(name: string): TemplateAsset {
  return templateAsset(name, {
    status: { artifact: { revision: REVISION, digest: DIGEST, sizeBytes: 1200, files: 4 } },
  });
}

export function meta(name: string, uid: string) {
  return {
    name,
    namespace: NAMESPACE,
    uid,
    resourceVersion: '100',
    generation: 1,
    creationTimestamp: '2026-03-01T09:00:00Z',
    finalizers: [APPROVAL_FINALIZER],
  };
}

/** A uid that depends on the name alone and looks like one. */
export function uidOf(name: string): string {
  const digits = [...name]
    .reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 0xffffffff, 7)
    .toString(16)
    .padStart(8, '0');
  return `${digits}-2222-4222-8222-222222222222`;
}
