import type { CLI_API_VERSION } from '../print-structured.ts';
import type { Standing } from '../standing.ts';

/**
 * What `kubectl molecule status -o json` and `-o yaml` print. Scripts read it: members are added, never renamed or removed. Every
 * member is always there; null means not known.
 */
export interface ObjectStatus extends Standing {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'ObjectStatus';
  readonly object: ObjectName;
  /** Why nothing may come of what is said here: no operator leads. Null when one does, or it is not known. */
  readonly notice: string | null;
  /** What the object needs, in the order in which it needs it. */
  readonly chain: readonly Link[];
  /** Requests for an approval of what is to be done to the object, as long as they are open; null when they may not be read. */
  readonly approvals: readonly OpenRequest[] | null;
  /** Name of the ApprovalRequest that lets a DELETE of the object in. */
  readonly deletionGrant: string | null;
  /** Null when nothing is to be done. */
  readonly next: NextStep | null;
  /** The latest ten about the objects of the chain, newest last; null when they may not be read. */
  readonly events: readonly EventLine[] | null;
}

export interface OpenRequest {
  readonly name: string;
  /** New: the operator has not completed it yet. */
  readonly phase: 'New' | 'Pending' | 'Approved';
  readonly requestedBy: string;
  readonly expiresAt: string | null;
}

export interface ObjectName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Link extends Standing {
  readonly link: LinkKind;
  /** Null when the link is no object of the cluster, or one whose name is not known. */
  readonly name: string | null;
  /** Whether this is the link that the object waits for, or that is broken; at most one. */
  readonly isCulprit: boolean;
}

export type LinkKind =
  | 'org'
  | 'parent'
  | 'workspace'
  | 'templateAsset'
  | 'secret'
  | 'source'
  | 'artifact'
  | 'volume'
  | 'pod'
  | 'agent'
  | 'workspaces';

export interface NextStep {
  /** One line for a shell. Words in capitals are to be replaced. */
  readonly command: string;
}

export interface EventLine {
  /** When it was seen last, RFC 3339. */
  readonly lastSeen: string | null;
  readonly firstSeen: string | null;
  readonly count: number;
  readonly type: string;
  readonly reason: string;
  readonly object: string;
  readonly note: string;
}
