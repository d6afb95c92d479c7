import type { CLI_API_VERSION } from '../print-structured.ts';
import type { State } from '../standing.ts';

/** What `kubectl molecule sync -o json` and `-o yaml` print: members are added, never renamed or removed; null means not known. */
export interface SyncResult {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'SyncResult';
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
  /** The value of the annotation that asks for the pass. */
  readonly requestedAt: string;
  /** Requested: not waited for. TimedOut: neither done nor failed when the time was over. */
  readonly outcome: 'Requested' | 'Done' | 'Failed' | 'TimedOut';
  /** Null when it was not waited for. */
  readonly state: State | null;
  readonly reason: string | null;
  readonly message: string | null;
}
