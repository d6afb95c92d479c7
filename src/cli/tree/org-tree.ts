import type { CLI_API_VERSION } from '../print-structured.ts';
import type { Standing } from '../standing.ts';

/**
 * What `kubectl molecule tree -o json` and `-o yaml` print. Scripts read it: members are added, never renamed or removed. Every
 * member is always there; null means not known.
 */
export interface OrgTreeList {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'OrgTreeList';
  /** One per namespace, by name. */
  readonly items: readonly OrgTree[];
}

export interface OrgTree extends Standing {
  readonly namespace: string;
  /** Null when the namespace has Workspaces but no Org. */
  readonly orgID: string | null;
  readonly displayName: string | null;
  /** RFC 3339. */
  readonly createdAt: string | null;
  /** The platform agent and everything below it. It is there, with the state Missing, before the object is. */
  readonly root: TreeNode;
  /** Workspaces that hang on no root, with what hangs on them. */
  readonly detached: readonly DetachedNode[];
}

export interface TreeNode extends Standing {
  readonly name: string;
  readonly kind: 'workspace' | 'platform';
  readonly displayName: string | null;
  readonly id: string | null;
  /** Commit of the template whose files lie on the volume. */
  readonly revision: string | null;
  /** How many files of the template lie there. */
  readonly files: number | null;
  readonly runtime: string | null;
  readonly template: string | null;
  readonly pod: string | null;
  readonly endpoint: string | null;
  readonly createdAt: string | null;
  /** ApprovalRequest for what is to be done to it, while it is open; also null when that may not be read. */
  readonly approval: string | null;
  /** By name. */
  readonly children: readonly TreeNode[];
}

export interface DetachedNode extends TreeNode {
  readonly detachedReason: 'ParentNotFound' | 'ParentCycle' | 'TooDeep';
  readonly detachedMessage: string;
}
