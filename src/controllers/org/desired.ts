import { API_VERSION, LABELS, MANAGED_BY, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { Org, Workspace, WorkspaceSpec } from '../../apis/v1alpha1/types.generated.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { canonicalJson } from '../../platform/digest.ts';
import { orgID, platformAgentID } from '../../rules/identity.ts';

/** The Org's root, as the full intent of this controller. What the Org leaves out comes from its defaults, at the Workspace. */
export function desiredPlatformAgent(org: Org): KubeObject & { readonly spec: WorkspaceSpec } {
  return {
    apiVersion: API_VERSION,
    kind: 'Workspace',
    metadata: {
      name: PLATFORM_AGENT_NAME,
      namespace: org.metadata.namespace ?? '',
      labels: { [LABELS.managedBy]: MANAGED_BY },
    },
    spec: desiredSpec(org),
  };
}

/** Whether the platform agent is what the Org says; fields that this controller does not set are nobody's business here. */
export function isUpToDate(agent: Workspace, org: Org): boolean {
  const desired = desiredSpec(org);
  return MANAGED_FIELDS.every(
    (field) => canonicalJson(agent.spec[field] ?? null) === canonicalJson(desired[field] ?? null),
  );
}

const MANAGED_FIELDS = [
  'id',
  'kind',
  'displayName',
  'runtime',
  'model',
  'provider',
  'image',
  'templateRef',
  'storage',
  'tier',
] as const;

function desiredSpec(org: Org): WorkspaceSpec {
  const { displayName, visible: _visible, ...chosen } = org.spec.platformAgent ?? {};
  return {
    id: platformAgentID(orgID(org)),
    kind: 'platform',
    displayName:
      displayName ?? (org.spec.displayName === undefined ? 'Org Concierge' : `${org.spec.displayName} Agent`),
    tier: 0,
    ...chosen,
  };
}
