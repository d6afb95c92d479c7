import type { Reason } from '../../apis/v1alpha1/reasons.ts';
import type { Progress } from '../../conditions/summarise.ts';
import type { DeleteEffect, WriteEffect } from '../../runtime/plan.ts';

/** What one pass finds necessary, before status. */
export interface Change {
  readonly progress: Progress;
  readonly writes?: readonly WriteEffect[];
  readonly deletes?: readonly DeleteEffect[];
  /** Said of the agent instead of what its Pod shows. */
  readonly override?: Explanation;
  /** Worth an Event: what is done to an agent that ran. */
  readonly news?: Explanation;
  /** When to look again, where that is sooner than usual. */
  readonly recheckMs?: number;
  /** Whether the state may be over in a moment, so that telling it can wait. */
  readonly isFleeting?: boolean;
}

export interface Explanation {
  readonly reason: Reason;
  readonly message: string;
}
