import type { Org, TemplateAsset, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { MaterializeReport } from '../../assets/report.ts';
import type { HierarchyNode } from '../../rules/hierarchy.ts';
import type { WorkspaceSettings } from './desired.ts';
import type { ObservedPod, ObservedVolume } from './observed.ts';

/** Everything that one pass over a Workspace knows. Read by gather.ts; nothing after it reads anything else. */
export interface WorkspaceSnapshot {
  readonly workspace: Workspace;
  /** The namespace's Org; undefined when there is none. */
  readonly org: Org | undefined;
  /** The Workspaces above this one, as far as MAX_DEPTH, by name. */
  readonly ancestors: ReadonlyMap<string, HierarchyNode>;
  /** The TemplateAsset that `templateName` names; undefined when it does not exist. */
  readonly template: TemplateAsset | undefined;
  readonly pod: ObservedPod | undefined;
  readonly volume: ObservedVolume | undefined;
  /** The last report of a run of materialize since the operator started. */
  readonly report: ReceivedReport | undefined;
  /** Every node restarts Pods in place with their init containers (RestartAllContainersOnContainerExits). */
  readonly canRestartInPlace: boolean;
  readonly settings: WorkspaceSettings;
  /** What the last attempt to carry out a plan of this object failed at; absent after a success. */
  readonly lastFailure?: string;
}

export interface ReceivedReport {
  readonly podUID: string;
  readonly receivedAt: Date;
  readonly report: MaterializeReport;
}
