/** What one run of the materializer found and did: printed as its last line and sent to the asset server. */
export interface MaterializeReport {
  readonly outcome: MaterializeOutcome;
  readonly wantedDigest?: string;
  /** Of the wanted paths as they lay on the volume before the run. */
  readonly foundDigest?: string;
  /** In the wanted tree. */
  readonly files: number;
  /** Changed paths only, at most REPORTED_CHANGES of them; `changesTotal` counts all. */
  readonly changes: readonly ReportedChange[];
  readonly changesTotal: number;
  /** For people, one line; always there unless the outcome is unchanged or changed. */
  readonly reason?: string;
}

/**
 * unchanged: the volume was as wanted; changed: it is now; off: no template for this workspace; refused: archive or
 * bundle not acceptable; failed: the volume could not be written; waiting: cannot know or get what is wanted, try again.
 */
export type MaterializeOutcome = 'unchanged' | 'changed' | 'off' | 'refused' | 'failed' | 'waiting';

export interface ReportedChange {
  readonly path: string;
  readonly action: ChangeAction;
  /** Short hash of what is wanted there, or `absent`. */
  readonly wanted: string;
  /** What was found: a short hash, `absent`, or the kind of thing that stood there (symlink, fifo, …). */
  readonly found: string;
  /** Where what was found lies now, below the volume's root; absent when nothing was moved aside. */
  readonly keptAt?: string;
}

/** displaced: something that was not ours to delete was renamed into `.molecule/displaced`. */
export type ChangeAction = 'created' | 'healed' | 'pruned' | 'displaced' | 'kept';

export const REPORTED_CHANGES = 200;

/** Begins the reason of a run that was fine itself and held back an agent that ended too often in quick succession. */
export const HELD_BACK = 'Back-off: ';
