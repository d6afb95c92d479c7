import { BREAK_GLASS_OPERATION } from '../../apis/v1alpha1/names.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { rfc3339 } from '../../conditions/summarise.ts';
import type { ApprovalCase } from '../../ledger/port.ts';
import { sha256Hex } from '../../platform/digest.ts';
import type { ApprovalEffect } from '../../runtime/plan.ts';

/** One attempt to have an operation approved: a case of the ledger, or what stands for one while the ledger is dead. */
export interface Attempt {
  /** Absent without a ledger: there is nothing to tell it. */
  readonly approvalID?: string;
  readonly number: number;
  readonly nonce: string;
  readonly expiresAt: string;
  readonly isExpired: boolean;
  readonly hash?: string;
  readonly isUndecided: boolean;
  readonly isConsumed: boolean;
  readonly askers: readonly string[];
}

const BREAK_GLASS_MS = 3_600_000;

export function attemptOf(latest: ApprovalCase, askers: readonly string[]): Attempt {
  const { id, attempt, nonce, expiresAt, isExpired, hash, state } = latest;
  return {
    approvalID: id,
    number: attempt,
    nonce,
    expiresAt,
    isExpired,
    ...(hash === undefined ? {} : { hash }),
    isUndecided: state === 'Open',
    isConsumed: state === 'Consumed',
    askers,
  };
}

/** Drawn from the request itself, which is the only thing that is there: the same after every crash. */
export function breakGlassAttempt({ metadata, spec }: ApprovalRequest, now: Date): Attempt {
  const end = new Date(Date.parse(metadata.creationTimestamp ?? '') + BREAK_GLASS_MS);
  return {
    number: 0,
    nonce: sha256Hex(`${BREAK_GLASS_OPERATION}/${metadata.uid ?? ''}`),
    expiresAt: rfc3339(end),
    isExpired: now >= end,
    ...(spec.hash === undefined ? {} : { hash: spec.hash }),
    isUndecided: spec.decision === undefined,
    isConsumed: false,
    askers: [spec.requestedBy],
  };
}

export function closing(
  { approvalID }: Attempt,
  as: 'Expired' | 'Superseded' | 'Withdrawn',
): readonly ApprovalEffect[] {
  return approvalID === undefined ? [] : [{ kind: 'close', approvalID, as }];
}

/** Tells the ledger what a human decided; nothing when it knows. */
export function deciding({ approvalID, isUndecided }: Attempt, { spec }: ApprovalRequest): readonly ApprovalEffect[] {
  const { decision } = spec;
  if (approvalID === undefined || !isUndecided || decision === undefined) return [];
  const { verdict, hash, by } = decision;
  return [{ kind: 'decide', approvalID, verdict, hash, by }];
}
