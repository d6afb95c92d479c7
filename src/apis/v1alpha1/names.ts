/**
 * Every name that other programs see: group, labels, annotations, finalizers, field managers. They are API: users
 * select by them, policies match them, so none changes without a deprecation.
 */

export const GROUP = 'moleculesai.app';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** The namespace is the tenant; its only Org carries this name, so that policies can read it as a parameter. */
export const ORG_NAME = 'org';
/** Reserved for the one Workspace of kind `platform`; only the operator may create it. */
export const PLATFORM_AGENT_NAME = 'platform-agent';

/** Holds an Org, Workspace or TemplateAsset until its deletion may go on. Put on at CREATE by policy. */
export const APPROVAL_FINALIZER = `${GROUP}/approval`;
/** Holds a PVC of ours; only the operator takes it off. Policies match it, never labels. */
export const VOLUME_FINALIZER = `${GROUP}/volume`;

export const OPERATOR_NAMESPACE = 'molecule-system';
/** Name of the operator's Deployment, and of the Lease of the one that leads. */
export const OPERATOR_NAME = 'molecule-operator';
/** The Lease that remembers how far the ledger was, so that one that was set back is noticed. */
export const LEDGER_LEASE = 'molecule-operator-ledger';
export const OPERATOR_SERVICE_ACCOUNT = 'molecule-operator';
/** Label of the operator's own Pods, as its Deployment sets it. */
export const OPERATOR_POD_LABELS = { 'app.kubernetes.io/name': 'molecule-operator' } as const;
/** status.operationID of a request that two people broke the glass for, until the ledger is told: it would say the id. */
export const BREAK_GLASS_OPERATION = 'break-glass';
/** userInfo.username of the operator; the policies in manifests/policies name the same user. */
export const OPERATOR_USER = `system:serviceaccount:${OPERATOR_NAMESPACE}:${OPERATOR_SERVICE_ACCOUNT}`;

/** What an agent's Pod runs as: an account without any right, and without a token but the one for assets. One per Org. */
export const AGENT_SERVICE_ACCOUNT = 'molecule-agent';
/** The Org's walls: what may reach its agents, and what they may reach. One per Org. */
export const ORG_NETWORK_POLICY = 'molecule-org';
/** ConfigMap in the operator's namespace: the image of each runtime. */
export const RUNTIME_CATALOG = 'molecule-runtimes';

/** Audience of the projected token in the init container; the asset server accepts no other. */
export const ASSET_AUDIENCE = `assets.${GROUP}`;

export const LABELS = {
  managedBy: 'app.kubernetes.io/managed-by',
  /** metadata.name of the Workspace. For selection by people; never evidence of identity. */
  workspace: `${GROUP}/workspace`,
  /** Identity of the data: the Workspace id at first creation. */
  incarnation: `${GROUP}/incarnation`,
  /**
   * On a PVC that is kept without its Workspace: when it is erased under the approval of the deletion, in UTC, as
   * `20261128T100000Z` (the letters that a label takes), or `never`, where nobody approved that. Only the operator writes it.
   */
  expires: `${GROUP}/expires`,
  /** On the operator's Pod that leads; the Service of the asset server selects by it. */
  leader: `${GROUP}/leader`,
} as const;

export const MANAGED_BY = 'molecule-operator';
/** Value of the label `expires` of a volume that nobody approved to erase. */
export const NEVER_EXPIRES = 'never';

export const ANNOTATIONS = {
  /** On Pod and PVC: uid of the Workspace they were made for. */
  workspaceUID: `${GROUP}/workspace-uid`,
  /** On Pod and PVC: incarnation of the data, written in the POST and checked on a 409. */
  incarnation: `${GROUP}/incarnation`,
  /** On the Pod: digest of the tree that materialize must put on the volume; patched once per new revision. */
  assetsDigest: `${GROUP}/assets-digest`,
  /** On the Pod: JSON array of include globs that the tree may contain. */
  assetsInclude: `${GROUP}/assets-include`,
  /** On the Pod: sha256 of the intent it was made from; a difference means that it has to be replaced. */
  specHash: `${GROUP}/spec-hash`,
  /** On the Pod: digest over the Secrets that spec.env names; a difference means that the agent runs on old ones. */
  secretsHash: `${GROUP}/secrets-hash`,
  /** On the Pod, where nodes cannot restart agents in place: how many Pods before it ended soon, in a row. */
  quickEnds: `${GROUP}/quick-ends`,
  /** On a PVC that is kept for a deleted Workspace: the operation in the ledger under which it may be erased. */
  operation: `${GROUP}/operation`,
  /** On an ApprovalRequest that the operator made by itself: the hash of its record, by which it knows it again. */
  recordHash: `${GROUP}/record-hash`,
  /** On such a PVC: any value asks for agent and data back. Takes the verb `restore` on workspaces. */
  restore: `${GROUP}/restore`,
  /** On the Lease of the ledger: number and hash of the last row of its audit, `12:9f86d0…`. */
  ledgerHead: `${GROUP}/ledger-head`,
  /** On any of our kinds: a new value asks for a pass now; echoed in status.lastHandledReconcileAt. */
  requestedAt: `reconcile.${GROUP}/requestedAt`,
} as const;

export const FIELD_MANAGERS = {
  org: 'molecule-operator-org',
  workspace: 'molecule-operator-workspace',
  templateAsset: 'molecule-operator-template-asset',
  approvalRequest: 'molecule-operator-approval-request',
  volume: 'molecule-operator-volume',
  ledger: 'molecule-operator-ledger',
  /** Of the POST of an object that is brought back; taken out of its managedFields again. */
  restoration: 'molecule-operator-restoration',
} as const;

/** Verbs of our own, checked by policies; no request of the API uses them. */
export const VERBS = {
  /** On approvalrequests: decide one. */
  approve: 'approve',
  /** On approvalrequests: decide one of which nobody knows who asked. */
  approveUnattributed: 'approve-unattributed',
  /** On approvalrequests: ask for, and approve, an operation without the ledger. */
  breakGlass: 'break-glass',
  /** On workspaces: bring a deleted one back. */
  restore: 'restore',
} as const;

/** spec.requestedBy of a request of which nobody knows who asked. */
export const UNATTRIBUTED = 'unattributed';
/** How long a request lasts where the Org does not say. */
export const DEFAULT_APPROVAL_TTL = '168h';

export const CONTAINERS = { materialize: 'materialize', agent: 'agent' } as const;

/** Where the agent finds its assets; the PVC is mounted here. */
export const CONFIGS_MOUNT = '/configs';
/** The port on which every agent runtime serves A2A and its card. */
export const AGENT_PORT = 8000;
