import {
  APPROVAL_REQUESTS,
  NETWORK_POLICIES,
  ORGS,
  SERVICE_ACCOUNTS,
  TEMPLATE_ASSETS,
  WORKSPACES,
} from '../../apis/v1alpha1/resources.ts';
import type { Resource } from '../../kube/objects.ts';

/** How the API's paths spell the kinds that only an installation has. */
const admission = { group: 'admissionregistration.k8s.io', version: 'v1', namespaced: false } as const;
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' } as const;

export const OUR_KINDS: readonly Resource[] = [ORGS, WORKSPACES, TEMPLATE_ASSETS, APPROVAL_REQUESTS];

/** Bindings before policies: a policy without a binding rules nothing, a binding without its policy is an error in a log. */
export const GUARDS: readonly Resource[] = [
  { ...admission, plural: 'validatingadmissionpolicybindings', kind: 'ValidatingAdmissionPolicyBinding' },
  { ...admission, plural: 'validatingadmissionpolicies', kind: 'ValidatingAdmissionPolicy' },
  { ...admission, plural: 'mutatingadmissionpolicybindings', kind: 'MutatingAdmissionPolicyBinding' },
  { ...admission, plural: 'mutatingadmissionpolicies', kind: 'MutatingAdmissionPolicy' },
  { ...admission, plural: 'validatingwebhookconfigurations', kind: 'ValidatingWebhookConfiguration' },
];

export const DEPLOYMENTS = {
  group: 'apps',
  version: 'v1',
  namespaced: true,
  plural: 'deployments',
  kind: 'Deployment',
};

/** What runs the operator and gives it rights, in its namespace; rights last, so that what is interrupted can be seen. */
export const MACHINERY: readonly Resource[] = [
  DEPLOYMENTS,
  { group: '', version: 'v1', namespaced: true, plural: 'services', kind: 'Service' },
  NETWORK_POLICIES,
  { ...rbac, namespaced: true, plural: 'rolebindings', kind: 'RoleBinding' },
  { ...rbac, namespaced: true, plural: 'roles', kind: 'Role' },
  SERVICE_ACCOUNTS,
];

export const CLUSTER_RIGHTS: readonly Resource[] = [
  { ...rbac, namespaced: false, plural: 'clusterrolebindings', kind: 'ClusterRoleBinding' },
  { ...rbac, namespaced: false, plural: 'clusterroles', kind: 'ClusterRole' },
];

export const DEFINITIONS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  namespaced: false,
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
};

/** For people: `Workspace acme/writer`. */
export function describe(
  resource: Resource,
  { namespace, name }: { readonly namespace?: string; readonly name: string },
): string {
  return `${resource.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
