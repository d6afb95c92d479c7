import type { CLI_API_VERSION } from '../print-structured.ts';

/** What `kubectl molecule delete -o json` and `-o yaml` print: members are added, never renamed or removed; null means not known. */
export interface DeletionResult {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'DeletionResult';
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string; readonly uid: string };
  /**
   * Waiting: a human has to decide. Deleting: approved and begun. Gone: done. Denied: a human said no. Ended: the request came to
   * nothing, and a new one has to be made. TimedOut: still waiting when the time was over.
   */
  readonly outcome: 'Waiting' | 'Deleting' | 'Gone' | 'Denied' | 'Ended' | 'TimedOut';
  /** Name of the ApprovalRequest. */
  readonly request: string | null;
  /** What the operator says of the request. */
  readonly message: string | null;
  /** Who decided. */
  readonly decidedBy: string | null;
  /** Why it was decided so. */
  readonly reason: string | null;
}
