import { APPROVAL_REQUESTS, ORGS, TEMPLATE_ASSETS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { ApprovalRequest, TemplateAsset, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { KubeObject, Resource } from '../../kube/objects.ts';
import { escapeConfusables } from '../../rules/approval/describe.ts';
import { isFinal } from '../../rules/approval/lifecycle.ts';
import type { CommandContext } from '../command-context.ts';
import type { Cluster } from '../connect.ts';
import { formatKindName, formatReference, type ObjectReference, parseReference } from '../object-reference.ts';
import { PREVIOUS } from '../rollback/plan-rollback.ts';
import { type Ours, standingOf } from '../standing.ts';
import { withCluster } from '../with-cluster.ts';
import type { Candidate, NameSource, Where } from './complete.ts';

/** Nobody waits longer than this for a key to do something. */
const TIMEOUT_MS = 2_000;
const MOST_NAMES = 500;
const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false };

/** Names from the cluster that the words before name. What cannot be read, or not in time, is no name and no error. */
export function createClusterNames(context: CommandContext): NameSource {
  return {
    namespaces: (where) =>
      ask(where, context, async ({ client }, signal) => {
        const { items } = await client.list<KubeObject>(NAMESPACES, { limit: MOST_NAMES, metadataOnly: true, signal });
        return items.map(({ metadata }) => ({ value: metadata.name }));
      }),
    objects: async (where) => {
      const lists = [WORKSPACES, TEMPLATE_ASSETS, ORGS].map((resource) =>
        ask(where, context, (cluster, signal) => listObjects(resource, { cluster, where, signal })),
      );
      return (await Promise.all(lists)).flat();
    },
    requests: (where) => ask(where, context, (cluster, signal) => listRequests({ cluster, where, signal })),
    revisions: (where, object) =>
      askAbout<TemplateAsset>(TEMPLATE_ASSETS, object, { where, context }, ({ status }) => [
        { value: PREVIOUS },
        ...(status?.history ?? []).map(({ revision, publishedAt }) => ({ value: revision, description: publishedAt })),
      ]),
    keptPaths: (where, object) =>
      askAbout<Workspace>(WORKSPACES, object, { where, context }, ({ status }) =>
        (status?.assets?.kept ?? []).map(({ path, time }) => ({ value: path, description: time })),
      ),
  };
}

interface Question {
  readonly cluster: Cluster;
  readonly where: Where;
  readonly signal: AbortSignal;
}

/** Those that came to their end are not decided any more. */
async function listRequests({ cluster, where, signal }: Question): Promise<readonly Candidate[]> {
  const namespace = where.namespace ?? cluster.namespace;
  const { items } = await cluster.client.list<ApprovalRequest>(APPROVAL_REQUESTS, {
    namespace,
    limit: MOST_NAMES,
    signal,
  });
  return items
    .filter(({ status }) => !isFinal(status?.phase))
    .map(({ metadata, spec }) => ({
      value: metadata.name,
      description: `${spec.action} ${formatKindName(spec.target.kind, spec.target.name)}, asked for by ${escapeConfusables(spec.requestedBy)}`,
    }));
}

async function listObjects(
  resource: ObjectReference['resource'],
  { cluster, where, signal }: Question,
): Promise<readonly Candidate[]> {
  const namespace = where.namespace ?? cluster.namespace;
  const { items } = await cluster.client.list<Ours>(resource, { namespace, limit: MOST_NAMES, signal });
  return items.map((object) => {
    const { state, reason } = standingOf(object);
    const description = state === 'Ready' || reason === null ? state : `${state}: ${reason}`;
    return { value: formatReference({ resource, name: object.metadata.name }), description };
  });
}

/** What one object says, if the line names one of the kind. */
async function askAbout<T extends Ours>(
  resource: ObjectReference['resource'],
  object: string,
  { where, context }: { readonly where: Where; readonly context: CommandContext },
  candidatesOf: (object: T) => readonly Candidate[],
): Promise<readonly Candidate[]> {
  const reference = parseReference(object);
  if (reference?.resource !== resource) return [];
  return ask(where, context, async (cluster, signal) => {
    const key = { namespace: where.namespace ?? cluster.namespace, name: reference.name };
    return candidatesOf(await cluster.client.get<T>(resource, key, { signal }));
  });
}

async function ask(
  { kubeconfig, context: kubeContext }: Where,
  context: CommandContext,
  question: (cluster: Cluster, signal: AbortSignal) => Promise<readonly Candidate[]>,
): Promise<readonly Candidate[]> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const flags = {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(kubeContext === undefined ? {} : { context: kubeContext }),
  };
  try {
    return await withCluster(flags, context, (cluster) => question(cluster, signal));
  } catch {
    // A key that completes nothing is better than one that prints an error into the line.
    return [];
  }
}
