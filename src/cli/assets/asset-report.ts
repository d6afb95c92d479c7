import type { WorkspaceStatus } from '../../apis/v1alpha1/types.generated.ts';
import type { CLI_API_VERSION } from '../print-structured.ts';
import type { Standing } from '../standing.ts';
import type { ObjectName } from '../status/object-status.ts';

type AssetsStatus = NonNullable<WorkspaceStatus['assets']>;

/**
 * What `kubectl molecule assets -o json` and `-o yaml` print: how the files of a template came to an agent, link by link. Members are
 * added, never renamed or removed; null means not known.
 */
export interface AssetReport {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'AssetReport';
  readonly object: ObjectName;
  /** Whether the volume held what the TemplateAsset publishes now when the agent was started last. */
  readonly isCurrent: boolean | null;
  /** The links that are not proven, in the order of the chain; empty when one follows from the other down to the card. */
  readonly unproven: readonly UnprovenLink[];
  /** What brings the published files there, and what else is to be known, as sentences. */
  readonly notes: readonly string[];
  /** Null when no template is named. */
  readonly template: TemplateLink | null;
  /** Null when nothing was ever reported of it. */
  readonly volume: VolumeLink | null;
  /** Null when there is none, or it may not be read. */
  readonly pod: PodLink | null;
  readonly card: CardLink;
  /** What the last run changed; `changed` counts also what is not listed. */
  readonly changes: readonly Change[];
  readonly changed: number;
  /** What runs moved aside, the newest first. */
  readonly kept: NonNullable<AssetsStatus['kept']>;
}

export interface TemplateLink extends Standing {
  readonly name: string;
  readonly revision: string | null;
  readonly digest: string | null;
  readonly files: number | null;
  readonly publishedAt: string | null;
}

export interface VolumeLink {
  readonly name: string | null;
  readonly revision: string | null;
  readonly digest: string | null;
  readonly files: number | null;
  /** When a run last had to change something. */
  readonly healedAt: string | null;
  /** When the last run ended that is known of, and the uid of its Pod. */
  readonly reportedAt: string | null;
  readonly reportedBy: string | null;
}

export interface PodLink {
  readonly name: string;
  readonly uid: string | null;
  /** The digest that it was told to put on its volume at its next start. */
  readonly wantedDigest: string | null;
  readonly isReady: boolean;
}

/** What the agent says of itself; its own words, proven by nobody. */
export interface CardLink {
  readonly name: string | null;
  readonly version: string | null;
  readonly skills: readonly string[] | null;
  /** Why nothing is known; null when it is. */
  readonly unread: string | null;
}

export interface UnprovenLink {
  readonly link: 'Template' | 'Volume' | 'Pod' | 'Card';
  readonly reason: string;
}

export interface Change {
  readonly path: string;
  readonly action: string;
  readonly wanted: string | null;
  readonly found: string | null;
  readonly keptAt: string | null;
  /** When the run ended. */
  readonly time: string;
}
