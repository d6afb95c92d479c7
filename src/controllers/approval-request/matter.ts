import type { Reason } from '../../apis/v1alpha1/reasons.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import type { CaseFile } from '../../ledger/port.ts';
import type { ApprovalEffect } from '../../runtime/plan.ts';
import type { Clearance } from '../clearance.ts';
import type { Attempt } from './attempt.ts';
import type { Operation } from './operation.ts';
import type { Standing, Subject } from './subject.ts';
import type { Telling } from './telling.ts';

/** The deletion of one object: of one uid, whoever else has had the name. */
export interface Matter {
  readonly subject: Subject;
  readonly uid: string;
  readonly standing: Standing;
  /** Those that have not come to their end, the oldest first. */
  readonly open: readonly ApprovalRequest[];
  readonly clearance: Clearance;
  /** What the deletion would do, from memory; absent when there is no object. */
  readonly observed?: Operation;
  readonly ttlSeconds: number;
}

/** The deletion as the apiserver tells it now. */
export interface LiveReading {
  readonly clusterUID: string;
  /** Absent: the object is gone, or another has its name. */
  readonly operation?: Operation;
}

/** What the ledger has to say about a matter. */
export type LedgerReading =
  | { readonly kind: 'read'; readonly file: CaseFile }
  /** It says nothing, and whoever waits for it is told why. */
  | { readonly kind: 'silent'; readonly reason: Reason; readonly message: string };

/** The next thing to be done about the deletion of one object. */
export type Step =
  | { readonly kind: 'rest'; readonly recheckAfterMs?: number }
  /** Nothing can be said without the ledger: it is to be read. */
  | { readonly kind: 'ask' }
  /** The ledger takes a step and nothing is told: what comes of it is read there, by the next pass or after a crash. */
  | { readonly kind: 'record'; readonly approvals: readonly ApprovalEffect[] }
  /** Requests are told what is so, one in a pass. What the ledger has to know it knows already. */
  | { readonly kind: 'tell'; readonly tellings: readonly Telling[]; readonly recheckAfterMs: number }
  /** The rest is for what the apiserver says now. The record is drawn up, and shown in a new request or in the draft. */
  | { readonly kind: 'draw-up'; readonly attempt: Attempt; readonly draft?: ApprovalRequest }
  /** Memory says that the record is outdated. */
  | { readonly kind: 'compare'; readonly attempt: Attempt; readonly request: ApprovalRequest }
  /** It is approved, and nothing is in the way. */
  | { readonly kind: 'use'; readonly attempt: Attempt; readonly request: ApprovalRequest };
