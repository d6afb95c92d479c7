// Generated from crds/ by hack/generate-types.ts. Change the CRDs and run `make generate`.

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

/**
 * The TemplateAsset, in this namespace, whose files the platform agent finds in /configs. When left out it is the one
 * named platform-agent, if there is one.
 */
export interface OrgPlatformAgentTemplateRef {
  /** Name of the TemplateAsset. */
  readonly name: string;
}

/** The volume that keeps the agent's data. It outlives every restart of the agent. */
export interface OrgPlatformAgentStorage {
  /** Size of the volume as a quantity, for example 10Gi. */
  readonly size?: string;
  /** StorageClass of the volume. When left out it is the cluster's default class. */
  readonly className?: string;
}

/**
 * The one agent at the root of the Org. It exists even when this is left out; what is missing here comes from
 * spec.defaults.
 */
export interface OrgPlatformAgent {
  /** Name of the platform agent for people. When left out it is "<name of the Org> Agent". */
  readonly displayName?: string;
  /** Agent runtime, such as claude-code, hermes, openclaw, codex or google-adk. */
  readonly runtime?: string;
  /** Language model, as the provider spells it. */
  readonly model?: string;
  /** Provider of the model. When left out it is derived from runtime and model. */
  readonly provider?: string;
  /** Container image of the agent. */
  readonly image?: string;
  /**
   * The TemplateAsset, in this namespace, whose files the platform agent finds in /configs. When left out it is the one
   * named platform-agent, if there is one.
   */
  readonly templateRef?: OrgPlatformAgentTemplateRef;
  /** The volume that keeps the agent's data. It outlives every restart of the agent. */
  readonly storage?: OrgPlatformAgentStorage;
  /** Whether user interfaces show the platform agent as a node of the Org's tree. */
  readonly visible?: boolean;
}

/** One Secret of type kubernetes.io/dockerconfigjson. */
export interface OrgDefaultsImagePullSecretsItem {
  /** Name of the Secret. */
  readonly name: string;
}

/** The volume that keeps the agent's data. It outlives every restart of the agent. */
export interface OrgDefaultsStorage {
  /** Size of the volume as a quantity, for example 10Gi. */
  readonly size?: string;
  /** StorageClass of the volume. When left out it is the cluster's default class. */
  readonly className?: string;
}

/** What a Workspace of this Org gets where it says nothing itself. */
export interface OrgDefaults {
  /** Agent runtime, such as claude-code, hermes, openclaw, codex or google-adk. */
  readonly runtime?: string;
  /** Language model, as the provider spells it. */
  readonly model?: string;
  /** Provider of the model. When left out it is derived from runtime and model. */
  readonly provider?: string;
  /** Container image of the agent. */
  readonly image?: string;
  /** Secrets, in this namespace, with which the agents' images are pulled. */
  readonly imagePullSecrets?: readonly OrgDefaultsImagePullSecretsItem[];
  /** How much an agent may do and use, from 1 (sandboxed) to 4 (privileged). 3 and 4 need allowPrivilegedTiers. */
  readonly tier?: number;
  /** The volume that keeps the agent's data. It outlives every restart of the agent. */
  readonly storage?: OrgDefaultsStorage;
}

export type OrgApprovalsMode = 'Hold' | 'Refuse';

export type OrgApprovalsGatedActionsItem = 'deprovision_workspace' | 'secret_write' | 'org_token_mint';

/** How destructive operations wait for a human. */
export interface OrgApprovals {
  /**
   * Hold accepts a deletion and holds the object until somebody has approved it. Refuse rejects the deletion until an
   * approval is there, which suits GitOps tools that wait for an object to go.
   */
  readonly mode?: OrgApprovalsMode;
  /**
   * How long a request may be decided, for example 72h. An expired request blocks as before; while the object still
   * waits, a new one is opened. When left out it is 168h.
   */
  readonly ttl?: string;
  /** Which of the other actions wait for an approval; when left out all of them do. Deletions wait always. */
  readonly gatedActions?: readonly OrgApprovalsGatedActionsItem[];
}

/** How long data is kept after its owner was deleted. */
export interface OrgRetention {
  /**
   * How long the volume of a deleted Workspace is kept before it is erased, for example 168h. 0s erases it at once.
   */
  readonly volumes?: string;
}

/** What the Org should be. */
export interface OrgSpec {
  /**
   * Identity of the Org as a lowercase UUID, unique in the whole cluster and fixed at creation. When left out it is the
   * uid of this object; see status.orgID.
   */
  readonly orgID?: string;
  /**
   * Name of the Org for people. The platform agent is called "<displayName> Agent" unless it has a name of its own.
   */
  readonly displayName?: string;
  /**
   * The one agent at the root of the Org. It exists even when this is left out; what is missing here comes from
   * spec.defaults.
   */
  readonly platformAgent?: OrgPlatformAgent;
  /** What a Workspace of this Org gets where it says nothing itself. */
  readonly defaults?: OrgDefaults;
  /** How destructive operations wait for a human. */
  readonly approvals?: OrgApprovals;
  /** How long data is kept after its owner was deleted. */
  readonly retention?: OrgRetention;
  /**
   * Whether Workspaces may use the tiers 3 and 4, which run privileged on the node. Such an agent holds the processes
   * and devices of its node, and with tier 4 its network, to which the Org's network policies do not reach.
   */
  readonly allowPrivilegedTiers?: boolean;
}

/** The Workspace that is the platform agent. */
export interface OrgPlatformAgentRef {
  /** Name of the Workspace. */
  readonly name: string;
  /** uid of the Workspace. */
  readonly uid?: string;
}

/** Counts of the Org's Workspaces. */
export interface OrgWorkspaces {
  /** All of them, the platform agent included. */
  readonly total: number;
  /** All but the platform agent. */
  readonly billable: number;
  /** Those whose condition Ready is True. */
  readonly ready: number;
}

/** Whether the policies that hold destructive operations are in place. */
export interface OrgGuard {
  /** False while a way round the approvals is open; no destructive operation is carried out then. */
  readonly ready: boolean;
  /** The ways round the approvals that are open. */
  readonly openRoutes?: readonly string[];
}

/**
 * Lets a DELETE of this object in where the Org refuses deletions otherwise. The approval itself is checked after it.
 */
export interface OrgDeletionGrant {
  /** Name of the ApprovalRequest that was approved. */
  readonly request: string;
  /** Hash of its record. */
  readonly hash: string;
  /** Until when the approval can be used. */
  readonly expiresAt?: string;
}

export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** One observed aspect of the object. */
export interface Condition {
  /** Name of the aspect, in CamelCase. */
  readonly type: string;
  /** Whether it holds. */
  readonly status: ConditionStatus;
  /** The metadata.generation that this was said about; older than the object's means out of date. */
  readonly observedGeneration?: number;
  /** When status last changed. */
  readonly lastTransitionTime: string;
  /** Why, as one CamelCase word for programs. */
  readonly reason: string;
  /** Why, as a sentence for people, and what to do about it. */
  readonly message: string;
}

/** What the operator observed last. */
export interface OrgStatus {
  /** Identity of the Org in use, spec.orgID or else the uid of this object. */
  readonly orgID?: string;
  /** The Workspace that is the platform agent. */
  readonly platformAgentRef?: OrgPlatformAgentRef;
  /** Identity of the platform agent, derived from the identity of the Org. */
  readonly rootID?: string;
  /** Counts of the Org's Workspaces. */
  readonly workspaces?: OrgWorkspaces;
  /** Whether the policies that hold destructive operations are in place. */
  readonly guard?: OrgGuard;
  /**
   * Lets a DELETE of this object in where the Org refuses deletions otherwise. The approval itself is checked after it.
   */
  readonly deletionGrant?: OrgDeletionGrant;
  /** The metadata.generation that this status is about; -1 before the first. */
  readonly observedGeneration?: number;
  /** The value of the annotation reconcile.moleculesai.app/requestedAt that was acted on last. */
  readonly lastHandledReconcileAt?: string;
  /**
   * What is true of the object now, one entry per type. Ready is derived from the others; Reconciling and Stalled are
   * only there while they hold.
   */
  readonly conditions?: readonly Condition[];
}

/**
 * An Org of AI agents. The namespace is its boundary: it holds one Org, which is named org, and all of its Workspaces.
 * The operator keeps exactly one platform agent as the root of all others.
 */
export interface Org {
  /** Version of the schema of this object, moleculesai.app/v1alpha1. */
  readonly apiVersion: string;
  /** Kind of this object, Org. */
  readonly kind: string;
  readonly metadata: ObjectMeta;
  /** What the Org should be. */
  readonly spec: OrgSpec;
  /** What the operator observed last. */
  readonly status?: OrgStatus;
}

export type WorkspaceKind = 'workspace' | 'platform';

/** The Workspace, in this namespace, that this one reports to. When left out it is the platform agent. */
export interface WorkspaceParentRef {
  /** Name of the parent Workspace. */
  readonly name: string;
}

/**
 * The TemplateAsset, in this namespace, whose files the agent finds in /configs. When left out nothing is put there;
 * the platform agent takes the one named platform-agent, if there is one. One that is named and missing is waited for,
 * never replaced by another.
 */
export interface WorkspaceTemplateRef {
  /** Name of the TemplateAsset. */
  readonly name: string;
}

export type WorkspaceDeliveryMode = 'push' | 'poll';

export type WorkspaceBillingMode = 'platform_managed' | 'byok' | 'disabled';

/** A key of a Secret in this namespace. */
export interface WorkspaceEnvItemValueFromSecretKeyRef {
  /** Name of the Secret. */
  readonly name: string;
  /** Key in the Secret. */
  readonly key: string;
}

/** Where the value is. */
export interface WorkspaceEnvItemValueFrom {
  /** A key of a Secret in this namespace. */
  readonly secretKeyRef: WorkspaceEnvItemValueFromSecretKeyRef;
}

/** One environment variable, with either a value or the place where the value is. */
export interface WorkspaceEnvItem {
  /**
   * Name of the variable. Names that the platform sets itself are refused, and so are well-known credentials such as
   * GITHUB_TOKEN with a value instead of a Secret.
   */
  readonly name: string;
  /** The value itself. Never put a secret here. */
  readonly value?: string;
  /** Where the value is. */
  readonly valueFrom?: WorkspaceEnvItemValueFrom;
}

/** The volume that keeps the agent's data. It outlives every restart of the agent. */
export interface WorkspaceStorage {
  /** Size of the volume as a quantity, for example 10Gi. */
  readonly size?: string;
  /** StorageClass of the volume. When left out it is the Org's default, else the cluster's default class. */
  readonly className?: string;
}

/** One MCP server that speaks over standard input and output. */
export interface WorkspaceMcpServersItem {
  /** Name of the server, unique in the list. */
  readonly name: string;
  /** Program to start. */
  readonly command: string;
  /** Arguments of the program. */
  readonly args?: readonly string[];
}

/** One Secret of type kubernetes.io/dockerconfigjson. */
export interface WorkspaceImagePullSecretsItem {
  /** Name of the Secret. */
  readonly name: string;
}

/** What the agent should be. */
export interface WorkspaceSpec {
  /**
   * Identity of the agent as a lowercase UUID, unique in the whole cluster and fixed at creation. When left out it is
   * the uid of this object; see status.id.
   */
  readonly id?: string;
  /** platform marks the one agent at the root of the Org, which only the operator creates. Fixed at creation. */
  readonly kind?: WorkspaceKind;
  /** Name of the agent for people and on its card. When left out it is metadata.name. */
  readonly displayName?: string;
  /** What the agent is for, in a sentence; it is shown on its card. */
  readonly role?: string;
  /** The Workspace, in this namespace, that this one reports to. When left out it is the platform agent. */
  readonly parentRef?: WorkspaceParentRef;
  /**
   * Agent runtime, such as claude-code, hermes, openclaw, codex or google-adk. external, kimi and kimi-cli run outside
   * the cluster and mock is played by the platform; these have no Pod. When left out it is the Org's default, else
   * claude-code.
   */
  readonly runtime?: string;
  /** Language model, as the provider spells it. When left out it is the Org's default. */
  readonly model?: string;
  /** Provider of the model. When left out it is derived from runtime and model. */
  readonly provider?: string;
  /**
   * Container image of the agent. When left out it is the Org's default if that is for the same runtime, else the image
   * that the catalog (ConfigMap molecule-runtimes of the operator) has for the runtime.
   */
  readonly image?: string;
  /**
   * The TemplateAsset, in this namespace, whose files the agent finds in /configs. When left out nothing is put there;
   * the platform agent takes the one named platform-agent, if there is one. One that is named and missing is waited
   * for, never replaced by another.
   */
  readonly templateRef?: WorkspaceTemplateRef;
  /**
   * How much the agent may do and use, from 1 (sandboxed) over 2 (standard) to 3 and 4 (privileged, only where the
   * Org's allowPrivilegedTiers is true). 0 is the platform agent's. A change replaces the Pod.
   */
  readonly tier?: number;
  /**
   * Whether messages are posted to the agent (push) or wait until it reads them (poll). When left out it is poll for
   * runtimes outside the cluster, else push.
   */
  readonly deliveryMode?: WorkspaceDeliveryMode;
  /**
   * Who pays for the model, the platform or the owner of the key in env (byok). When left out it is derived from
   * runtime and model.
   */
  readonly billingMode?: WorkspaceBillingMode;
  /** Environment variables of the agent. */
  readonly env?: readonly WorkspaceEnvItem[];
  /** The volume that keeps the agent's data. It outlives every restart of the agent. */
  readonly storage?: WorkspaceStorage;
  /** Plugins that the agent gets, each as a source. */
  readonly plugins?: readonly string[];
  /** MCP servers that the agent starts beside its own. They take credentials from the agent's env. */
  readonly mcpServers?: readonly WorkspaceMcpServersItem[];
  /**
   * Secrets, in this namespace, with which the agent's image is pulled, in addition to those of the Org's defaults.
   */
  readonly imagePullSecrets?: readonly WorkspaceImagePullSecretsItem[];
  /** Whether the agent is stopped. Its volume is kept. */
  readonly suspend?: boolean;
}

export type WorkspacePhase = 'Provisioning' | 'AwaitingAgent' | 'Online' | 'Degraded' | 'Offline' | 'Failed' | 'Paused' | 'Hibernated' | 'Terminating';

export type WorkspaceAssetsLastReportChangesItemAction = 'created' | 'healed' | 'pruned' | 'displaced' | 'kept';

/** What happened to one path. */
export interface WorkspaceAssetsLastReportChangesItem {
  /** Path below /configs. */
  readonly path: string;
  /**
   * What was done. pruned removed what an earlier run had written, displaced moved aside what somebody else had put
   * there, kept left it alone.
   */
  readonly action: WorkspaceAssetsLastReportChangesItemAction;
  /** What the template says about the path, as a short digest of the content, absent, or a few words. */
  readonly wanted?: string;
  /** What was there, as a short digest of the content, absent, or the kind of thing it was. */
  readonly found?: string;
  /** Where what was there lies now, below /configs. Not there when nothing of anybody else's was. */
  readonly keptAt?: string;
}

/** What the last run that is known of found and did before the agent started. */
export interface WorkspaceAssetsLastReport {
  /** When the run ended. */
  readonly time: string;
  /** uid of the Pod it ran in. */
  readonly podUID?: string;
  /** Digest of the files that it left on the volume. */
  readonly digest: string;
  /** How many paths it changed, those that are not listed included. */
  readonly changed: number;
  /** The first 50 of them. */
  readonly changes?: readonly WorkspaceAssetsLastReportChangesItem[];
}

/** What was found at one path. */
export interface WorkspaceAssetsKeptItem {
  /** Path below /configs where it was found. */
  readonly path: string;
  /** Path below /configs where it lies now. */
  readonly keptAt: string;
  /** When the run ended that moved it. */
  readonly time: string;
  /** What the template says about the path, as in lastReport. */
  readonly wanted?: string;
  /** What was there, as in lastReport. */
  readonly found?: string;
}

/** The template's files on the agent's volume. */
export interface WorkspaceAssets {
  /** Commit that the files are from. */
  readonly revision?: string;
  /** Digest over paths, modes and contents of all of them. */
  readonly digest?: string;
  /** How many there are. */
  readonly files?: number;
  /** When a run last had to change something on the volume. */
  readonly healedAt?: string;
  /** What the last run that is known of found and did before the agent started. */
  readonly lastReport?: WorkspaceAssetsLastReport;
  /**
   * What runs moved aside, the newest first, because somebody had put it where the template's files belong. It stays
   * until something else is moved aside from the same path.
   */
  readonly kept?: readonly WorkspaceAssetsKeptItem[];
}

/**
 * Lets a DELETE of this object in where the Org refuses deletions otherwise. The approval itself is checked after it.
 */
export interface WorkspaceDeletionGrant {
  /** Name of the ApprovalRequest that was approved. */
  readonly request: string;
  /** Hash of its record. */
  readonly hash: string;
  /** Until when the approval can be used. */
  readonly expiresAt?: string;
}

/** What the operator observed last. */
export interface WorkspaceStatus {
  /** Identity of the agent in use, spec.id or else the uid of this object. */
  readonly id?: string;
  /**
   * Identity of the agent's data. It survives a denied deletion and is new after an approved one; Pod and volume are
   * named after it.
   */
  readonly incarnation?: string;
  /** Name of the Workspace at the root of the tree. */
  readonly root?: string;
  /** Name of the Workspace that this one reports to. Not there on the root. */
  readonly parent?: string;
  /** Steps up to the root; the root has 0. */
  readonly depth?: number;
  /** Where the agent is in its life, in one word for people. Programs read the conditions. */
  readonly phase?: WorkspacePhase;
  /** Name of the Pod in which the agent runs. */
  readonly podName?: string;
  /** Name of the PersistentVolumeClaim that keeps its data. */
  readonly volumeName?: string;
  /** URL at which the agent serves A2A and its card. */
  readonly endpoint?: string;
  /** The template's files on the agent's volume. */
  readonly assets?: WorkspaceAssets;
  /**
   * Lets a DELETE of this object in where the Org refuses deletions otherwise. The approval itself is checked after it.
   */
  readonly deletionGrant?: WorkspaceDeletionGrant;
  /** The metadata.generation that this status is about; -1 before the first. */
  readonly observedGeneration?: number;
  /** The value of the annotation reconcile.moleculesai.app/requestedAt that was acted on last. */
  readonly lastHandledReconcileAt?: string;
  /**
   * What is true of the object now, one entry per type. Ready is derived from the others; Reconciling and Stalled are
   * only there while they hold.
   */
  readonly conditions?: readonly Condition[];
}

/**
 * One AI agent: a Pod and the volume that keeps its data. At every start of the agent the files of its template are put
 * right on that volume. Without a parent it reports to the platform agent of the Org.
 */
export interface Workspace {
  /** Version of the schema of this object, moleculesai.app/v1alpha1. */
  readonly apiVersion: string;
  /** Kind of this object, Workspace. */
  readonly kind: string;
  readonly metadata: ObjectMeta;
  /** What the agent should be. */
  readonly spec: WorkspaceSpec;
  /** What the operator observed last. */
  readonly status?: WorkspaceStatus;
}

export type TemplateAssetSourceForge = 'gitea' | 'github';

/** The place of the files. */
export interface TemplateAssetSource {
  /** Kind of server that holds the repository. */
  readonly forge: TemplateAssetSourceForge;
  /**
   * Address of the server, for example https://git.example.com. May be left out for github, where it is
   * https://api.github.com.
   */
  readonly baseURL?: string;
  /** User or organisation that the repository belongs to. */
  readonly owner: string;
  /** Name of the repository. */
  readonly repo: string;
  /** Branch, tag or commit. A branch is followed. */
  readonly ref: string;
  /** Folder of the repository that counts as its top. When left out it is the whole repository. */
  readonly subPath?: string;
}

export type TemplateAssetArtifactRefKind = 'GitRepository' | 'OCIRepository' | 'Bucket' | 'ExternalArtifact';

/**
 * An artifact that Flux keeps of a source in this namespace, instead of source. Its login, its address and its
 * verification are Flux's; what agents get of it is chosen and bounded as with source.
 */
export interface TemplateAssetArtifactRef {
  /** Kind of the object of source.toolkit.fluxcd.io. */
  readonly kind: TemplateAssetArtifactRefKind;
  /** Its name. */
  readonly name: string;
  /** Folder of the artifact that counts as its top. When left out it is the whole artifact. */
  readonly subPath?: string;
}

export type TemplateAssetVerifySignatureBy = 'forge' | 'signers';

/**
 * The ConfigMap, in this namespace, with the keys that may sign. Its key allowed_signers holds SSH keys as ssh-keygen
 * reads them; each key that ends in .asc holds OpenPGP public keys.
 */
export interface TemplateAssetVerifySignatureSignersRef {
  /** Name of the ConfigMap. */
  readonly name: string;
}

/** Who must have signed the commit. */
export interface TemplateAssetVerifySignature {
  /**
   * Whose word counts. forge believes what the forge says about the signature; signers checks it here, against the keys
   * of signersRef.
   */
  readonly by: TemplateAssetVerifySignatureBy;
  /**
   * The ConfigMap, in this namespace, with the keys that may sign. Its key allowed_signers holds SSH keys as ssh-keygen
   * reads them; each key that ends in .asc holds OpenPGP public keys.
   */
  readonly signersRef?: TemplateAssetVerifySignatureSignersRef;
}

/** What a commit must prove before anything of it is taken. Without it the forge is believed. */
export interface TemplateAssetVerify {
  /** The only commit that is taken, all 40 digits of it, whatever ref stands for by then. */
  readonly commit?: string;
  /** Who must have signed the commit. */
  readonly signature?: TemplateAssetVerifySignature;
}

export type TemplateAssetAuth = 'token' | 'anonymous' | 'disabled';

/**
 * The Secret, in this namespace, that holds the token. Its key allowedHosts names the hosts that the token is for,
 * separated by commas or white space (git.example.com, or git.example.com:3000 where it is not the port of https); it
 * is sent to no other.
 */
export interface TemplateAssetSecretRef {
  /** Name of the Secret. */
  readonly name: string;
  /** Key in the Secret whose value is the token. */
  readonly key?: string;
}

/** What is refused because it is too much. */
export interface TemplateAssetLimits {
  /** Most bytes that the included files may have together. */
  readonly assetsBytes?: number;
}

export type TemplateAssetRollout = 'NextRestart' | 'Immediate';

/** Which files, and from where. */
export interface TemplateAssetSpec {
  /** The place of the files. */
  readonly source?: TemplateAssetSource;
  /**
   * An artifact that Flux keeps of a source in this namespace, instead of source. Its login, its address and its
   * verification are Flux's; what agents get of it is chosen and bounded as with source.
   */
  readonly artifactRef?: TemplateAssetArtifactRef;
  /** What a commit must prove before anything of it is taken. Without it the forge is believed. */
  readonly verify?: TemplateAssetVerify;
  /**
   * How the operator logs in to the forge. token uses the Secret of secretRef, anonymous reads public repositories,
   * disabled fetches nothing. There is no default, so that a missing token is never mistaken for anonymous.
   */
  readonly auth?: TemplateAssetAuth;
  /**
   * The Secret, in this namespace, that holds the token. Its key allowedHosts names the hosts that the token is for,
   * separated by commas or white space (git.example.com, or git.example.com:3000 where it is not the port of https); it
   * is sent to no other.
   */
  readonly secretRef?: TemplateAssetSecretRef;
  /** Which paths agents get, relative to subPath. Everything else in the repository is ignored. */
  readonly include?: readonly string[];
  /** What is refused because it is too much. */
  readonly limits?: TemplateAssetLimits;
  /** How often a branch is looked at for a new revision, at least 30s. */
  readonly interval?: string;
  /**
   * When agents get a new revision: at their next restart, whatever causes it, or at once, for which running agents are
   * restarted.
   */
  readonly rollout?: TemplateAssetRollout;
  /** Whether the operator stops looking for new revisions. The last good one stays in use. */
  readonly suspend?: boolean;
}

/** The last good revision; agents get these files. A later revision that fails leaves it in place. */
export interface TemplateAssetArtifact {
  /** Commit that the files are from. */
  readonly revision: string;
  /** Digest over paths, modes and contents of all of them. */
  readonly digest: string;
  /** Size of all of them together. */
  readonly sizeBytes: number;
  /** How many there are. */
  readonly files: number;
  /** How many links and other things that are neither file nor folder lie outside include and were passed over. */
  readonly ignored?: number;
  /** The spec.include that they were chosen by; spec.include may have changed since. */
  readonly include?: readonly string[];
}

/** One of them. */
export interface TemplateAssetHistoryItem {
  /** Commit that the files were from. */
  readonly revision: string;
  /** Digest over the files. */
  readonly digest: string;
  /** When it became the revision that agents get. */
  readonly publishedAt: string;
}

/** The last attempt to get a revision, when it failed. */
export interface TemplateAssetLastAttempt {
  /** Commit that was tried; not there when the ref could not be resolved. */
  readonly revision?: string;
  /** Why it failed, as one CamelCase word for programs. The sentence for people is in the condition Ready. */
  readonly reason: string;
}

/**
 * Lets a DELETE of this object in where the Org refuses deletions otherwise. The approval itself is checked after it.
 */
export interface TemplateAssetDeletionGrant {
  /** Name of the ApprovalRequest that was approved. */
  readonly request: string;
  /** Hash of its record. */
  readonly hash: string;
  /** Until when the approval can be used. */
  readonly expiresAt?: string;
}

/** What the operator observed last. */
export interface TemplateAssetStatus {
  /** The last good revision; agents get these files. A later revision that fails leaves it in place. */
  readonly artifact?: TemplateAssetArtifact;
  /** The revisions that agents got, the newest first, the present one included; what can be rolled back to. */
  readonly history?: readonly TemplateAssetHistoryItem[];
  /** The last attempt to get a revision, when it failed. */
  readonly lastAttempt?: TemplateAssetLastAttempt;
  /**
   * Lets a DELETE of this object in where the Org refuses deletions otherwise. The approval itself is checked after it.
   */
  readonly deletionGrant?: TemplateAssetDeletionGrant;
  /** The metadata.generation that this status is about; -1 before the first. */
  readonly observedGeneration?: number;
  /** The value of the annotation reconcile.moleculesai.app/requestedAt that was acted on last. */
  readonly lastHandledReconcileAt?: string;
  /**
   * What is true of the object now, one entry per type. Ready is derived from the others; Reconciling and Stalled are
   * only there while they hold.
   */
  readonly conditions?: readonly Condition[];
}

/**
 * Files of a Git repository (configuration, prompts, skills) that agents find in /configs at every start. The operator
 * downloads each revision once; agents need neither access to the repository nor its credentials.
 */
export interface TemplateAsset {
  /** Version of the schema of this object, moleculesai.app/v1alpha1. */
  readonly apiVersion: string;
  /** Kind of this object, TemplateAsset. */
  readonly kind: string;
  readonly metadata: ObjectMeta;
  /** Which files, and from where. */
  readonly spec: TemplateAssetSpec;
  /** What the operator observed last. */
  readonly status?: TemplateAssetStatus;
}

export type ApprovalRequestAction = 'delete_workspace' | 'delete_org' | 'delete_template_asset' | 'deprovision_workspace' | 'secret_write' | 'org_token_mint';

/** The object that it is done to. */
export interface ApprovalRequestTarget {
  /** API group of the object, empty for the core group. */
  readonly group: string;
  /** Kind of the object. */
  readonly kind: string;
  /** Name of the object, in this namespace. */
  readonly name: string;
  /** uid of the object; a namesake is another object. */
  readonly uid: string;
}

export type ApprovalRequestRecordAction = 'delete_workspace' | 'delete_org' | 'delete_template_asset' | 'deprovision_workspace' | 'secret_write' | 'org_token_mint';

export type ApprovalRequestRecordLossesItemReclaimPolicy = 'Delete' | 'Retain' | 'Recycle';

/** One Workspace that is lost. */
export interface ApprovalRequestRecordLossesItem {
  /** Identity of the Workspace. */
  readonly workspaceID: string;
  /** Name of the Workspace. */
  readonly name: string;
  /** uid of the Workspace; a namesake is another one. */
  readonly uid: string;
  /** Name of the PersistentVolumeClaim that keeps its data. */
  readonly claimName?: string;
  /** uid of the PersistentVolumeClaim that keeps its data. */
  readonly claimUID?: string;
  /** Name of the PersistentVolume behind it. */
  readonly volumeName?: string;
  /** What the cluster does with that volume once its claim is gone. */
  readonly reclaimPolicy?: ApprovalRequestRecordLossesItemReclaimPolicy;
}

/**
 * Everything that the hash is over, added by the operator. When any of it is no longer so, the request is superseded.
 */
export interface ApprovalRequestRecord {
  /** Version of the list of fields and of their encoding. */
  readonly version: number;
  /** uid of the namespace kube-system, which stands for the cluster. */
  readonly clusterUID: string;
  /** API group of the target. */
  readonly group: string;
  /** Kind of the target. */
  readonly kind: string;
  /** Namespace of the target. */
  readonly namespace: string;
  /** Name of the target. */
  readonly name: string;
  /** uid of the target. */
  readonly uid: string;
  /** Digest of the target's spec. */
  readonly specDigest: string;
  /** The operation that waits. */
  readonly action: ApprovalRequestRecordAction;
  /** Every Workspace that is lost, with its volume, in the order of their ids. */
  readonly losses: readonly ApprovalRequestRecordLossesItem[];
  /** Workspaces that stay and lose what they use or hang below, sorted by name. */
  readonly affected: readonly string[];
  /** How long the volumes are kept before they are erased; 0s erases them at once. */
  readonly retention: string;
  /** Everybody who had asked when the request was opened. None of them may approve it. */
  readonly askers: readonly string[];
  /** Random value, drawn once, that makes this request unlike any other. */
  readonly nonce: string;
  /** Until when it can be decided and used. */
  readonly expiresAt?: string;
}

export type ApprovalRequestDecisionVerdict = 'Approved' | 'Denied';

/** What was decided. It can be given once and never at creation. */
export interface ApprovalRequestDecision {
  /** Approved lets exactly this operation happen once. Denied brings the object back. */
  readonly verdict: ApprovalRequestDecisionVerdict;
  /** Repeats spec.hash, to say which record was looked at. */
  readonly hash: string;
  /** Why it was decided so. */
  readonly reason?: string;
  /** User name of who decided, as the API server knows it. */
  readonly by: string;
}

/**
 * What is asked, by whom, and what was decided. Whoever asks writes action, target and reason; the operator adds what
 * would be lost.
 */
export interface ApprovalRequestSpec {
  /** The operation that waits. */
  readonly action: ApprovalRequestAction;
  /** The object that it is done to. */
  readonly target: ApprovalRequestTarget;
  /**
   * Everything that the hash is over, added by the operator. When any of it is no longer so, the request is superseded.
   */
  readonly record?: ApprovalRequestRecord;
  /** SHA-256 of the record, in hexadecimal. */
  readonly hash?: string;
  /** Why the operation is wanted, in the words of who asked. */
  readonly reason?: string;
  /** User name of who asked, as the API server knows it; "unattributed" where nobody knows. */
  readonly requestedBy: string;
  /**
   * Asks for the operation although the ledger is dead. Asking and approving then take the verb break-glass besides,
   * and the request lasts one hour.
   */
  readonly breakGlass?: boolean;
  /** Until when the request can be decided and its approval used; added by the operator. */
  readonly expiresAt?: string;
  /** What was decided. It can be given once and never at creation. */
  readonly decision?: ApprovalRequestDecision;
}

export type ApprovalRequestRestorationState = 'Releasing' | 'Restored';

/** How far the object of a denied request is brought back. */
export interface ApprovalRequestRestoration {
  /** Releasing while the object is let go and made again; Restored when it is back. */
  readonly state: ApprovalRequestRestorationState;
  /** Identity that the object keeps. */
  readonly id?: string;
  /** Identity of the data that the object keeps. */
  readonly incarnation?: string;
  /** uid of the object that came back. */
  readonly uid?: string;
}

export type ApprovalRequestPhase = 'Pending' | 'Approved' | 'Denied' | 'Consumed' | 'Expired' | 'Superseded' | 'Withdrawn';

/** One Workspace that is lost. */
export interface ApprovalRequestPlanWorkspacesItem {
  /** Identity of the Workspace. */
  readonly id: string;
  /** Name of the Workspace. */
  readonly name: string;
  /** PersistentVolumeClaim that keeps its data. */
  readonly claimName?: string;
  /** Size of the volume that was asked for. */
  readonly size?: string;
  /** Whether the agent runs now. */
  readonly isRunning?: boolean;
}

/** What will be lost, for the eyes of the approver. The record in the spec is what counts. */
export interface ApprovalRequestPlan {
  /** How many Workspaces are lost. */
  readonly totalWorkspaces: number;
  /** How many volumes are lost. */
  readonly totalVolumes: number;
  /** The first 100 of these Workspaces. */
  readonly workspaces?: readonly ApprovalRequestPlanWorkspacesItem[];
}

/** What the operator observed last. */
export interface ApprovalRequestStatus {
  /** The record in words, made from spec.record and from nothing else. */
  readonly summary?: string;
  /** How far the object of a denied request is brought back. */
  readonly restoration?: ApprovalRequestRestoration;
  /** Where the request is in its life. */
  readonly phase?: ApprovalRequestPhase;
  /** What will be lost, for the eyes of the approver. The record in the spec is what counts. */
  readonly plan?: ApprovalRequestPlan;
  /** When the decision was seen. */
  readonly decidedAt?: string;
  /** When the approval was used up. */
  readonly consumedAt?: string;
  /** The operation in the ledger that used it up. */
  readonly operationID?: string;
  /** The metadata.generation that this status is about; -1 before the first. */
  readonly observedGeneration?: number;
  /** The value of the annotation reconcile.moleculesai.app/requestedAt that was acted on last. */
  readonly lastHandledReconcileAt?: string;
  /**
   * What is true of the object now, one entry per type. Ready is derived from the others; Reconciling and Stalled are
   * only there while they hold.
   */
  readonly conditions?: readonly Condition[];
}

/**
 * One destructive operation that waits for one human. What is asked never changes; a decision is given once, is final,
 * and repeats the hash of the record, so that one approves what one saw.
 */
export interface ApprovalRequest {
  /** Version of the schema of this object, moleculesai.app/v1alpha1. */
  readonly apiVersion: string;
  /** Kind of this object, ApprovalRequest. */
  readonly kind: string;
  readonly metadata: ObjectMeta;
  /**
   * What is asked, by whom, and what was decided. Whoever asks writes action, target and reason; the operator adds what
   * would be lost.
   */
  readonly spec: ApprovalRequestSpec;
  /** What the operator observed last. */
  readonly status?: ApprovalRequestStatus;
}
