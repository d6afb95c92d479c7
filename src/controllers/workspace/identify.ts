import type { Org, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { childName, orgID, platformAgentID, workspaceID } from '../../rules/identity.ts';

export interface Identity {
  readonly id: string;
  readonly incarnation: string;
  readonly childName: string;
}

/**
 * The incarnation starts as the object's uid and not as its id: with an id fixed in the spec, a re-created Workspace
 * would otherwise take over the dead one's volume.
 */
export function identify(workspace: Workspace, org: Org | undefined): Identity {
  const { metadata, spec, status } = workspace;
  const uid = metadata.uid ?? '';
  const derived = spec.kind === 'platform' && org !== undefined ? platformAgentID(orgID(org)) : uid;
  const incarnation = status?.incarnation ?? uid;
  return { id: workspaceID(workspace, derived), incarnation, childName: childName(metadata.name, incarnation) };
}

/** In whose name the id is claimed: that of a platform agent belongs to its Org, which makes the agent anew when it is lost. */
export function claimantUID(workspace: Workspace, org: Org | undefined): string {
  return (workspace.spec.kind === 'platform' ? org : workspace)?.metadata.uid ?? '';
}
