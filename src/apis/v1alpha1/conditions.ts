/** Condition types of our kinds. Every type but Reconciling and Stalled has positive polarity: True is good. */
export const CONDITIONS = {
  /** Derived from the others. Present from the first status on, because kstatus takes a missing Ready as fine. */
  ready: 'Ready',
  /** Present and True while a change is being carried out. */
  reconciling: 'Reconciling',
  /** Present and True when only a changed spec or a changed dependency can help. */
  stalled: 'Stalled',
  /** Org: its platform agent exists and is Ready. */
  platformAgentReady: 'PlatformAgentReady',
  /** Org: its network policy and the account of its agents are in place; no agent starts before. */
  isolationReady: 'IsolationReady',
  /** Workspace: it has a place in its Org's tree. */
  placed: 'Placed',
  /** Workspace: what its template delivers is known (or templates are off for it). */
  templateReady: 'TemplateReady',
  /** Workspace: its volume exists, is bound and has the wanted size. */
  volumeReady: 'VolumeReady',
  /** Workspace: the tree of the template lies on the volume, verified, at the last start. */
  materialized: 'Materialized',
  /** Workspace: the agent's container passes its readiness probe. */
  agentReady: 'AgentReady',
  /** TemplateAsset: a revision is resolved, downloaded, filtered and stored. */
  artifactReady: 'ArtifactReady',
} as const;
