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
  /** The platform agent exists and is Ready. */
  platformAgentReady: 'PlatformAgentReady',
  /** A namespace holds a Workspace without an Org named "org". */
  orgNotFound: 'OrgNotFound',
  /** The object waits for Workspaces below it to go first. */
  deletingChildren: 'DeletingChildren',

  // Workspace
  /** The agent runs on the files that its template says. */
  workspaceReady: 'WorkspaceReady',
  /** The Workspace has its place below the platform agent. */
  placed: 'Placed',
  /** spec.parentRef names a Workspace that does not exist in this namespace. */
  parentNotFound: 'ParentNotFound',
  /** The parents form a circle. */
  parentCycle: 'ParentCycle',
  /** The way to the root is longer than 32 Workspaces. */
  tooDeep: 'TooDeep',
  /** A Workspace of kind platform that the operator did not make: wrong name or wrong id. */
  notThePlatformAgent: 'NotThePlatformAgent',
  /** Tiers 3 and 4 run privileged and are refused. */
  tierNotAllowed: 'TierNotAllowed',
  /** No image is known for the runtime. */
  imageMissing: 'ImageMissing',
  /** spec.suspend is true: no Pod runs, the volume stays. */
  suspended: 'Suspended',
  /** No template is named: nothing is delivered to the volume. An explicit mode, never a downgrade. */
  templatesOff: 'TemplatesOff',
  /** The named TemplateAsset does not exist in this namespace. */
  templateNotFound: 'TemplateNotFound',
  /** The named TemplateAsset has never had a revision to deliver. */
  templateNotReady: 'TemplateNotReady',
  /** The template delivers a revision. */
  templateReady: 'TemplateReady',
  /** A Pod or PVC of that name exists and belongs to another incarnation. */
  volumeConflict: 'VolumeConflict',
  /** The Pod and its volume are being made. */
  creating: 'Creating',
  /** The apiserver refused the Pod or the volume: quota, policy, or a name that is taken. The message is its own. */
  createFailed: 'CreateFailed',
  /** The Pod ends and is made anew. */
  replacing: 'Replacing',
  /** The agent ran again although materialize had not: such a Pod is not trusted and is replaced. */
  restartedWithoutHealing: 'RestartedWithoutHealing',
  /** The files of the template are being put on the volume. */
  materializing: 'Materializing',
  /** The files of the template lie on the volume, verified. */
  materialized: 'Materialized',
  /** The wanted tree could not be had (exit 75): server or forge unreachable and no copy matches. */
  assetsUnavailable: 'AssetsUnavailable',
  /** The tree was refused (exit 65). */
  assetsRefused: 'AssetsRefused',
  /** The volume cannot be written (exit 73). */
  volumeNotWritable: 'VolumeNotWritable',
  /** materialize ended in a way that it has no words for; its log says more. */
  materializeFailed: 'MaterializeFailed',
  /** The scheduler has no place for the Pod; the message is its own. */
  unschedulable: 'Unschedulable',
  /** The kubelet cannot pull the image. */
  imageNotPulled: 'ImageNotPulled',
  /** The kubelet cannot start the container, for example because a Secret of spec.env is missing; the message is its own. */
  containerNotStarted: 'ContainerNotStarted',
  /** The agent runs and does not serve its card yet. */
  agentStarting: 'AgentStarting',
  /** The agent ended and is started again. */
  agentRestarting: 'AgentRestarting',
  /** The agent serves its card. */
  agentReady: 'AgentReady',
  /** The object is being deleted; the message says what it waits for. */
  terminating: 'Terminating',
  /** Event: the Workspace is gone, its volume stays. */
  volumeRetained: 'VolumeRetained',

  // TemplateAsset
  /** The revision is downloaded, verified and can be delivered. */
  artifactStored: 'ArtifactStored',
  /** spec.auth is disabled: the source is never asked. */
  fetchDisabled: 'FetchDisabled',
  /** A Secret that is named does not exist in this namespace. */
  secretNotFound: 'SecretNotFound',
  /** A Secret that is named has no value under the key. */
  secretKeyMissing: 'SecretKeyMissing',
  /** The forge cannot be reached, or answers with a failure. */
  fetchFailed: 'FetchFailed',
  /** The forge refused the token or hides the repository from it. */
  unauthorized: 'Unauthorized',
  /** The repository or the ref does not exist, or is hidden from this token. */
  refNotFound: 'RefNotFound',
  /** The archive of the revision is malformed, too large or holds what must not be in it. */
  archiveRefused: 'ArchiveRefused',
  /** The operator cannot keep the files on its own disk. */
  storeFailed: 'StoreFailed',
  /** The TemplateAsset is being deleted and waits for the Workspaces that use it. */
  inUse: 'InUse',
} as const;

export type Reason = (typeof REASONS)[keyof typeof REASONS];
