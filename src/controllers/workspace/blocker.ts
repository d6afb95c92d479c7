import type { Reason } from '../../apis/v1alpha1/reasons.ts';

/**
 * Why no Pod may be made. `progressing` ends by what the operator is doing elsewhere, `waiting` when something outside changes,
 * `stalled` only by another spec.
 */
export interface Blocker {
  readonly kind: 'progressing' | 'waiting' | 'stalled';
  readonly reason: Reason;
  readonly message: string;
  /** Not only is no Pod made: one that is there goes. */
  readonly stopsAgent?: true;
}

export function progressing(reason: Reason, message: string): Blocker {
  return { kind: 'progressing', reason, message };
}

export function waiting(reason: Reason, message: string): Blocker {
  return { kind: 'waiting', reason, message };
}

export function stalled(reason: Reason, message: string): Blocker {
  return { kind: 'stalled', reason, message };
}
