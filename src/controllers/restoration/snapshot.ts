import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import type { PassFailure } from '../../runtime/controller.ts';
import type { ObservedVolume } from '../workspace/observed.ts';
import type { Probe } from './probe.ts';
import type { Restorable } from './restorable.ts';

/** Everything that one pass over a denied request knows; of the object itself all of it is read live. */
export interface RestorationSnapshot {
  readonly request: ApprovalRequest;
  /** The object that has the target's name now. */
  readonly live: Restorable | undefined;
  /** The denied object as the ledger keeps it. */
  readonly kept: Restorable | undefined;
  /** The subject under which the ledger takes the next version of it. */
  readonly nextSubject: string;
  /** Whether it could be made again; asked while it is still held. */
  readonly probe: Probe | undefined;
  /** The data of a denied Workspace whose name somebody else took. */
  readonly volume: ObservedVolume | undefined;
  /** Another approval was used up for it, as one for all of its Org: it goes after all. */
  readonly isCovered: boolean;
  readonly lastFailure?: PassFailure;
}
