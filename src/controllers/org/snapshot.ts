import type { Org, Workspace, WorkspaceDeletionGrant } from '../../apis/v1alpha1/types.generated.ts';
import type { Contest } from '../../rules/claims.ts';
import type { PassFailure } from '../../runtime/controller.ts';
import type { Clearance } from '../clearance.ts';
import type { Leave } from '../leave.ts';
import type { Isolation, IsolationSettings } from './isolation.ts';

/** Everything that one pass over an Org knows. */
export interface OrgSnapshot {
  readonly org: Org;
  /** All Workspaces of the namespace, the platform agent included. */
  readonly workspaces: readonly Workspace[];
  readonly isolation: Isolation;
  readonly settings: IsolationSettings;
  /** About the Org's own id, and about that of its platform agent. */
  readonly contests: readonly Contest[];
  /** Open ways round the approvals; undefined while they have not been looked for. */
  readonly openRoutes: Clearance['openRoutes'];
  /** What its deletion may do; undefined while nobody deletes it. */
  readonly leave: Leave | undefined;
  /** status.deletionGrant as it should be. */
  readonly deletionGrant?: WorkspaceDeletionGrant;
  /** What the last attempt to carry out a plan of this object failed at; absent after a success. */
  readonly lastFailure?: PassFailure;
}
