/** Who a projected token says that its bearer is, as the apiserver confirmed it. */
export interface PodIdentity {
  readonly namespace: string;
  readonly podName: string;
  readonly podUID: string;
  readonly serviceAccount: string;
}

export interface WorkspaceIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The Pod that speaks for it. */
  readonly podUID: string;
}

/** What a Pod may have: reports on one Workspace, and exactly one tree. */
export interface AssetGrant {
  readonly workspace: WorkspaceIdentity;
  readonly digest: string;
}

/** 'rejected' is an answer; not knowing is a rejection of the promise and never lets anybody through. */
export type ReviewToken = (token: string, signal: AbortSignal) => Promise<PodIdentity | 'rejected'>;

/**
 * By Pod uid, over live and not terminating Pods, and by the recorded uid of the Workspace, never by labels.
 * undefined: this Pod has nothing to fetch here.
 */
export type AuthorizePod = (pod: PodIdentity) => AssetGrant | undefined;
