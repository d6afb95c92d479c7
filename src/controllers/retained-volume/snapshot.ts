import type { PassFailure } from '../../runtime/controller.ts';
import type { Restorable } from '../restoration/restorable.ts';
import type { ObservedVolume } from '../workspace/observed.ts';

/** Everything that one pass over a volume without a Workspace knows; the volume is read live, because a decision cannot be undone. */
export interface RetainedVolumeSnapshot {
  readonly volume: ObservedVolume;
  readonly work: Work;
  readonly lastFailure?: PassFailure;
}

export type Work =
  /** A Workspace has this incarnation. `isGoing`: only until its deletion is through. */
  | { readonly kind: 'in-use'; readonly isGoing: boolean }
  | {
      readonly kind: 'asked-back';
      /** The deleted Workspace as the ledger keeps it, if this was its volume. */
      readonly kept: Restorable | undefined;
      /** Who has its name now. */
      readonly heir: Restorable | undefined;
    }
  /** Its time is over. `mayErase`: the ledger lets it go, under the approval of the deletion. */
  | { readonly kind: 'due'; readonly mayErase: boolean }
  /** `untilMs`: how long it is kept yet; absent: without end. */
  | { readonly kind: 'kept'; readonly untilMs?: number };
