import {
  ANNOTATIONS,
  API_VERSION,
  APPROVAL_FINALIZER,
  OPERATOR_NAMESPACE,
  VOLUME_FINALIZER,
} from '../apis/v1alpha1/names.ts';
import { APPROVAL_REQUESTS, PERSISTENT_VOLUME_CLAIMS, TEMPLATE_ASSETS } from '../apis/v1alpha1/resources.ts';
import type { KubeObject, ObjectKey, Resource } from '../kube/objects.ts';
import { collectionPath, objectPath } from '../kube/paths.ts';
import type { TransportRequest } from '../kube/transport.ts';

/** A request that a policy of ours has to refuse. */
export interface Probe {
  /** What it would do, as people are told when it is let in. */
  readonly route: string;
  readonly request: Omit<TransportRequest, 'signal'>;
}

/** The account that sends the probes: it may do exactly what they try, to these objects, and nothing else. */
export const PROBE_ACCOUNT = 'molecule-guard-probe';
/** What the probes are tried on. Nothing uses them; nothing is lost with them. */
export const PROBE_KEY: ObjectKey = { namespace: OPERATOR_NAMESPACE, name: 'guard-probe' };

/** Fetches nothing, because nobody may log in for it. */
export const PROBE_TEMPLATE: KubeObject & { readonly spec: object } = {
  apiVersion: API_VERSION,
  kind: TEMPLATE_ASSETS.kind,
  metadata: { ...PROBE_KEY, finalizers: [APPROVAL_FINALIZER] },
  spec: {
    source: { forge: 'github', owner: 'molecule-system', repo: 'guard-probe', ref: 'main' },
    auth: 'disabled',
    suspend: true,
  },
};

/** Never bound, because no storage class has this name, and without the labels by which volumes of agents are found. */
export const PROBE_CLAIM: KubeObject & { readonly spec: object } = {
  apiVersion: 'v1',
  kind: PERSISTENT_VOLUME_CLAIMS.kind,
  metadata: { ...PROBE_KEY, finalizers: [VOLUME_FINALIZER] },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'molecule-guard-probe',
    resources: { requests: { storage: '1Mi' } },
  },
};

const DRY_RUN = { dryRun: 'All' };
const STRANGER = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: 'guard-probe',
  uid: '00000000-0000-4000-8000-000000000000',
};
const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false };

export const PROBES: readonly Probe[] = [
  {
    route: 'take the finalizer off a TemplateAsset',
    request: merge(TEMPLATE_ASSETS, { metadata: { finalizers: null } }),
  },
  {
    route: 'give a TemplateAsset an owner',
    request: merge(TEMPLATE_ASSETS, { metadata: { ownerReferences: [STRANGER] } }),
  },
  {
    route: 'have the garbage collector delete beside a TemplateAsset',
    request: merge(TEMPLATE_ASSETS, { metadata: { finalizers: [APPROVAL_FINALIZER, 'foregroundDeletion'] } }),
  },
  {
    route: 'write the status of a TemplateAsset',
    request: merge(TEMPLATE_ASSETS, { status: { observedGeneration: 1 } }, 'status'),
  },
  {
    route: 'delete the volume of an agent',
    request: remove(PERSISTENT_VOLUME_CLAIMS, PROBE_KEY),
  },
  {
    route: 'take the finalizer off the volume of an agent',
    request: merge(PERSISTENT_VOLUME_CLAIMS, { metadata: { finalizers: null } }),
  },
  {
    route: 'take the finalizer off the volume of an agent through its status',
    request: merge(PERSISTENT_VOLUME_CLAIMS, { metadata: { finalizers: null } }, 'status'),
  },
  {
    route: 'ask for a deleted Workspace back without the right',
    request: merge(PERSISTENT_VOLUME_CLAIMS, { metadata: { annotations: { [ANNOTATIONS.restore]: 'now' } } }),
  },
  {
    // Not somebody else's name in requestedBy: where a policy fills it in, that is put right and let in.
    route: 'write into an ApprovalRequest what only the operator finds out',
    request: create(APPROVAL_REQUESTS, {
      apiVersion: API_VERSION,
      kind: APPROVAL_REQUESTS.kind,
      metadata: PROBE_KEY,
      spec: {
        action: 'delete_template_asset',
        target: { group: 'moleculesai.app', kind: TEMPLATE_ASSETS.kind, name: PROBE_KEY.name, uid: STRANGER.uid },
        requestedBy: `system:serviceaccount:${OPERATOR_NAMESPACE}:${PROBE_ACCOUNT}`,
        expiresAt: '2099-01-01T00:00:00Z',
      },
    }),
  },
  {
    route: 'delete the namespace of the operator',
    request: remove(NAMESPACES, { namespace: '', name: OPERATOR_NAMESPACE }),
  },
];

function merge(resource: Resource, patch: object, subresource?: 'status'): Probe['request'] {
  const path = objectPath(resource, PROBE_KEY, { subresource, query: DRY_RUN });
  return { method: 'PATCH', path, body: { contentType: 'application/merge-patch+json', text: JSON.stringify(patch) } };
}

function create(resource: Resource, object: KubeObject & { readonly spec: object }): Probe['request'] {
  const path = collectionPath(resource, object.metadata.namespace, DRY_RUN);
  return { method: 'POST', path, body: { contentType: 'application/json', text: JSON.stringify(object) } };
}

function remove(resource: Resource, key: ObjectKey): Probe['request'] {
  return { method: 'DELETE', path: objectPath(resource, key, { query: DRY_RUN }) };
}
