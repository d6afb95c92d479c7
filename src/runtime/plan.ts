import type { KubeObject, ObjectKey, Resource } from '../kube/objects.ts';
import type { Basis } from './basis.ts';

/**
 * What a controller wants, as plain data: it can be printed, compared and golden-tested. The executor carries it out in
 * the order of the fields below and stops at the first effect that fails, but still writes status.
 */
export interface Plan {
  /** What it was decided from; it deletes, applies and creates only while that still holds at the apiserver. */
  readonly basis?: readonly Basis[];
  /** Add our finalizer first, and do nothing else in this pass; the next one follows as soon as the store shows it. */
  readonly addFinalizer?: FinalizerChange;
  /** Carried out in the ledger, one after the other, before everything else; the first that it refuses ends the pass. */
  readonly approvals?: readonly ApprovalEffect[];
  /** Recorded in the ledger before anything is destroyed. When the ledger cannot, the pass ends there (fail closed). */
  readonly intents?: readonly Intent[];
  readonly writes?: readonly WriteEffect[];
  readonly deletes?: readonly DeleteEffect[];
  /** Closes the intents, once every effect above succeeded. */
  readonly outcomes?: readonly IntentOutcome[];
  readonly status?: StatusWrite;
  /** Handed to the ledger and not waited for: ids are claimed in its own time, and nobody's agent waits for it. */
  readonly claims?: readonly ClaimEffect[];
  readonly events?: readonly EventEffect[];
  /** Last of all: after it the object is gone. */
  readonly removeFinalizer?: FinalizerChange;
  readonly outcome: Outcome;
}

export interface FinalizerChange {
  readonly resource: Resource;
  readonly key: ObjectKey;
  readonly uid: string;
  readonly resourceVersion: string;
  /** The object's finalizers as read; the patch tests that they are still these. */
  readonly observed: readonly string[];
  readonly finalizer: string;
  readonly fieldManager: string;
}

export type WriteEffect = CreateEffect | PatchEffect | ApplyEffect;

/**
 * A blind POST. 409 AlreadyExists is not an error: the object is read once and `adoptIf` decides. A match counts as
 * created (we died after an earlier POST); a mismatch ends the pass with a `RefusedError`, whose words the next plan is
 * given as `lastFailure`.
 */
export interface CreateEffect {
  readonly kind: 'create';
  readonly resource: Resource;
  readonly object: KubeObject;
  readonly fieldManager: string;
  /** Becomes the controller reference; its uid is taken from an earlier create of this plan when not given. */
  readonly controlledBy?: { readonly resource: Resource; readonly key: ObjectKey; readonly uid?: string };
  /**
   * Annotations that an existing object must carry, with these values, to be taken as ours. Absent: none is, and a name that is
   * taken is a conflict, which the next pass decides about.
   */
  readonly adoptIf?: Readonly<Record<string, string>>;
}

export interface PatchEffect {
  readonly kind: 'patch';
  readonly resource: Resource;
  readonly key: ObjectKey;
  /** Put into the patch as a precondition, so that a namesake is never touched. */
  readonly uid: string;
  readonly patch: Readonly<Record<string, unknown>>;
  readonly fieldManager: string;
}

export interface ApplyEffect {
  readonly kind: 'apply';
  readonly resource: Resource;
  readonly object: KubeObject;
  readonly fieldManager: string;
}

export interface DeleteEffect {
  readonly resource: Resource;
  readonly key: ObjectKey;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Written on /status by its single writer. The planner leaves it out when nothing changed. */
export interface StatusWrite {
  readonly resource: Resource;
  readonly key: ObjectKey;
  readonly uid: string;
  /**
   * Of the object that `patch` was computed from; a precondition. The apiserver ignores a uid in a patch of /status, so
   * that without this a namesake made meanwhile would be given the status of the dead.
   */
  readonly resourceVersion: string;
  /** JSON merge patch of the member `status`. */
  readonly patch: Readonly<Record<string, unknown>>;
  readonly fieldManager: string;
}

export interface EventEffect {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly regarding: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
}

/**
 * One destructive operation. (subjectUID, action) is unique: a second intent for it resumes the first. The ledger refuses one
 * that names an operation which does not cover the subject.
 */
export interface Intent {
  readonly action: string;
  readonly subjectUID: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** The operation that an approval was consumed for. Absent: nothing is lost, so that nobody had to be asked. */
  readonly operationID?: string;
}

/** A step in the life of an approval. Each may be repeated and has then no further effect. */
export type ApprovalEffect =
  /** Opens the next attempt, unless one is open: nonce and expiry are drawn once, by the ledger. */
  | {
      readonly kind: 'open';
      readonly subjectUID: string;
      readonly action: string;
      /** Kind namespace/name, for people. */
      readonly subject: string;
      readonly ttlSeconds: number;
      /** Joins those who are known to have asked. */
      readonly asker?: string;
    }
  /** Ties the attempt to the record that is shown to the approver. A second, different hash is refused. */
  | { readonly kind: 'bind'; readonly approvalID: string; readonly hash: string }
  /** Keeps the verdict of a human. The first one stands. */
  | {
      readonly kind: 'decide';
      readonly approvalID: string;
      readonly verdict: 'Approved' | 'Denied';
      readonly hash: string;
      readonly by: string;
    }
  /**
   * Uses an approval up and begins its operation, in one transaction. Refused unless it is approved, has this hash, is not
   * expired by the clock of the database, and its approver is none of those who asked, later ones included.
   */
  | {
      readonly kind: 'consume';
      readonly approvalID: string;
      readonly hash: string;
      /** Everything that goes under this operation, the subject among it. */
      readonly members: readonly OperationMember[];
      readonly detail: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'close';
      readonly approvalID: string;
      readonly as: 'Expired' | 'Superseded' | 'Withdrawn';
    }
  /** Keeps an object as it is, to make it again from; the first one of a subject stands, a later version takes another. */
  | { readonly kind: 'snapshot'; readonly subjectUID: string; readonly object: KubeObject };

export interface OperationMember {
  readonly uid: string;
  /** Kind namespace/name, for people. */
  readonly subject: string;
  readonly claimUID?: string;
  /** Seconds after the operation's begin from which on the volume may be erased. */
  readonly retainSeconds?: number;
}

export interface IntentOutcome {
  readonly action: string;
  readonly subjectUID: string;
  readonly result: Readonly<Record<string, unknown>>;
}

/** Who an id belongs to, for the whole cluster. Repeated until the ledger knows; losing shows in a later snapshot. */
export type ClaimEffect =
  | {
      readonly kind: 'claim';
      readonly id: string;
      readonly holderUID: string;
      readonly holderKind: string;
      /** namespace/name, for people. */
      readonly holder: string;
      /** The claim of this uid, and of no other, may be taken over: its object is gone. */
      readonly deadHolderUID?: string;
    }
  | { readonly kind: 'release'; readonly id: string; readonly holderUID: string };

/** How a pass ended and when the next one is due. The runner maps it onto the queue (table in runner.ts). */
export type Outcome =
  | { readonly kind: 'settled'; readonly resyncAfterMs?: number }
  | { readonly kind: 'progressing'; readonly recheckAfterMs: number }
  | { readonly kind: 'waiting'; readonly recheckAfterMs: number }
  | { readonly kind: 'stalled' };
