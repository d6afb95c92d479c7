import { CONDITIONS } from '../apis/v1alpha1/conditions.ts';
import { REASONS } from '../apis/v1alpha1/reasons.ts';
import type { Condition } from './condition.ts';

/** Not ready because somebody asked for that. */
const WANTED: ReadonlySet<string> = new Set([REASONS.suspended, REASONS.ancestorSuspended]);

/**
 * Ready, when it tells of a failure that lasts: not True, nothing under way that would end it, and nobody's wish.
 * Guarantee: at most one of failing, progressing and ready is true of a status, so that a failure has a beginning and an end.
 */
export function findFailure(conditions: readonly Condition[]): Condition | undefined {
  const ready = conditions.find(({ type }) => type === CONDITIONS.ready);
  const isProgressing = conditions.some(({ type, status }) => type === CONDITIONS.reconciling && status === 'True');
  if (ready === undefined || ready.status === 'True' || isProgressing || WANTED.has(ready.reason)) return undefined;
  return ready;
}

/** Whether the object fails, or is at work on its way out of a failure: `summarise` keeps that in Reconciling's reason. */
export function hasFailed(conditions: readonly Condition[]): boolean {
  return (
    findFailure(conditions) !== undefined ||
    conditions.some(({ type, reason }) => type === CONDITIONS.reconciling && reason === REASONS.progressingWithRetry)
  );
}
