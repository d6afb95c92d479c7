/**
 * What `kubectl molecule tree -o json` and `-o yaml` print. Scripts read it: members are added, never renamed or removed. Every
 * member is always there; null means not known.
 */
export interface OrgTreeList {
  readonly apiVersion: typeof TREE_API_VERSION;
  readonly kind: 'OrgTreeList';
  /** One per namespace, by name. */
  readonly items: readonly OrgTree[];
}

export const TREE_API_VERSION = 'cli.moleculesai.app/v1alpha1';

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
  /** By name. */
  readonly children: readonly TreeNode[];
}

export interface DetachedNode extends TreeNode {
  readonly detachedReason: 'ParentNotFound' | 'ParentCycle' | 'TooDeep';
  readonly detachedMessage: string;
}

/** How an object stands, in one word. Reason and message are those of its condition Ready, or say what is wrong with it. */
export interface Standing {
  readonly state: State;
  readonly reason: string | null;
  readonly message: string | null;
}

/**
 * Ready: works. Progressing: being changed. Waiting: for something outside. Failed: only a changed object helps. Deleting, Suspended:
 * as asked. Missing: not created. Unknown: the operator has not said.
 */
export type State = 'Ready' | 'Progressing' | 'Waiting' | 'Failed' | 'Deleting' | 'Suspended' | 'Missing' | 'Unknown';
