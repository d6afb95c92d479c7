import { OPERATOR_NAMESPACE } from '../apis/v1alpha1/names.ts';
import type { Org, TemplateAsset, Workspace } from '../apis/v1alpha1/types.generated.ts';
import { listRequestsAbout } from './approvals/requests-about.ts';
import { explainFailure } from './cluster-failure.ts';
import type { CommandContext } from './command-context.ts';
import type { Cluster } from './connect.ts';
import type { ObjectReference } from './object-reference.ts';
import { type Lease, leadershipOf, readLease } from './operator-lease.ts';
import { type ClusterFlags, clusterWords, type TableFormat } from './options.ts';
import { printStructured } from './print-structured.ts';
import { type Found, find, foundValue } from './read-object.ts';
import type { Names } from './status/advice.ts';
import { assembleStatus, type StatusParts } from './status/assemble-status.ts';
import { eventLines, readEvents } from './status/events.ts';
import { gatherOrgFacts, gatherTemplateAssetFacts, gatherWorkspaceFacts } from './status/facts.ts';
import type { ObjectStatus } from './status/object-status.ts';
import { orgChain, templateAssetChain } from './status/other-chains.ts';
import { renderStatus } from './status/render-status.ts';
import { workspaceChain } from './status/workspace-chain.ts';
import { workspaceNames } from './status/workspace-names.ts';
import { styleOf } from './style.ts';
import { readDeadline, withCluster } from './with-cluster.ts';

export interface StatusFlags extends ClusterFlags {
  readonly output: TableFormat;
}

/** `kubectl molecule status`: reads one object and what it needs. Reads only; what may not be read is said. */
export async function showStatus(
  reference: ObjectReference,
  flags: StatusFlags,
  context: CommandContext,
): Promise<void> {
  const { io, now, signal } = context;
  const status = await withCluster(flags, context, (cluster) =>
    readStatus(reference, { cluster, flags, now: now(), signal: readDeadline(signal) }),
  );
  if (flags.output === 'json' || flags.output === 'yaml') {
    printStructured(status, flags.output, io.stdout);
    return;
  }
  const style = styleOf(io.stdout, { env: io.env, isColorWanted: flags.color });
  const lines = renderStatus(status, { style, now: now(), isWide: flags.output === 'wide' });
  io.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

interface Question {
  readonly cluster: Cluster;
  readonly flags: ClusterFlags;
  readonly now: Date;
  readonly signal: AbortSignal;
}

async function readStatus(
  reference: ObjectReference,
  { cluster, flags, now, signal }: Question,
): Promise<ObjectStatus> {
  const { client } = cluster;
  const namespace = flags.namespace ?? cluster.namespace;
  const { plural, kind } = reference.resource;
  try {
    const parts = await readParts(reference, {
      client,
      namespace,
      signal,
      names: plainNames(reference, namespace, flags),
    });
    const uid = parts.object.metadata.uid ?? '';
    const [events, lease, requests] = await Promise.all([
      readEvents(subjectsOf(parts), { client, namespace, signal }),
      readLease(client, signal),
      find(listRequestsAbout(client, { namespace, uid, signal })),
    ]);
    return assembleStatus({
      ...parts,
      events: events === undefined ? null : eventLines(events),
      notice: leaderNotice(lease, now),
      requests: foundValue(requests) ?? null,
    });
  } catch (error) {
    throw explainFailure(error, {
      what: `read ${kind} ${namespace}/${reference.name}`,
      right: `the right to get ${plural} in namespace "${namespace}"`,
      whenMissing: `see what is there: kubectl get ${plural} -n ${namespace}`,
    });
  }
}

/** Null also where the Lease may not be read, or there is none because the operator runs alone. */
function leaderNotice(lease: Found<Lease>, now: Date): string | null {
  const isLed = lease.kind !== 'found' || leadershipOf(lease.value, now).kind === 'held';
  return isLed ? null : 'No operator leads: nothing is reconciled; see kubectl molecule doctor';
}

type Parts = Omit<StatusParts, 'events' | 'notice' | 'requests'>;

interface Source {
  readonly client: Cluster['client'];
  readonly namespace: string;
  readonly signal: AbortSignal;
  readonly names: Names;
}

async function readParts({ resource, name }: ObjectReference, source: Source): Promise<Parts> {
  const { client, namespace, signal, names } = source;
  const key = { namespace, name };
  switch (resource.kind) {
    case 'Workspace': {
      const object = await client.get<Workspace>(resource, key, { signal });
      const facts = await gatherWorkspaceFacts(object, source);
      const known = workspaceNames(facts);
      return { object, chain: workspaceChain(facts), ownLink: 'workspace', names: { ...names, ...known } };
    }
    case 'TemplateAsset': {
      const object = await client.get<TemplateAsset>(resource, key, { signal });
      const facts = await gatherTemplateAssetFacts(object, source);
      const { name: secret = names.secret.name, key: secretKey = names.secret.key } = object.spec.secretRef ?? {};
      const known = { templateAsset: name, secret: { name: secret, key: secretKey } };
      return { object, chain: templateAssetChain(facts), ownLink: 'templateAsset', names: { ...names, ...known } };
    }
    case 'Org': {
      const object = await client.get<Org>(resource, key, { signal });
      return { object, chain: orgChain(await gatherOrgFacts(object, source)), ownLink: 'org', names };
    }
    default:
      return resource satisfies never;
  }
}

function plainNames({ resource, name }: ObjectReference, namespace: string, flags: ClusterFlags): Names {
  return {
    flags: clusterWords(flags, namespace),
    operatorFlags: clusterWords(flags, OPERATOR_NAMESPACE),
    clusterFlags: clusterWords(flags),
    object: { resource: resource.kind.toLowerCase(), name },
    pod: 'POD',
    volume: 'VOLUME',
    templateAsset: 'TEMPLATE_ASSET',
    secret: { name: 'SECRET', key: 'token' },
    environmentSecrets: [],
    suspendedAncestor: 'ANCESTOR',
    request: 'REQUEST',
  };
}

/** The objects of the chain that Events are written about. */
function subjectsOf({ object, names, chain }: Parts): readonly { readonly kind: string; readonly name: string }[] {
  const kinds = { pod: 'Pod', volume: 'PersistentVolumeClaim', templateAsset: 'TemplateAsset' } as const;
  const others = chain.flatMap(({ link, name }) =>
    name !== null && (link === 'pod' || link === 'volume' || link === 'templateAsset')
      ? [{ kind: kinds[link], name }]
      : [],
  );
  const own = { kind: object.kind, name: names.object.name };
  return object.kind === 'TemplateAsset' ? [own] : [own, ...others];
}
