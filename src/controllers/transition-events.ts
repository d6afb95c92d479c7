import { CONDITIONS } from '../apis/v1alpha1/conditions.ts';
import type { Condition } from '../conditions/condition.ts';
import { findFailure, hasFailed } from '../conditions/failure.ts';
import type { EventEffect } from '../runtime/plan.ts';

export interface Transition {
  readonly regarding: EventEffect['regarding'];
  /** The conditions as they stand in the observed status. */
  readonly before: readonly Condition[];
  /** The conditions that this pass writes; the same as `before` when it writes none. */
  readonly after: readonly Condition[];
}

/**
 * What a change of status is worth telling: a Warning when a failure begins that lasts, or becomes another one, and a Normal
 * Event when the object is ready after a failure, however many steps lay between. Nothing about a creation that goes well,
 * nothing about what is under way, and nothing when nothing changed: these Events can be alerted on.
 */
export function transitionEvents({ regarding, before, after }: Transition): readonly EventEffect[] {
  const tell = (type: EventEffect['type'], { reason, message }: Condition): readonly EventEffect[] => [
    { type, reason, action: 'Reconcile', note: message, regarding },
  ];
  const failure = findFailure(after);
  if (failure !== undefined) return failure.reason === findFailure(before)?.reason ? [] : tell('Warning', failure);
  const ready = after.find(({ type }) => type === CONDITIONS.ready);
  return ready?.status === 'True' && hasFailed(before) ? tell('Normal', ready) : [];
}
