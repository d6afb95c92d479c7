import { LABELS, MANAGED_BY, OPERATOR_NAMESPACE, RUNTIME_CATALOG } from '../apis/v1alpha1/names.ts';
import {
  APPROVAL_REQUESTS,
  CONFIG_MAPS,
  NETWORK_POLICIES,
  NODES,
  ORGS,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  SERVICE_ACCOUNTS,
  TEMPLATE_ASSETS,
  WORKSPACES,
} from '../apis/v1alpha1/resources.ts';
import type { ApprovalRequest, Org, TemplateAsset, Workspace } from '../apis/v1alpha1/types.generated.ts';
import type { KubeObject, ObjectMeta } from '../kube/objects.ts';
import type { Manager } from '../runtime/manager.ts';
import type { Store } from '../runtime/store.ts';
import { BY_ID, idsOfOrg, idsOfWorkspace, idsRestored } from './identities.ts';
import { askedBackBy, BY_ASKED_BACK, BY_COVERED_UID, BY_DENIED, BY_RESTORED, BY_TARGET, isConcluded } from './leave.ts';
import { type ObservedAccount, type ObservedPolicy, observeAccount, observePolicy } from './org/observed.ts';
import { type ObservedCatalog, observeCatalog } from './runtime-catalog.ts';
import { observeNode, observePod, observeVolume } from './workspace/observe.ts';
import type { ObservedNode, ObservedPod, ObservedVolume } from './workspace/observed.ts';

export const BY_NAMESPACE = 'namespace';
export const BY_UID = 'uid';
export const BY_PARENT = 'parent';
export const BY_TEMPLATE = 'template';
export const BY_NODE = 'node';

/** What the operator watches. Secrets are not among it: they are read by name, when they are used. */
export interface Stores {
  readonly orgs: Store<Org>;
  readonly workspaces: Store<Workspace>;
  readonly templateAssets: Store<TemplateAsset>;
  readonly approvalRequests: Store<ApprovalRequest>;
  readonly pods: Store<ObservedPod>;
  readonly volumes: Store<ObservedVolume>;
  readonly nodes: Store<ObservedNode>;
  /** Holds the one object of this name, or nothing. */
  readonly runtimeCatalogs: Store<ObservedCatalog>;
  readonly networkPolicies: Store<ObservedPolicy>;
  readonly serviceAccounts: Store<ObservedAccount>;
}

export const approvalRequestIndexes: Readonly<Record<string, (request: ApprovalRequest) => readonly string[]>> = {
  [BY_COVERED_UID]: ({ spec }) => [...new Set([spec.target.uid, ...(spec.record?.losses ?? []).map(({ uid }) => uid)])],
  [BY_TARGET]: ({ metadata, spec }) => [`${metadata.namespace}/${spec.target.kind}/${spec.target.name}`],
  [BY_DENIED]: (request) =>
    request.status?.phase === 'Denied' && !isConcluded(request)
      ? [`${request.metadata.namespace}/${request.spec.target.kind}`]
      : [],
  [BY_RESTORED]: (request) => [...idsRestored(request), request.status?.restoration?.incarnation ?? []].flat(),
};

const OURS = { labelSelector: `${LABELS.managedBy}=${MANAGED_BY}` };

export function declareStores(manager: Manager): Stores {
  return {
    orgs: manager.store({
      resource: ORGS,
      project: (object) => withoutManagedFields<Org>(object),
      indexes: { [BY_ID]: idsOfOrg },
    }),
    workspaces: manager.store({
      resource: WORKSPACES,
      project: (object) => withoutManagedFields<Workspace>(object),
      indexes: {
        [BY_NAMESPACE]: ({ metadata }) => [metadata.namespace ?? ''],
        [BY_UID]: ({ metadata }) => [metadata.uid ?? ''],
        [BY_ID]: idsOfWorkspace,
        [BY_PARENT]: ({ metadata, spec }) =>
          spec.parentRef === undefined ? [] : [`${metadata.namespace}/${spec.parentRef.name}`],
        [BY_TEMPLATE]: ({ metadata, spec }) =>
          spec.templateRef === undefined ? [] : [`${metadata.namespace}/${spec.templateRef.name}`],
      },
    }),
    templateAssets: manager.store({
      resource: TEMPLATE_ASSETS,
      project: (object) => withoutManagedFields<TemplateAsset>(object),
    }),
    approvalRequests: manager.store({
      resource: APPROVAL_REQUESTS,
      project: (object) => withoutManagedFields<ApprovalRequest>(object),
      indexes: approvalRequestIndexes,
    }),
    pods: manager.store({
      resource: PODS,
      project: observePod,
      select: OURS,
      indexes: { [BY_NODE]: ({ nodeName }) => (nodeName === undefined ? [] : [nodeName]) },
    }),
    volumes: manager.store({
      resource: PERSISTENT_VOLUME_CLAIMS,
      project: observeVolume,
      select: OURS,
      indexes: { [BY_ASKED_BACK]: askedBackBy },
    }),
    nodes: manager.store({ resource: NODES, project: observeNode }),
    runtimeCatalogs: manager.store({
      resource: CONFIG_MAPS,
      project: observeCatalog,
      select: { namespace: OPERATOR_NAMESPACE, fieldSelector: `metadata.name=${RUNTIME_CATALOG}` },
    }),
    networkPolicies: manager.store({ resource: NETWORK_POLICIES, project: observePolicy, select: OURS }),
    serviceAccounts: manager.store({ resource: SERVICE_ACCOUNTS, project: observeAccount, select: OURS }),
  };
}

/** The decoding edge: the apiserver has validated the object against the schema that its type was generated from. */
function withoutManagedFields<T extends KubeObject>(object: KubeObject): T {
  const { managedFields: _managedFields, ...metadata } = object.metadata as ObjectMeta & {
    readonly managedFields?: unknown;
  };
  return { ...object, metadata } as KubeObject as T;
}

/** Only when every node can: a Pod must not depend on where the scheduler puts it. */
export function canRestartInPlace(nodes: Store<ObservedNode>): boolean {
  return nodes.size > 0 && [...nodes.list()].every((node) => node.canRestartInPlace);
}
