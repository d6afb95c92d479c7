import type { Reason } from '../../apis/v1alpha1/reasons.ts';
import type { ConditionStatus } from '../../conditions/condition.ts';
import type { Progress } from '../../conditions/summarise.ts';

/** What a look at Pod or volume says about one condition. */
export interface Finding {
  readonly status: ConditionStatus;
  readonly reason: Reason;
  readonly message: string;
  /** It does not end by what is under way: something outside has to happen, or somebody has to act. */
  readonly isFailure?: true;
}

export function good(reason: Reason, message: string): Finding {
  return { status: 'True', reason, message };
}

/** On its way: ends by itself. */
export function underWay(reason: Reason, message: string): Finding {
  return { status: 'False', reason, message };
}

export function failing(reason: Reason, message: string): Finding {
  return { status: 'False', reason, message, isFailure: true };
}

/** Cannot be said before something else has happened, which explains itself in another condition. */
export function unknown(reason: Reason, message: string): Finding {
  return { status: 'Unknown', reason, message };
}

export function progressOf(findings: readonly Finding[]): Progress {
  if (findings.some(({ isFailure }) => isFailure === true)) return 'waiting';
  return findings.every(({ status }) => status === 'True') ? 'settled' : 'progressing';
}
