import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { type Blocker, waiting } from './blocker.ts';

export function checkSuspension(workspace: Workspace): Blocker | undefined {
  if (workspace.spec.suspend !== true) return undefined;
  return waiting(REASONS.suspended, 'Suspended; set spec.suspend to false to start the agent again');
}
