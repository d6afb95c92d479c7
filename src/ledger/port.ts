import type { KubeObject } from '../kube/objects.ts';
import type { IntentLog } from '../runtime/controller.ts';
import type { ClaimEffect } from '../runtime/plan.ts';

export type Claim = Extract<ClaimEffect, { readonly kind: 'claim' }>;
export type Release = Extract<ClaimEffect, { readonly kind: 'release' }>;

export type ApprovalState = 'Open' | 'Approved' | 'Denied' | 'Consumed' | 'Expired' | 'Superseded' | 'Withdrawn';

/** One attempt to have one operation approved, as the ledger knows it. */
export interface ApprovalCase {
  readonly id: string;
  /** From 1 on; per subject and action at most one is Open or Approved. */
  readonly attempt: number;
  readonly state: ApprovalState;
  /** Drawn once, when the attempt was opened. */
  readonly nonce: string;
  /** RFC 3339 in UTC with whole seconds; drawn once. */
  readonly expiresAt: string;
  /** By the clock of the database, which alone decides. */
  readonly isExpired: boolean;
  /** Of the record that the approver is shown; absent before it is bound. */
  readonly hash?: string;
  readonly decidedBy?: string;
  readonly operationID?: string;
}

/** Everything known of one operation on one object. */
export interface CaseFile {
  /** Everybody who is known to have asked, sorted. */
  readonly askers: readonly string[];
  /** The newest attempt. */
  readonly latest?: ApprovalCase;
}

/** uid of the holder by id. */
export type Holders = ReadonlyMap<string, string>;

/**
 * Evidence of what was destroyed, by whose leave and how it ended. It is never the source of truth for reconciling: while it
 * does not answer, agents run on and destructive operations wait.
 *
 * Errors: a call rejects with `LedgerUnavailableError` when the database did not answer in time; a later pass may try
 * again. Anything else that it rejects with is a defect of ours. A call that was aborted may still have taken effect, which is
 * why every call may be repeated.
 */
export interface Ledger extends IntentLog {
  /** What is known of this operation on the object with this uid. */
  readCase(subjectUID: string, action: string, signal: AbortSignal): Promise<CaseFile>;
  /** The object as it was kept under this subject; undefined when it never was. */
  readSnapshot(subjectUID: string, signal: AbortSignal): Promise<KubeObject | undefined>;
  /** Adds to those who asked for the deletion of an object; somebody who is known already is not added again. */
  addAsker(subjectUID: string, asker: string, signal: AbortSignal): Promise<void>;
  /**
   * Whether the operation covers this volume, and its time is over by the clock of the database. `break-glass` is every operation
   * that the ledger was told of afterwards.
   */
  mayErase(operationID: string, claimUID: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Brings the schema up to date now instead of at the first call; every call does it when it has not happened yet. Then makes
   * sure that this is the ledger that the cluster remembers; rejects with a RefusedError when it is not.
   */
  prepare(signal: AbortSignal): Promise<void>;
  /** Everybody who holds an id. */
  holders(signal: AbortSignal): Promise<Holders>;
  /**
   * Gives each id to who claims it, unless it is somebody else's already: of any number of claims at once one succeeds. Returns
   * who holds them now. The ids have to differ.
   */
  claim(claims: readonly Claim[], signal: AbortSignal): Promise<Holders>;
  /** Frees the ids that are still held by who releases them. */
  release(releases: readonly Release[], signal: AbortSignal): Promise<void>;
  /** Lets running statements end (at most a few seconds). Every later call rejects. */
  close(): Promise<void>;
}
