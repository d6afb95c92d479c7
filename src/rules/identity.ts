import { v5 as uuidv5 } from 'uuid';
import type { Org } from '../apis/v1alpha1/types.generated.ts';

/** spec.orgID, else the object's uid: a schema default cannot know it. */
export function orgID(org: Org): string {
  return org.spec.orgID ?? org.metadata.uid ?? '';
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
