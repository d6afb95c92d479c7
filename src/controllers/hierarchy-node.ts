import type { Workspace } from '../apis/v1alpha1/types.generated.ts';
import type { SuspendableNode } from '../rules/hierarchy.ts';

/** What a Workspace is to those below it. */
export interface WorkspaceNode extends SuspendableNode {
  readonly isDeleting: boolean;
}

export function hierarchyNode({ metadata, spec }: Workspace): WorkspaceNode {
  return {
    name: metadata.name,
    isPlatform: spec.kind === 'platform',
    ...(spec.parentRef === undefined ? {} : { parentName: spec.parentRef.name }),
    isSuspended: spec.suspend === true,
    isDeleting: metadata.deletionTimestamp !== undefined,
  };
}
