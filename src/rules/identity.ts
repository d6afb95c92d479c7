import { v5 as uuidv5 } from 'uuid';
import type { Org, Workspace } from '../apis/v1alpha1/types.generated.ts';

/** spec.orgID, else what status keeps of an Org that came back under another uid, else the uid: a schema default cannot know it. */
export function orgID({ metadata, spec, status }: Org): string {
  return spec.orgID ?? status?.orgID ?? metadata.uid ?? '';
}

/** The same of a Workspace. `derived`: what its id is where neither says. */
export function workspaceID({ spec, status }: Workspace, derived: string): string {
  return spec.id ?? status?.id ?? derived;
}

/** The platform agent's id: uuidv5(orgID, "platform-agent"), lower case; derived, never stored as a second source (PA-5). */
export function platformAgentID(orgID: string): string {
  return uuidv5('platform-agent', orgID).toLowerCase();
}

const NAME_SHARE = 40;
const INCARNATION_SHARE = 8;

/**
 * Name of the Pod and the PVC of one incarnation: `<name>-<first 8 of the incarnation>`, at most 49 characters, so that
 * it also fits a hostname. Two incarnations may share a name only by crafted ids; the full incarnation in an annotation
 * decides then, and the loser reads `VolumeConflict`.
 */
export function childName(workspaceName: string, incarnation: string): string {
  const head = workspaceName.slice(0, NAME_SHARE).replace(/[-.]+$/, '');
  return `${head}-${incarnation.replaceAll('-', '').slice(0, INCARNATION_SHARE)}`;
}
