import { PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { suspendedAncestor } from '../../rules/hierarchy.ts';
import { hierarchyNode } from '../hierarchy-node.ts';
import { type Blocker, waiting } from './blocker.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

/** Suspended by its own spec, or together with a Workspace above; its own spec.suspend: false does not help against that. */
export function checkSuspension({
  workspace,
  ancestors,
}: Pick<WorkspaceSnapshot, 'workspace' | 'ancestors'>): Blocker | undefined {
  if (workspace.spec.suspend === true) {
    const message = 'Suspended; set spec.suspend to false to start the agent again';
    return { ...waiting(REASONS.suspended, message), stopsAgent: true };
  }
  const hierarchy = { platformAgent: PLATFORM_AGENT_NAME, lookup: (name: string) => ancestors.get(name) };
  const above = suspendedAncestor(hierarchyNode(workspace), hierarchy);
  if (above === undefined) return undefined;
  const message = `Suspended together with Workspace "${above}" above it; resume that one first: set its spec.suspend to false`;
  return { ...waiting(REASONS.ancestorSuspended, message), stopsAgent: true };
}
