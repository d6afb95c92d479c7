import { API_VERSION } from '../../../src/apis/v1alpha1/names.ts';
import { kubectl, type TestKubectlOptions } from '../../support/control-plane.ts';

/** One object of our kinds as a user writes it, which may be wrong on purpose. */
export interface Manifest {
  readonly kind: string;
  readonly name: string;
  readonly spec: object;
  readonly metadata?: object;
}

/** What the user gets to read: the apiserver's refusal, or `accepted`. Every request is a dry run and leaves nothing behind. */
export async function tryToCreate(manifest: Manifest, options: TestKubectlOptions): Promise<string> {
  const { kind, name, spec, metadata } = manifest;
  const input = JSON.stringify({ apiVersion: API_VERSION, kind, metadata: { name, ...metadata }, spec });
  return answer(['create', '--dry-run=server', '--validate=strict', '-f', '-'], { ...options, input });
}

/** The same for a merge patch of an object that exists; without `isReal` a dry run. */
export async function tryToPatch(
  target: string,
  patch: object,
  options: TestKubectlOptions & { readonly isReal?: boolean },
): Promise<string> {
  const dryRun = options.isReal === true ? [] : ['--dry-run=server'];
  return answer(['patch', target, '--type=merge', ...dryRun, '--patch', JSON.stringify(patch)], options);
}

async function answer(args: readonly string[], options: TestKubectlOptions): Promise<string> {
  const { code, stderr } = await kubectl(args, options);
  return code === 0 ? 'accepted' : stderr.trim();
}

export const UUID = '1b4e28ba-2fa1-41d2-883f-0016d3cca427';
export const OTHER_UUID = 'ea3cfcf1-cb9c-53b4-90fd-c53123569c4a';
export const SHA256 = 'ab'.repeat(32);

export const TEMPLATE_ASSET_SPEC = {
  source: { forge: 'gitea', baseURL: 'https://git.example.com', owner: 'templates', repo: 'default', ref: 'main' },
  auth: 'anonymous',
} as const;

export const APPROVAL_SPEC = {
  action: 'delete_workspace',
  target: { group: 'moleculesai.app', kind: 'Workspace', name: 'writer', uid: UUID },
  record: {
    version: 1,
    clusterUID: OTHER_UUID,
    group: 'moleculesai.app',
    kind: 'Workspace',
    namespace: 'acme',
    name: 'writer',
    uid: UUID,
    specDigest: `sha256:${SHA256}`,
    action: 'delete_workspace',
    losses: [{ workspaceID: UUID, claimUID: OTHER_UUID, volumeName: 'pv-1', reclaimPolicy: 'Delete' }],
    askers: ['jane'],
    nonce: '0123456789abcdef',
    expiresAt: '2026-12-01T00:00:00Z',
  },
  hash: SHA256,
  reason: 'no longer used',
  requestedBy: 'jane',
  expiresAt: '2026-12-01T00:00:00Z',
} as const;
