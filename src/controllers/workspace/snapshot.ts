import type { Org, TemplateAsset, Workspace, WorkspaceDeletionGrant } from '../../apis/v1alpha1/types.generated.ts';
import type { MaterializeReport } from '../../assets/report.ts';
import type { Contest } from '../../rules/claims.ts';
import type { RuntimeCatalog } from '../../rules/runtime.ts';
import type { PassFailure } from '../../runtime/controller.ts';
import type { WorkspaceNode } from '../hierarchy-node.ts';
import type { Leave } from '../leave.ts';
import type { WorkspaceSettings } from './intent.ts';
import type { KeptVersions } from './kept-versions.ts';
import type { ObservedNode, ObservedPod, ObservedVolume } from './observed.ts';
import type { EndedPod } from './pod-history.ts';
import type { SecretReading } from './secret-reader.ts';

/** Everything that one pass over a Workspace knows. Read by gather.ts; nothing after it reads anything else. */
export interface WorkspaceSnapshot {
  readonly workspace: Workspace;
  /** The namespace's Org; undefined when there is none. */
  readonly org: Org | undefined;
  /** The Workspaces above this one, as far as MAX_DEPTH, by name; the platform agent too, if it exists. */
  readonly ancestors: ReadonlyMap<string, WorkspaceNode>;
  /** The Workspaces that name this one as their parent; read for a deletion that may go on alone. */
  readonly children: readonly Workspace[];
  /** What its deletion may do; undefined while nobody deletes it. */
  readonly leave: Leave | undefined;
  /** status.deletionGrant as it should be. */
  readonly deletionGrant?: WorkspaceDeletionGrant;
  /** About the id of this Workspace. */
  readonly contest: Contest;
  /** The TemplateAsset that `templateName` names; undefined when it does not exist. */
  readonly template: TemplateAsset | undefined;
  /** Images of the runtimes, for Workspaces that name none themselves. */
  readonly catalog: RuntimeCatalog;
  /** The Secrets that spec.env names, by name; empty where no Pod is to run. */
  readonly secrets: ReadonlyMap<string, SecretReading>;
  readonly pod: ObservedPod | undefined;
  /** The node that the Pod was given; undefined when it has none, or that is gone. */
  readonly node: ObservedNode | undefined;
  /** The Pod before this one, if it ended by itself and nothing has taken its place. */
  readonly endedPod: EndedPod | undefined;
  readonly volume: ObservedVolume | undefined;
  /** The last report of a run of materialize since the operator started. */
  readonly report: ReceivedReport | undefined;
  /** Every node restarts Pods in place with their init containers (RestartAllContainersOnContainerExits). */
  readonly canRestartInPlace: boolean;
  readonly settings: WorkspaceSettings;
  /** What the last attempt to carry out a plan of this object failed at; absent after a success. */
  readonly lastFailure?: PassFailure;
}

export interface ReceivedReport {
  readonly podUID: string;
  readonly receivedAt: Date;
  readonly report: MaterializeReport;
  /** Moved aside by runs before it whose reports were not shown. */
  readonly keptEarlier?: KeptVersions;
  /** Others came since, and are shown in so many milliseconds. */
  readonly moreInMs?: number;
}
