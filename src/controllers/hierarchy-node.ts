import type { Workspace } from '../apis/v1alpha1/types.generated.ts';
import type { SuspendableNode } from '../rules/hierarchy.ts';

/** What a Workspace is to those below it. */
export interface WorkspaceNode extends SuspendableNode {
  /** It is going, and not only asked to: its deletion was approved. */
  readonly isGoing: boolean;
}

export function hierarchyNode({ metadata, spec }: Workspace): SuspendableNode {
  return {
    name: metadata.name,
    isPlatform: spec.kind === 'platform',
    ...(spec.parentRef === undefined ? {} : { parentName: spec.parentRef.name }),
    isSuspended: spec.suspend === true,
  };
}
