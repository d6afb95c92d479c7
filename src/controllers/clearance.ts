/**
 * Whether anything may be destroyed at all, from memory: passes look at it without waiting for anybody. What it says is a reason to
 * wait and never one to go on, because the ledger and the policies decide by themselves.
 */
export interface Clearance {
  /** `absent`: none is configured. `unknown`: it has not been asked yet. */
  readonly ledger: 'available' | 'unavailable' | 'frozen' | 'absent' | 'unknown';
  /** Since when it has not been available without a break; absent while it is, and before it ever was asked. */
  readonly ledgerDeadSince?: Date;
  /** Open ways round the approvals, sorted, each with what closes it; undefined before the first examination. */
  readonly openRoutes: readonly string[] | undefined;
}

export interface ClearanceSource {
  current(): Clearance;
  /** Called after every change. */
  onChange(listener: () => void): void;
}
