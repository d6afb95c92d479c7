/** A condition as it stands in status (metav1.Condition). Raw JSON: times are RFC 3339 strings with seconds. */
export interface Condition {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
}

export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** What a check found out about one condition; the clock and the generation are added by `summarise`. */
export interface Verdict {
  readonly type: string;
  readonly status: ConditionStatus;
  /** PascalCase, from apis/v1alpha1/reasons.ts. */
  readonly reason: string;
  /** For people: stable over passes, actionable, without secrets, times and random names. */
  readonly message: string;
}

/** The longest message the CRDs accept; longer ones are cut, never refused. */
export const MAX_MESSAGE_LENGTH = 1024;
