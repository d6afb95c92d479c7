import { CONDITION_TABLE, CONDITIONS } from '../apis/v1alpha1/conditions.ts';
import { REASONS } from '../apis/v1alpha1/reasons.ts';
import { type Condition, MAX_MESSAGE_LENGTH, type Verdict } from './condition.ts';
import { hasFailed } from './failure.ts';

/**
 * How a pass ended, as far as conditions tell it. settled: as wanted. progressing: a change is under way (Reconciling).
 * waiting: something outside has to happen first. stalled: only another spec can help (Stalled).
 */
export type Progress = 'settled' | 'progressing' | 'waiting' | 'stalled';

export interface SummariseInput {
  /** The kind's own conditions, in any order. */
  readonly verdicts: readonly Verdict[];
  readonly progress: Progress;
  /** Reason and message of Ready=True. */
  readonly whenReady: { readonly reason: string; readonly message: string };
  readonly observed: readonly Condition[];
  readonly generation: number;
  readonly now: Date;
}

const NOTICES: ReadonlySet<string> = new Set(
  CONDITION_TABLE.filter(({ polarity }) => polarity === 'notice').map(({ type }) => type),
);

/**
 * All conditions of an object in the order of CONDITION_TABLE: Ready (derived), Reconciling or Stalled while they are true,
 * then the kind's own, notices among them while they are true. Abnormal ones never stand beside Ready=True, and notices have no
 * say in it. lastTransitionTime moves with the status alone, so an equal state gives equal conditions and nothing is written.
 */
export function summarise(input: SummariseInput): readonly Condition[] {
  const own = input.verdicts
    .filter(({ type, status }) => status === 'True' || !NOTICES.has(type))
    .toSorted((a, b) => orderOf(a.type) - orderOf(b.type));
  const ready = deriveReady(own, input.whenReady);
  return [ready, ...deriveAbnormal(input, ready), ...own].map((verdict) => stamp(verdict, input));
}

function orderOf(type: string): number {
  return CONDITION_TABLE.findIndex((row) => row.type === type);
}

/**
 * False and never Unknown, because kstatus knows no object that is neither ready nor not. What is Unknown waits for another
 * condition and explains Ready only where none is False.
 */
function deriveReady(own: readonly Verdict[], whenReady: SummariseInput['whenReady']): Verdict {
  const culprit = own.find(({ status }) => status === 'False') ?? own.find(({ status }) => status === 'Unknown');
  if (culprit !== undefined) return { ...culprit, type: CONDITIONS.ready, status: 'False' };
  return { type: CONDITIONS.ready, status: 'True', ...whenReady };
}

function deriveAbnormal({ progress, observed }: SummariseInput, ready: Verdict): readonly Verdict[] {
  if (ready.status === 'True') return [];
  if (progress === 'stalled') return [{ ...ready, type: CONDITIONS.stalled, status: 'True' }];
  if (progress !== 'progressing') return [];
  const reason = hasFailed(observed) ? REASONS.progressingWithRetry : ready.reason;
  return [{ type: CONDITIONS.reconciling, status: 'True', reason, message: ready.message }];
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
