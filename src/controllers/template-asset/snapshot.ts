import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import type { TemplateAsset, WorkspaceDeletionGrant } from '../../apis/v1alpha1/types.generated.ts';

import type { PassFailure } from '../../runtime/controller.ts';
import type { Leave } from '../leave.ts';

/** Everything that one pass over a TemplateAsset knows. */
export interface TemplateAssetSnapshot {
  readonly asset: TemplateAsset;
  /** Names of the Workspaces that use it; looked up when it is being deleted. */
  readonly usedBy: readonly string[];
  /** What its deletion may do; absent while nobody deletes it. */
  readonly leave?: Leave;
  /** status.deletionGrant as it should be. */
  readonly deletionGrant?: WorkspaceDeletionGrant;
  /** What the last attempt to carry out a plan of this object failed at; absent after a success. */
  readonly lastFailure?: PassFailure;
  /** The newest look at the source; undefined when none is wanted (disabled, suspended, going). */
  readonly attempt?: Attempt;
  /** The files of the published revision, which stays live, left the store and cannot be had again. */
  readonly loss?: Loss;
}

/** Its deletion needs to wait for nobody: it was approved, or nothing would be lost and nobody has said no. */
export function isGoing({ leave, usedBy }: TemplateAssetSnapshot): boolean {
  if (leave?.kind !== 'held') return leave?.kind === 'granted';
  return usedBy.length === 0 && !NO.has(leave.reason);
}

const NO: ReadonlySet<Reason> = new Set([REASONS.restoring, REASONS.cannotRestore]);

/** How a revision proved what spec.verify wants of it, as the condition says it. */
export interface Proof {
  readonly reason: Reason;
  readonly message: string;
}

/** What came of looking at the source: resolve, verify, and download unless the revision is stored already. */
export type Attempt = Outcome & { readonly proof?: Proof };

type Outcome =
  | {
      readonly kind: 'stored';
      readonly artifact: {
        readonly revision: string;
        readonly digest: string;
        readonly sizeBytes: number;
        readonly files: number;
        readonly ignored: number;
        /** What the tree was chosen by. */
        readonly include: readonly string[];
      };
      readonly nextCheckMs: number;
    }
  | (Failure & {
      readonly kind: 'failed';
      /** The commit, when the ref could be resolved. */
      readonly revision?: string;
      readonly nextCheckMs: number;
    });

export type Loss = Failure & { readonly nextCheckMs: number };

export interface Failure {
  readonly reason: Reason;
  /** Safe for status: no token, no query of a URL, no body of an answer. */
  readonly message: string;
  /** Another look gives the same: the spec has to change, or what it points at. */
  readonly isFinal: boolean;
  /** The revision did not prove what spec.verify wants; nothing of it was taken. */
  readonly isUnproved?: true;
}
