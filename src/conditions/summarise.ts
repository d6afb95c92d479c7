import { type Condition, MAX_MESSAGE_LENGTH, type Verdict } from './condition.ts';

/** How a pass ended, as far as conditions tell it. `held` keeps the object Ready=False without calling it a change. */
export type Progress = 'settled' | 'progressing' | 'waiting' | 'stalled';

export interface SummariseInput {
  /** The kind's own conditions, most important first: the first one that is not True explains Ready. */
  readonly verdicts: readonly Verdict[];
  readonly progress: Progress;
  /** Reason and message of Ready=True. */
  readonly whenReady: { readonly reason: string; readonly message: string };
  readonly observed: readonly Condition[];
  readonly generation: number;
  readonly now: Date;
}

/**
 * All conditions of an object, in a fixed order: Ready (derived), Reconciling or Stalled while they are true, then the
 * kind's own. Abnormal-true conditions are left out when false, as kstatus expects. lastTransitionTime moves with the
 * status alone, so an equal state gives equal conditions and nothing is written.
 */
export function summarise(input: SummariseInput): readonly Condition[] {
  const ready = deriveReady(input);
  const abnormal: readonly Verdict[] =
    input.progress === 'progressing'
      ? [{ type: 'Reconciling', status: 'True', reason: ready.reason, message: ready.message }]
      : input.progress === 'stalled'
        ? [{ type: 'Stalled', status: 'True', reason: ready.reason, message: ready.message }]
        : [];
  return [ready, ...abnormal, ...input.verdicts].map((verdict) => stamp(verdict, input));
}

function deriveReady(input: SummariseInput): Verdict {
  const culprit = input.verdicts.find((verdict) => verdict.status !== 'True');
  if (culprit !== undefined) return { ...culprit, type: 'Ready', status: culprit.status };
  return { type: 'Ready', status: 'True', ...input.whenReady };
}

function stamp(verdict: Verdict, input: SummariseInput): Condition {
  const before = input.observed.find((condition) => condition.type === verdict.type);
  const isUnchanged = before?.status === verdict.status;
  return {
    type: verdict.type,
    status: verdict.status,
    observedGeneration: input.generation,
    lastTransitionTime: isUnchanged ? before.lastTransitionTime : rfc3339(input.now),
    reason: verdict.reason,
    message: truncate(verdict.message),
  };
}

function truncate(message: string): string {
  return message.length <= MAX_MESSAGE_LENGTH ? message : `${message.slice(0, MAX_MESSAGE_LENGTH - 1)}…`;
}

/** metav1.Time: RFC 3339 in UTC without fractions. */
export function rfc3339(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
