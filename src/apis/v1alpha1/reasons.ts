/**
 * Every reason that a condition or an Event of ours may carry. They are API: alerts and scripts match them. A failure is
 * in the past tense or names the state; a new one needs a line here and in docs.
 */
export const REASONS = {
  // Org
  /** The Org's tree is complete and its platform agent is Ready. */
  orgReady: 'OrgReady',
  /** The platform agent does not exist yet, or its Workspace is not Ready. */
  platformAgentNotReady: 'PlatformAgentNotReady',
  platformAgentReady: 'PlatformAgentReady',
  /** A namespace holds a Workspace without an Org named "org". */
  orgNotFound: 'OrgNotFound',
  /** The object waits for Workspaces below it to go first. */
  deletingChildren: 'DeletingChildren',

  // Workspace
  workspaceReady: 'WorkspaceReady',
  placed: 'Placed',
  parentNotFound: 'ParentNotFound',
  parentCycle: 'ParentCycle',
  tooDeep: 'TooDeep',
  /** A Workspace of kind platform that the operator did not make: wrong name or wrong id. */
  notThePlatformAgent: 'NotThePlatformAgent',
  /** Tiers 3 and 4 run privileged and are refused. */
  tierNotAllowed: 'TierNotAllowed',
  imageMissing: 'ImageMissing',
  suspended: 'Suspended',
  /** No template is named: nothing is delivered to the volume. An explicit mode, never a downgrade. */
  templatesOff: 'TemplatesOff',
  templateNotFound: 'TemplateNotFound',
  templateNotReady: 'TemplateNotReady',
  templateReady: 'TemplateReady',
  /** A Pod or PVC of that name exists and belongs to another incarnation. */
  volumeConflict: 'VolumeConflict',
  creating: 'Creating',
  /** The apiserver refused the Pod or the volume: quota, policy, or a name that is taken. The message is its own. */
  createFailed: 'CreateFailed',
  replacing: 'Replacing',
  /** The agent ran again although materialize had not: such a Pod is not trusted and is replaced. */
  restartedWithoutHealing: 'RestartedWithoutHealing',
  materializing: 'Materializing',
  materialized: 'Materialized',
  /** The wanted tree could not be had (exit 75): server or forge unreachable and no copy matches. */
  assetsUnavailable: 'AssetsUnavailable',
  /** The tree was refused (exit 65). */
  assetsRefused: 'AssetsRefused',
  /** The volume cannot be written (exit 73). */
  volumeNotWritable: 'VolumeNotWritable',
  materializeFailed: 'MaterializeFailed',
  /** The scheduler has no place for the Pod; the message is its own. */
  unschedulable: 'Unschedulable',
  imageNotPulled: 'ImageNotPulled',
  /** The kubelet cannot start the container, for example because a Secret of spec.env is missing; the message is its own. */
  containerNotStarted: 'ContainerNotStarted',
  agentStarting: 'AgentStarting',
  agentRestarting: 'AgentRestarting',
  agentReady: 'AgentReady',
  terminating: 'Terminating',
  /** Event: the Workspace is gone, its volume stays. */
  volumeRetained: 'VolumeRetained',

  // TemplateAsset
  artifactStored: 'ArtifactStored',
  /** spec.auth is disabled: the source is never asked. */
  fetchDisabled: 'FetchDisabled',
  secretNotFound: 'SecretNotFound',
  secretKeyMissing: 'SecretKeyMissing',
  fetchFailed: 'FetchFailed',
  /** The forge refused the token or hides the repository from it. */
  unauthorized: 'Unauthorized',
  refNotFound: 'RefNotFound',
  archiveRefused: 'ArchiveRefused',
  storeFailed: 'StoreFailed',
  inUse: 'InUse',
} as const;

export type Reason = (typeof REASONS)[keyof typeof REASONS];
