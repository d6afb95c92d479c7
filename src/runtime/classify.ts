import { ApiError, isConflict } from '../kube/errors.ts';

/**
 * What an error of a pass means.
 * - aborted: we are stopping; nobody is told.
 * - conflict: somebody else wrote first; the next pass decides anew, silently.
 * - refused: the other side said no and why (quota, policy, a taken name, a ledger that is down); told in status.
 * - transient: everything else, all that is unknown included; retried with backoff, told in log and metrics.
 */
export type ErrorClass = 'aborted' | 'conflict' | 'refused' | 'transient';

/** A refusal that has a name of its own in status; the others are named by who tells of them. */
export type RefusalReason = 'LedgerUnavailable' | 'LedgerFrozen' | 'ApprovalRefused';

/** Thrown by effects for what a person has to know; its message goes into status, and its reason where it has one. */
export class RefusedError extends Error {
  readonly reason: RefusalReason | undefined;

  constructor(message: string, options: ErrorOptions & { readonly reason?: RefusalReason } = {}) {
    super(message, options);
    this.name = 'RefusedError';
    this.reason = options.reason;
  }
}

export function classify(error: unknown, signal: AbortSignal): ErrorClass {
  if (signal.aborted) return 'aborted';
  if (isConflict(error)) return 'conflict';
  if (error instanceof RefusedError) return 'refused';
  if (
    error instanceof ApiError &&
    error.code >= 400 &&
    error.code < 500 &&
    ![401, 404, 408, 410, 429].includes(error.code)
  )
    return 'refused';
  return 'transient';
}
