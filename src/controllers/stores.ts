import { LABELS, MANAGED_BY } from '../apis/v1alpha1/names.ts';
import {
  NODES,
  ORGS,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  TEMPLATE_ASSETS,
  WORKSPACES,
} from '../apis/v1alpha1/resources.ts';
import type { Org, TemplateAsset, Workspace } from '../apis/v1alpha1/types.generated.ts';
import type { KubeObject, ObjectMeta } from '../kube/objects.ts';
import type { Manager } from '../runtime/manager.ts';
import type { Store } from '../runtime/store.ts';
import { type ObservedPod, type ObservedVolume, observePod, observeVolume } from './workspace/observed.ts';

export const BY_NAMESPACE = 'namespace';
export const BY_UID = 'uid';
export const BY_PARENT = 'parent';
export const BY_TEMPLATE = 'template';

export interface ObservedNode {
  readonly metadata: ObjectMeta;
  /** Restarts all containers of a Pod, its init containers included, when one exits. */
  readonly canRestartInPlace: boolean;
}

/** What the operator watches. Secrets are not among it: they are read by name, when they are used. */
export interface Stores {
  readonly orgs: Store<Org>;
  readonly workspaces: Store<Workspace>;
  readonly templateAssets: Store<TemplateAsset>;
  readonly pods: Store<ObservedPod>;
  readonly volumes: Store<ObservedVolume>;
  readonly nodes: Store<ObservedNode>;
}

const OURS = { labelSelector: `${LABELS.managedBy}=${MANAGED_BY}` };
const RESTART_FEATURE = 'RestartAllContainersOnContainerExits';

export function declareStores(manager: Manager): Stores {
  return {
    orgs: manager.store({ resource: ORGS, project: (object) => withoutManagedFields<Org>(object) }),
    workspaces: manager.store({
      resource: WORKSPACES,
      project: (object) => withoutManagedFields<Workspace>(object),
      indexes: {
        [BY_NAMESPACE]: ({ metadata }) => [metadata.namespace ?? ''],
        [BY_UID]: ({ metadata }) => [metadata.uid ?? ''],
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
    pods: manager.store({ resource: PODS, project: observePod, select: OURS }),
    volumes: manager.store({
      resource: PERSISTENT_VOLUME_CLAIMS,
      project: observeVolume,
      select: { ...OURS, metadataOnly: true },
    }),
    nodes: manager.store({ resource: NODES, project: observeNode }),
  };
}

/** The decoding edge: the apiserver has validated the object against the schema that its type was generated from. */
function withoutManagedFields<T extends KubeObject>(object: KubeObject): T {
  const { managedFields: _managedFields, ...metadata } = object.metadata as ObjectMeta & {
    readonly managedFields?: unknown;
  };
  return { ...object, metadata } as KubeObject as T;
}

function observeNode(object: KubeObject): ObservedNode {
  const { name, uid, resourceVersion } = object.metadata;
  const { status } = object as KubeObject & { readonly status?: { readonly declaredFeatures?: readonly string[] } };
  return {
    metadata: {
      name,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    canRestartInPlace: status?.declaredFeatures?.includes(RESTART_FEATURE) ?? false,
  };
}

/** Only when every node can: a Pod must not depend on where the scheduler puts it. */
export function canRestartInPlace(nodes: Store<ObservedNode>): boolean {
  return nodes.size > 0 && [...nodes.list()].every((node) => node.canRestartInPlace);
}
