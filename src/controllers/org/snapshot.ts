import type { Org, Workspace } from '../../apis/v1alpha1/types.generated.ts';

/** Everything that one pass over an Org knows. */
export interface OrgSnapshot {
  readonly org: Org;
  /** All Workspaces of the namespace, the platform agent included. */
  readonly workspaces: readonly Workspace[];
  /** What the last attempt to carry out a plan of this object failed at; absent after a success. */
  readonly lastFailure?: string;
}
