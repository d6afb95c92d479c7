import { waitFor } from '../../../hack/lib/wait.ts';
import { API_VERSION, OPERATOR_USER } from '../../../src/apis/v1alpha1/names.ts';
import { kubectl, mustKubectl, type TestKubectlOptions } from '../../support/control-plane.ts';

/** The operator by its name alone has just the rights of its role; what is asked with these is what the policies say. */
export const OPERATOR = { as: OPERATOR_USER, groups: ['system:masters'] } as const;

/** One object, of our kinds unless it says so, as a user writes it, which may be wrong on purpose. */
export interface Manifest {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
  readonly spec?: unknown;
  readonly metadata?: object;
}

/** What the user gets to read: the apiserver's refusal, or `accepted`. Every request is a dry run and leaves nothing behind. */
export async function tryToCreate(manifest: Manifest, options: TestKubectlOptions): Promise<string> {
  const input = JSON.stringify(bodyOf(manifest));
  return answer(['create', '--dry-run=server', '--validate=strict', '-f', '-'], { ...options, input });
}

/** Makes the object and returns it as it is stored. */
export async function create<T>(manifest: Manifest, options: TestKubectlOptions): Promise<T> {
  const input = JSON.stringify(bodyOf(manifest));
  return JSON.parse(await mustKubectl(['create', '-f', '-', '-o', 'json'], { ...options, input }));
}

function bodyOf({ apiVersion = API_VERSION, kind, name, spec, metadata }: Manifest): object {
  return { apiVersion, kind, metadata: { name, ...metadata }, spec };
}

/** The same for a merge patch of an object that exists; without `isReal` a dry run. */
export async function tryToPatch(
  target: string,
  patch: object,
  options: TestKubectlOptions & { readonly isReal?: boolean; readonly subresource?: string },
): Promise<string> {
  const dryRun = options.isReal === true ? [] : ['--dry-run=server'];
  const subresource = options.subresource === undefined ? [] : ['--subresource', options.subresource];
  return answer(
    ['patch', target, '--type=merge', ...subresource, ...dryRun, '--patch', JSON.stringify(patch)],
    options,
  );
}

/** The same for a deletion; `what` is as kubectl takes it: names, a selector or --all. Always a dry run. */
export async function tryToDelete(what: readonly string[], options: TestKubectlOptions): Promise<string> {
  return answer(['delete', '--dry-run=server', '--wait=false', ...what], options);
}

/** Binds ClusterRoles of ours to a user in the namespace and returns when the apiserver knows it. */
export async function bindRoles(user: string, roles: readonly string[], namespace: string): Promise<void> {
  for (const role of roles) {
    const name = `${user.replaceAll(':', '-')}-${role}`;
    await mustKubectl(['create', 'rolebinding', name, `--clusterrole=${role}`, `--user=${user}`], { namespace });
  }
  for (const role of roles) {
    const right = TELLING_RIGHTS[role] ?? ['list', 'orgs.moleculesai.app'];
    await waitFor(async () => (await kubectl(['auth', 'can-i', ...right], { namespace, as: user })).code === 0, {
      what: `the role ${role} of ${user} to be in force`,
      timeoutMs: 20_000,
    });
  }
}

/** What tells each role from the others. */
const TELLING_RIGHTS: Readonly<Record<string, readonly string[]>> = {
  'molecule-editor': ['restore', 'workspaces.moleculesai.app'],
  'molecule-approver': ['approve', 'approvalrequests.moleculesai.app'],
  'molecule-approver-unattributed': ['approve-unattributed', 'approvalrequests.moleculesai.app'],
  'molecule-break-glass': ['break-glass', 'approvalrequests.moleculesai.app'],
};

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

/** As an ApprovalRequest is asked for; the operator adds the rest of APPROVAL_SPEC. */
export const DRAFT_SPEC = {
  action: 'delete_workspace',
  target: { group: 'moleculesai.app', kind: 'Workspace', name: 'writer', uid: UUID },
  reason: 'no longer used',
} as const;

export const APPROVAL_SPEC = {
  ...DRAFT_SPEC,
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
    losses: [
      {
        workspaceID: UUID,
        name: 'writer',
        uid: UUID,
        claimName: 'writer-0',
        claimUID: OTHER_UUID,
        volumeName: 'pv-1',
        reclaimPolicy: 'Delete',
      },
    ],
    affected: ['reader'],
    retention: '168h',
    askers: ['jane'],
    nonce: '0123456789abcdef',
    expiresAt: '2026-12-01T00:00:00Z',
  },
  hash: SHA256,
  requestedBy: 'jane',
  expiresAt: '2026-12-01T00:00:00Z',
} as const;
