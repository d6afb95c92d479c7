/**
 * Every reason that a condition or an Event of ours may carry. They are API: alerts and scripts match them. A failure is
 * in the past tense or names the state; a new one needs a line here and in docs.
 */
export const REASONS = {
  // Every kind
  /** Of Reconciling alone: the change that is carried out began after a failure, whose end will be told. */
  progressingWithRetry: 'ProgressingWithRetry',

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
  /** The Org's network policy and the account of its agents are in place. */
  isolationReady: 'IsolationReady',
  /** An id is held by another object of the cluster; this one starts nothing and loses nothing. */
  idTaken: 'IDTaken',

  // Workspace
  /** The agent runs on the files that its template says. */
  workspaceReady: 'WorkspaceReady',
  /** The Workspace has its place below the platform agent. */
  placed: 'Placed',
  /** The Org is not isolated yet, or its own id is somebody else's: no agent starts in it. */
  orgNotReady: 'OrgNotReady',
  /** The Workspace was made when the Org was going already. */
  orgDeleting: 'OrgDeleting',
  /** The parent is being deleted and waits for this one; an agent that runs goes on. */
  parentDeleting: 'ParentDeleting',
  /** spec.parentRef names a Workspace that does not exist in this namespace. */
  parentNotFound: 'ParentNotFound',
  /** The parents form a circle. */
  parentCycle: 'ParentCycle',
  /** The way to the root is longer than 32 Workspaces. */
  tooDeep: 'TooDeep',
  /** A Workspace of kind platform that the operator did not make: wrong name or wrong id. */
  notThePlatformAgent: 'NotThePlatformAgent',
  /** Tier, image and environment of the agent are known and allowed. */
  runnable: 'Runnable',
  /** A privileged tier (3, 4) in an Org that does not allow it, or the platform agent's tier on another Workspace. */
  tierNotAllowed: 'TierNotAllowed',
  /** Neither the known runtimes nor the catalog have this name, and no image is given. */
  runtimeUnknown: 'RuntimeUnknown',
  /** The runtime is known, but the catalog has no image for it and none is given. */
  imageMissing: 'ImageMissing',
  /** spec.env sets what the platform sets, or holds a credential in clear. */
  envForbidden: 'EnvForbidden',
  /** The apiserver does not hand out a Secret of spec.env; no agent is started without knowing it. */
  secretNotRead: 'SecretNotRead',
  /** spec.suspend is true: no Pod runs, the volume stays. */
  suspended: 'Suspended',
  /** A Workspace above is suspended. */
  ancestorSuspended: 'AncestorSuspended',
  /** No template is named: nothing is delivered to the volume. An explicit mode, never a downgrade. */
  templatesOff: 'TemplatesOff',
  /** A template is named for a runtime that has no Pod here. */
  templateNotSupported: 'TemplateNotSupported',
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
  /** A ResourceQuota of the namespace has no room for the Pod or the volume; the message names it. It is tried again. */
  quotaExceeded: 'QuotaExceeded',
  /** The Pod ends and is made anew. */
  replacing: 'Replacing',
  /** Also an Event: the template has another revision, and its spec.rollout is Immediate: the Pod is made anew with it. */
  rollingOut: 'RollingOut',
  /** Also an Event: a Secret that spec.env names has other values than the agent was started with: the Pod is made anew. */
  secretsRotated: 'SecretsRotated',
  /** The Pod ends and no other is made: the agent is hosted elsewhere. */
  stopping: 'Stopping',
  /** Kubernetes took the Pod off its node (eviction, preemption, a node that shut down); it is made anew. */
  podEvicted: 'PodEvicted',
  /** The Pod should have ended and does not: its node is silent, or somebody's finalizer holds it. */
  podNotEnding: 'PodNotEnding',
  /** The node of the Pod is gone or does not answer. */
  nodeLost: 'NodeLost',
  /** The agent ran again although materialize had not: such a Pod is not trusted and is replaced. */
  restartedWithoutHealing: 'RestartedWithoutHealing',
  /** The volume is bound, or proven by an agent that runs on it. */
  volumeReady: 'VolumeReady',
  /** The volume is not bound yet; the message says what it waits for. */
  volumePending: 'VolumePending',
  /** The PersistentVolume behind the claim is gone. */
  volumeLost: 'VolumeLost',
  /** Somebody deletes the claim. Its data is held, but no new Pod can use it. */
  volumeDeleting: 'VolumeDeleting',
  /** The volume is being made larger. */
  resizing: 'Resizing',
  /** The volume cannot be made larger; the message is the apiserver's or says where to look. The agent runs on. */
  resizeRefused: 'ResizeRefused',
  /** The volume is larger than asked for, because volumes cannot shrink. */
  volumeLarger: 'VolumeLarger',
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
  /** The agent ends soon after each start and is started after growing pauses. */
  agentCrashLooping: 'AgentCrashLooping',
  /** The agent was ended because it used more memory than it may. */
  oomKilled: 'OOMKilled',
  /** The agent runs and does not serve its card any more. */
  agentNotResponding: 'AgentNotResponding',
  /** The agent serves its card. */
  agentReady: 'AgentReady',
  /** The runtime is hosted elsewhere: no Pod is made, and nothing is known of the agent here. */
  externalAgent: 'ExternalAgent',
  /** The runtime is the mock one, which answers without any Pod. */
  mockAgent: 'MockAgent',
  /** The object is being deleted; the message says what it waits for. */
  terminating: 'Terminating',
  /** A deletion waits for the ledger, which does not answer; nothing is destroyed until it does. */
  ledgerUnavailable: 'LedgerUnavailable',
  /** Event: the Workspace is gone, its volume stays. */
  volumeRetained: 'VolumeRetained',
  /** Event on a Pod: its Workspace was gone, its finalizer taken off by hand for example, and the Pod is deleted; its volume stays. */
  orphanDeleted: 'OrphanDeleted',

  // Deletions that wait (condition ApprovalPending), and ApprovalRequests (condition Concluded)
  /** The deletion was seen, and the request for its approval is being opened. */
  requestingApproval: 'RequestingApproval',
  /** The deletion is about more Workspaces than one request lists; some of them have to go before. */
  requestTooLarge: 'RequestTooLarge',
  /** A human has to decide; the message names the request and the command. */
  awaitingApproval: 'AwaitingApproval',
  /** The approval is there and is being checked against what would be lost now. */
  checkingApproval: 'CheckingApproval',
  /** Approved before anybody sent the DELETE, which is what it waits for. */
  awaitingDeletion: 'AwaitingDeletion',
  /** Approved, and used up by this one operation, which is carried out. */
  approvalConsumed: 'ApprovalConsumed',
  /** The object is being made again as it was: its deletion was denied and its agent runs on, or it was asked back. */
  restoring: 'Restoring',
  /** Denied, and the object is back. */
  approvalDenied: 'ApprovalDenied',
  /** Denied, and nothing can be created where the object is: it stays held. */
  cannotRestore: 'CannotRestore',
  /** The request was not decided, or its approval not used, in time; nothing was destroyed. */
  approvalExpired: 'ApprovalExpired',
  /** What would be lost is no longer what was asked for; a new request takes its place. */
  approvalSuperseded: 'ApprovalSuperseded',
  /** There is nothing left to decide: the object is gone, or goes under another approval. */
  approvalWithdrawn: 'ApprovalWithdrawn',
  /** A way round the approvals is open; nothing is destroyed until it is closed. */
  guardOpen: 'GuardOpen',
  /** The guard has not been examined yet; nothing is destroyed before. */
  guardUnknown: 'GuardUnknown',
  /** Every known way round the approvals is closed. */
  guardReady: 'GuardReady',
  /** The ledger is older than what the cluster remembers of it, as after a restore; nothing is destroyed until a person has looked. */
  ledgerFrozen: 'LedgerFrozen',
  /** The ledger does not let the operation through: no approval of it that can be used is there. */
  approvalRefused: 'ApprovalRefused',
  /** Event: a TemplateAsset that nobody uses was released without a question. */
  releasedUnused: 'ReleasedUnused',
  /** Event: the time is over for which a deleted Workspace's volume was kept, and it is erased under the approval of that deletion. */
  volumeErased: 'VolumeErased',
  /** Event: a deleted Workspace is back with its data. */
  restored: 'Restored',
  /** Event: a deleted Workspace cannot be brought back; the note says why. */
  restoreRefused: 'RestoreRefused',
  /** Event, also in the audit chain: a request was opened. */
  approvalRequestedEvent: 'APPROVAL_REQUESTED',
  /** Event, also in the audit chain: a human approved. */
  approvalApprovedEvent: 'APPROVAL_APPROVED',
  /** Event, also in the audit chain: a human denied. */
  approvalDeniedEvent: 'APPROVAL_DENIED',
  /** Event, also in the audit chain: a request was overtaken or has nothing left to decide. */
  approvalWithdrawnEvent: 'APPROVAL_WITHDRAWN',
  /** Event, also in the audit chain: an approval was used up. */
  approvalConsumedEvent: 'APPROVAL_CONSUMED',
  /** Event, also in the audit chain: a request ran out of time. */
  approvalExpiredEvent: 'APPROVAL_EXPIRED',

  // TemplateAsset
  /** The revision is downloaded, verified and can be delivered. */
  artifactStored: 'ArtifactStored',
  /** spec.auth is disabled: the source is never asked. */
  fetchDisabled: 'FetchDisabled',
  /** A Secret that is named does not exist in this namespace. */
  secretNotFound: 'SecretNotFound',
  /** A Secret that is named has no value under the key. */
  secretKeyMissing: 'SecretKeyMissing',
  /** The value in a Secret cannot be a token: it holds spaces, line breaks or characters that no header takes. */
  secretInvalid: 'SecretInvalid',
  /** The Secret does not say for which hosts its token is (allowedHosts), so the token is sent to none. */
  secretNotBound: 'SecretNotBound',
  /** The Secret's token is for other hosts than the one of spec.source, so it is not sent there. */
  hostNotAllowed: 'HostNotAllowed',
  /** The forge cannot be reached, or answers with a failure. */
  fetchFailed: 'FetchFailed',
  /** The name of the forge's host cannot be resolved. */
  hostNotFound: 'HostNotFound',
  /** The forge, or where it redirects to, is at an address that is neither public nor listed in --forge-networks; or it is listed nowhere and spoken to by http. */
  addressRefused: 'AddressRefused',
  /** The forge's certificate is not trusted, or no encrypted connection comes about. */
  tlsFailed: 'TLSFailed',
  /** The forge gave no complete answer in time. */
  fetchTimedOut: 'FetchTimedOut',
  /** The forge asks for fewer requests; none is made before the time it named. */
  rateLimited: 'RateLimited',
  /** The forge redirects where no credential and no request of ours may go. */
  redirectRefused: 'RedirectRefused',
  /** The forge refused the token. */
  unauthorized: 'Unauthorized',
  /** The repository does not exist, or is hidden from this token. */
  repositoryNotFound: 'RepositoryNotFound',
  /** Nothing was ever pushed to the repository. */
  repositoryEmpty: 'RepositoryEmpty',
  /** The repository has no such branch, tag or commit. */
  refNotFound: 'RefNotFound',
  /** spec.source.ref is the beginning of a commit; which one that means may change. */
  refAbbreviated: 'RefAbbreviated',
  /** spec.source or spec.include cannot be meant, and the API did not refuse it. */
  sourceInvalid: 'SourceInvalid',
  /** What the forge sent is no tar.gz, or a broken one. */
  notAnArchive: 'NotAnArchive',
  /** The archive of the revision is malformed, or holds what must not be in it: paths that climb out, links, names that collide. */
  archiveRefused: 'ArchiveRefused',
  /** The archive, as it is sent, is larger than the operator reads, whatever of it is included. */
  archiveTooLarge: 'ArchiveTooLarge',
  /** The archive expands to more than the operator reads, whatever of it is included. */
  expandedTooLarge: 'ExpandedTooLarge',
  /** The archive expands to so many times its size that it can only be filler. */
  ratioTooHigh: 'RatioTooHigh',
  /** The archive has more entries than the operator reads, whatever of it is included. */
  tooManyEntries: 'TooManyEntries',
  /** What the archive says about one entry (its pax header) is larger than the operator reads. */
  paxHeaderTooLarge: 'PaxHeaderTooLarge',
  /** A path in the repository has more bytes than any may have, included or not. */
  pathTooLong: 'PathTooLong',
  /** The name of a file or folder has more bytes than any may have, included or not. */
  pathComponentTooLong: 'PathComponentTooLong',
  /** A file or folder lies deeper in the repository than any may, included or not. */
  pathTooDeep: 'PathTooDeep',
  /** One file of the revision is larger than any may be, or than spec.limits.assetsBytes. */
  fileTooLarge: 'FileTooLarge',
  /** The included files together exceed spec.limits.assetsBytes. */
  assetsTooLarge: 'AssetsTooLarge',
  /** Reading the archive took longer than the operator gives to one. */
  archiveTooSlow: 'ArchiveTooSlow',
  /** No file of the revision is included. */
  nothingIncluded: 'NothingIncluded',
  /** The revision is the one that spec.verify.commit names. */
  commitPinned: 'CommitPinned',
  /** The revision is signed by somebody whose signature spec.verify takes. */
  signatureVerified: 'SignatureVerified',
  /** spec.source.ref stands for another commit than spec.verify.commit names. */
  commitMismatch: 'CommitMismatch',
  /** spec.verify wants a signature, and the commit has none. */
  commitNotSigned: 'CommitNotSigned',
  /** The forge does not take the commit's signature for good. */
  signatureRefused: 'SignatureRefused',
  /** The commit's signature is broken, of a kind that is not read, or over another commit. */
  signatureInvalid: 'SignatureInvalid',
  /** The commit is signed by a key that is not on the list, or that is expired or revoked. */
  signerNotAllowed: 'SignerNotAllowed',
  /** The files that the forge sends for the revision are not those of the commit that was signed. */
  treeMismatch: 'TreeMismatch',
  /** The forge does not list all files of the signed commit, or has more than can be compared. */
  treeIncomplete: 'TreeIncomplete',
  /** The ConfigMap with the keys that may sign does not exist in this namespace. */
  signersNotFound: 'SignersNotFound',
  /** The operator's account may not read that ConfigMap. */
  signersNotRead: 'SignersNotRead',
  /** That ConfigMap holds no key that may sign. */
  signersEmpty: 'SignersEmpty',
  /** That ConfigMap holds what cannot be read as keys; all of it is refused. */
  signersInvalid: 'SignersInvalid',
  /** The files of the last good revision left the operator's disk and cannot be had again. */
  artifactLost: 'ArtifactLost',
  /** spec.artifactRef: the cluster does not serve this kind of Flux. */
  fluxNotInstalled: 'FluxNotInstalled',
  /** The object of spec.artifactRef does not exist, or Flux does not serve its artifact any more. */
  artifactNotFound: 'ArtifactNotFound',
  /** The operator's account may not get the object of spec.artifactRef. */
  artifactNotRead: 'ArtifactNotRead',
  /** The object of spec.artifactRef is not Ready, or has no artifact yet. */
  artifactNotReady: 'ArtifactNotReady',
  /** The artifact of spec.artifactRef has no sha256 digest, or an address that is none of this namespace. */
  artifactInvalid: 'ArtifactInvalid',
  /** What was downloaded is not what Flux's digest names. */
  artifactMismatch: 'ArtifactMismatch',
  /** The store has no room for another tree: all that it holds is in use, or its disk is full. What is published is served. */
  storeFull: 'StoreFull',
  /** The operator cannot keep the files on its own disk. */
  storeFailed: 'StoreFailed',
  /** A fault of the operator itself, which is in its log. */
  internalError: 'InternalError',
} as const;

export type Reason = (typeof REASONS)[keyof typeof REASONS];
