import type { ObjectKey } from '../kube/objects.ts';
import type { Basis } from './basis.ts';
import type { RefusalReason } from './classify.ts';
import type { ApprovalEffect, ClaimEffect, Intent, IntentOutcome, Plan } from './plan.ts';

/**
 * A controller is two functions; the executor is the third and is shared.
 *
 * gather: all reads and nothing else. Undefined: the object is gone, nothing to do.
 * plan: synchronous and total; no clock, no randomness, no I/O. It never throws for reasons of the domain.
 * Guarantee: one pass per key at a time. Cutting the process after any effect and starting again leads to the same end.
 */
export interface Controller<Snapshot> {
  readonly name: string;
  gather(key: ObjectKey, signal: AbortSignal): Promise<Snapshot | undefined>;
  plan(snapshot: Snapshot, context: PlanContext): Plan;
  /** The specs that a plan is decided from: read once more, live, before it deletes, overwrites or makes anything. */
  basis?(snapshot: Snapshot): readonly Basis[];
}

export interface PlanContext {
  readonly now: Date;
  /** What the last pass was refused, in the words of who refused it; for status. Absent once a pass went through. */
  readonly lastFailure?: PassFailure;
}

export interface PassFailure {
  readonly reason?: RefusalReason;
  readonly message: string;
}

/**
 * Where approvals and intents of destructive operations are kept; the ledger implements it. Rejects when it cannot record, and
 * with a RefusedError, whose message goes into status, when it does not let the operation through.
 */
export interface IntentLog {
  approve(effect: ApprovalEffect, signal: AbortSignal): Promise<void>;
  record(intent: Intent, signal: AbortSignal): Promise<void>;
  conclude(outcome: IntentOutcome, signal: AbortSignal): Promise<void>;
}

/** Takes claims of ids. Neither waits nor fails, so that a ledger that is down delays nothing. */
export interface ClaimSink {
  submit(claim: ClaimEffect): void;
}
