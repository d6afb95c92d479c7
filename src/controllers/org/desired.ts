import { ANNOTATIONS, API_VERSION, LABELS, MANAGED_BY, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { Org, Workspace, WorkspaceSpec } from '../../apis/v1alpha1/types.generated.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { canonicalJson, sha256Hex } from '../../platform/digest.ts';
import { orgID, platformAgentID } from '../../rules/identity.ts';

/**
 * The Org's root, as the full intent of this controller: applying it puts right what it names and lets go of what it named
 * before. Fields that the Org leaves out are nobody's business here (suspend and env never are the Org's, so that the platform
 * agent can be suspended like any other); what the agent lacks then comes from spec.defaults, at the Workspace.
 */
export function desiredPlatformAgent(org: Org): KubeObject & { readonly spec: WorkspaceSpec } {
  const spec = desiredSpec(org);
  return {
    apiVersion: API_VERSION,
    kind: 'Workspace',
    metadata: {
      name: PLATFORM_AGENT_NAME,
      namespace: org.metadata.namespace ?? '',
      labels: { [LABELS.managedBy]: MANAGED_BY },
      annotations: { [ANNOTATIONS.specHash]: hashOf(spec) },
    },
    spec,
  };
}

/** Whether the platform agent was made from what the Org says now, and still is that in every field which the Org names. */
export function isUpToDate(agent: Workspace, org: Org): boolean {
  const spec = desiredSpec(org);
  return agent.metadata.annotations?.[ANNOTATIONS.specHash] === hashOf(spec) && covers(agent.spec, spec);
}

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

function hashOf(spec: WorkspaceSpec): string {
  return sha256Hex(canonicalJson(spec)).slice(0, 32);
}

/** Every member that is wanted is there with its value; there may be others. */
function covers(observed: unknown, wanted: unknown): boolean {
  if (!isRecord(wanted)) return canonicalJson(observed ?? null) === canonicalJson(wanted ?? null);
  return isRecord(observed) && Object.entries(wanted).every(([name, member]) => covers(observed[name], member));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
