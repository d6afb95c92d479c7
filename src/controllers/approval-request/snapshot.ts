import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import type { PassFailure } from '../../runtime/controller.ts';
import type { RestorationSnapshot } from '../restoration/snapshot.ts';
import type { ObservedPod, ObservedVolume } from '../workspace/observed.ts';
import type { LedgerReading, LiveReading, Matter, Step } from './matter.ts';
import type { Target } from './subject.ts';

/** Everything that one pass over the requests of one name knows. */
export interface ApprovalSnapshot {
  /** All that were ever made for this name and not yet cleaned away. */
  readonly requests: readonly ApprovalRequest[];
  readonly target: Target | undefined;
  readonly work: Work;
  /** What the last pass was refused; absent after one that went through. */
  readonly lastFailure?: PassFailure;
}

export type Work =
  /** A denied object is on its way back; nothing else happens before. */
  | { readonly kind: 'restoration'; readonly denied: Omit<RestorationSnapshot, 'lastFailure'> }
  | {
      readonly kind: 'matter';
      readonly matter: Matter;
      readonly step: Step;
      /** Read when the step asks for it. */
      readonly live?: LiveReading;
      readonly sights: Sights;
    }
  /** Consumed while the ledger was dead; it is to be told. */
  | { readonly kind: 'afterthought'; readonly request: ApprovalRequest; readonly reading: LedgerReading }
  | { readonly kind: 'none' };

/** By the name of the claim: what a person wants to know of a Workspace that would be lost. It is no part of the record. */
export type Sights = ReadonlyMap<string, Sight>;

export interface Sight {
  readonly pod: ObservedPod | undefined;
  readonly volume: ObservedVolume | undefined;
}
