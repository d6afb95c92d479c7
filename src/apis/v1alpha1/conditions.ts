/** Condition types of our kinds. Every type but Reconciling and Stalled has positive polarity: True is good. */
export const CONDITIONS = {
  /** Derived from the others. Present from the first status on, because kstatus takes a missing Ready as fine. */
  ready: 'Ready',
  /** Present and True while a change is being carried out. */
  reconciling: 'Reconciling',
  /** Present and True when only a changed spec or a changed dependency can help. */
  stalled: 'Stalled',
  /** Org: every known way round the approvals is closed. While it is not True nothing is destroyed. */
  guardReady: 'GuardReady',
  /** Org: its platform agent exists and is Ready. */
  platformAgentReady: 'PlatformAgentReady',
  /** Org: its network policy and the account of its agents are in place; no agent starts before. */
  isolationReady: 'IsolationReady',
  /** Workspace: it has a place in its Org's tree. */
  placed: 'Placed',
  /** Workspace: what its agent runs is known and allowed: tier, image, environment. */
  runnable: 'Runnable',
  /** Workspace: what its template delivers is known (or templates are off for it). */
  templateReady: 'TemplateReady',
  /** Workspace: its volume exists, is bound and has the wanted size. */
  volumeReady: 'VolumeReady',
  /** Workspace: the tree of the template lies on the volume, verified, at the last start. */
  materialized: 'Materialized',
  /** Workspace: the agent's container passes its readiness probe. */
  agentReady: 'AgentReady',
  /**
   * Org, Workspace, TemplateAsset: there, and True, while a deletion waits for a human, or for what has to be back before it may
   * go on. Says nothing about the agent, which runs on, so that Ready does not depend on it.
   */
  approvalPending: 'ApprovalPending',
  /** ApprovalRequest: it came to its end, whatever that was. */
  concluded: 'Concluded',
  /** TemplateAsset with spec.verify: the newest revision proved what it must. Nothing of one that did not is taken. */
  sourceVerified: 'SourceVerified',
  /** TemplateAsset: a revision is resolved, downloaded, filtered and stored. */
  artifactReady: 'ArtifactReady',
} as const;

/**
 * The conditions of all kinds in the order in which they stand in status; among those of one kind, the first that is False
 * explains Ready. `normal`: always there, and True is good. `abnormal`: there only while it is True, as kstatus expects.
 * `notice`: there only while it is True, and no part of Ready.
 */
export const CONDITION_TABLE: readonly {
  readonly type: string;
  readonly polarity: 'normal' | 'abnormal' | 'notice';
}[] = [
  { type: CONDITIONS.ready, polarity: 'normal' },
  { type: CONDITIONS.reconciling, polarity: 'abnormal' },
  { type: CONDITIONS.stalled, polarity: 'abnormal' },
  { type: CONDITIONS.approvalPending, polarity: 'notice' },
  { type: CONDITIONS.concluded, polarity: 'normal' },
  { type: CONDITIONS.isolationReady, polarity: 'normal' },
  { type: CONDITIONS.platformAgentReady, polarity: 'normal' },
  { type: CONDITIONS.guardReady, polarity: 'normal' },
  { type: CONDITIONS.placed, polarity: 'normal' },
  { type: CONDITIONS.runnable, polarity: 'normal' },
  { type: CONDITIONS.templateReady, polarity: 'normal' },
  { type: CONDITIONS.volumeReady, polarity: 'normal' },
  { type: CONDITIONS.materialized, polarity: 'normal' },
  { type: CONDITIONS.agentReady, polarity: 'normal' },
  { type: CONDITIONS.sourceVerified, polarity: 'normal' },
  { type: CONDITIONS.artifactReady, polarity: 'normal' },
];
