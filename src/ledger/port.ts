import type { IntentLog } from '../runtime/controller.ts';
import type { ClaimEffect } from '../runtime/plan.ts';

export type Claim = Extract<ClaimEffect, { readonly kind: 'claim' }>;
export type Release = Extract<ClaimEffect, { readonly kind: 'release' }>;

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
  /** Brings the schema up to date now instead of at the first call; every call does it when it has not happened yet. */
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
