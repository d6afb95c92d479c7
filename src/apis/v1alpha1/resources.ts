import { GROUP, VERSION } from './names.ts';

/** How the API's paths spell each kind that the operator deals with. */
const own = { group: GROUP, version: VERSION, namespaced: true } as const;
const core = { group: '', version: 'v1', namespaced: true } as const;

export const ORGS = { ...own, plural: 'orgs', kind: 'Org' } as const;
export const WORKSPACES = { ...own, plural: 'workspaces', kind: 'Workspace' } as const;
export const TEMPLATE_ASSETS = { ...own, plural: 'templateassets', kind: 'TemplateAsset' } as const;
export const APPROVAL_REQUESTS = { ...own, plural: 'approvalrequests', kind: 'ApprovalRequest' } as const;
export const PODS = { ...core, plural: 'pods', kind: 'Pod' } as const;
export const PERSISTENT_VOLUME_CLAIMS = {
  ...core,
  plural: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
} as const;
export const PERSISTENT_VOLUMES = {
  ...core,
  plural: 'persistentvolumes',
  kind: 'PersistentVolume',
  namespaced: false,
} as const;
export const CONFIG_MAPS = { ...core, plural: 'configmaps', kind: 'ConfigMap' } as const;
export const SECRETS = { ...core, plural: 'secrets', kind: 'Secret' } as const;
export const NAMESPACES = { ...core, plural: 'namespaces', kind: 'Namespace', namespaced: false } as const;
export const NODES = { ...core, plural: 'nodes', kind: 'Node', namespaced: false } as const;
export const SERVICE_ACCOUNTS = { ...core, plural: 'serviceaccounts', kind: 'ServiceAccount' } as const;
export const LEASES = {
  group: 'coordination.k8s.io',
  version: 'v1',
  namespaced: true,
  plural: 'leases',
  kind: 'Lease',
} as const;
export const NETWORK_POLICIES = {
  group: 'networking.k8s.io',
  version: 'v1',
  namespaced: true,
  plural: 'networkpolicies',
  kind: 'NetworkPolicy',
} as const;
