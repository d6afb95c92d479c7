import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from '../../apis/v1alpha1/resources.ts';
import { LiveSource } from '../../controllers/approval-request/live-source.ts';
import { type Operation, readOperation } from '../../controllers/approval-request/operation.ts';
import { ApiError } from '../../kube/errors.ts';
import type { KubeObject, Resource } from '../../kube/objects.ts';
import type { ClusterClient } from '../connect.ts';
import { listAll } from '../list-all.ts';
import type { ObjectReference } from '../object-reference.ts';
import { find } from '../read-object.ts';

export interface Dependant {
  readonly kind: string;
  readonly name: string;
}

export interface PlanFacts {
  readonly operation: Operation;
  /** What was asked for, by the name of the claim. */
  readonly sizes: ReadonlyMap<string, string>;
  /** Objects of others that name something lost as their owner; the garbage collector deletes them. */
  readonly dependants: readonly Dependant[];
  /** What this user may not read, in words. */
  readonly unread: readonly string[];
}

interface Claim extends KubeObject {
  readonly spec?: { readonly resources?: { readonly requests?: { readonly storage?: string } } };
}

const apps = { group: 'apps', version: 'v1', namespaced: true } as const;
const batch = { group: 'batch', version: 'v1', namespaced: true } as const;
const core = { group: '', version: 'v1', namespaced: true } as const;

/** Kinds that people hang on an object of ours; whatever else there is, the garbage collector finds too. */
const DEPENDANT_KINDS: readonly Resource[] = [
  { ...core, plural: 'configmaps', kind: 'ConfigMap' },
  { ...core, plural: 'secrets', kind: 'Secret' },
  { ...core, plural: 'services', kind: 'Service' },
  { ...core, plural: 'pods', kind: 'Pod' },
  { ...core, plural: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim' },
  { ...apps, plural: 'deployments', kind: 'Deployment' },
  { ...apps, plural: 'statefulsets', kind: 'StatefulSet' },
  { ...batch, plural: 'jobs', kind: 'Job' },
  { ...batch, plural: 'cronjobs', kind: 'CronJob' },
];

export interface PlanSource {
  readonly client: ClusterClient;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** What the operator would record, read with the rights of this user; undefined when there is no such object. */
export async function readPlan(
  { resource, name }: ObjectReference,
  { client, namespace, signal }: PlanSource,
): Promise<PlanFacts | undefined> {
  const unread = new Set<string>();
  const source = new LiveSource(tolerant(client, unread));
  const operation = await readOperation({ kind: resource.kind, namespace, name }, source, signal);
  if (operation === undefined) return undefined;
  const claims = await find(listAll<Claim>(client, PERSISTENT_VOLUME_CLAIMS, { namespace, signal }));
  const sizes = new Map(
    (claims.kind === 'found' ? claims.value : []).flatMap(({ metadata, spec }) => {
      const size = spec?.resources?.requests?.storage;
      return size === undefined ? [] : [[metadata.name, size] as const];
    }),
  );
  const owners = new Set([operation.uid, ...operation.losses.map(({ uid }) => uid)]);
  const dependants = await Promise.all(
    DEPENDANT_KINDS.map(async (kind): Promise<readonly Dependant[]> => {
      const found = await find(listAll(client, kind, { namespace, metadataOnly: true, signal }));
      if (found.kind === 'unreadable') unread.add(kind.plural);
      return found.kind === 'found' ? ownedBy(owners, { kind, objects: found.value }) : [];
    }),
  );
  return { operation, sizes, dependants: dependants.flat(), unread: [...unread].sort() };
}

function ownedBy(
  owners: ReadonlySet<string>,
  { kind, objects }: { readonly kind: Resource; readonly objects: readonly KubeObject[] },
): readonly Dependant[] {
  return objects
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => owners.has(uid)))
    .map(({ metadata }) => ({ kind: kind.kind, name: metadata.name }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Many may read Workspaces and no volumes: what they may not read is left out and said, and the rest is shown. */
function tolerant(client: ClusterClient, unread: Set<string>): Pick<ClusterClient, 'get' | 'list'> {
  const optional: readonly Resource[] = [PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES];
  return {
    list: (resource, options) => client.list(resource, options),
    get: async (resource, key, options) => {
      try {
        return await client.get(resource, key, options);
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 403 || !optional.includes(resource)) throw error;
        unread.add(resource.plural);
        throw new ApiError(`${resource.plural} "${key.name}" not found`, { code: 404, reason: 'NotFound' });
      }
    },
  };
}
