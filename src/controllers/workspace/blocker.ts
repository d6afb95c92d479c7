import type { Reason } from '../../apis/v1alpha1/reasons.ts';

/** Why no Pod may be made. `waiting` ends by itself when something else changes, `stalled` only by another spec. */
export interface Blocker {
  readonly kind: 'waiting' | 'stalled';
  readonly reason: Reason;
  readonly message: string;
}

export function waiting(reason: Reason, message: string): Blocker {
  return { kind: 'waiting', reason, message };
}

export function stalled(reason: Reason, message: string): Blocker {
  return { kind: 'stalled', reason, message };
}
