import {
  API_VERSION,
  APPROVAL_FINALIZER,
  LABELS,
  ORG_NAME,
  PLATFORM_AGENT_NAME,
  VOLUME_FINALIZER,
} from '../../src/apis/v1alpha1/names.ts';
import {
  ORGS,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  TEMPLATE_ASSETS,
  WORKSPACES,
} from '../../src/apis/v1alpha1/resources.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, Resource } from '../../src/kube/objects.ts';
import type { Kubectl } from '../lib/kubectl.ts';
import { waitFor } from '../lib/wait.ts';
import type { Arena } from './arena.ts';
import { editors } from './people.ts';

const READY_TIMEOUT_MS = 60_000;
const KINDS = [ORGS, WORKSPACES, TEMPLATE_ASSETS, PERSISTENT_VOLUME_CLAIMS, PODS] as const;
const FINALIZERS: Readonly<Record<string, string>> = {
  Org: APPROVAL_FINALIZER,
  Workspace: APPROVAL_FINALIZER,
  TemplateAsset: APPROVAL_FINALIZER,
  PersistentVolumeClaim: VOLUME_FINALIZER,
};

/** Names of what every victim has. */
export const VICTIM = { agent: 'writer', reader: 'reader', template: 'notes' } as const;

/** A namespace with an Org, an agent that runs, another one that uses a template, and their volumes. */
export interface Tenant {
  readonly namespace: string;
  readonly mode: 'Hold' | 'Refuse';
  /** Name of the agent's Pod and of its volume. */
  readonly child: string;
  /** What must be there afterwards, by `Kind/name`. Replaced where an attempt takes something away with an approval. */
  present: ReadonlyMap<string, KubeObject>;
}

export async function createTenant(
  { kubectl, client, operatorClient }: Pick<Arena, 'client' | 'operatorClient'> & { readonly kubectl: Kubectl },
  options: { readonly namespace: string; readonly mode: Tenant['mode']; readonly signal: AbortSignal },
): Promise<Tenant> {
  const { namespace, mode, signal } = options;
  const ours = (kind: string, name: string, spec: object): object => ({
    apiVersion: API_VERSION,
    kind,
    metadata: { name, namespace },
    spec,
  });
  const items = [
    ours('Org', ORG_NAME, { displayName: 'Acme', defaults: { image: 'example.invalid/agent:1' }, approvals: { mode } }),
    ours('TemplateAsset', VICTIM.template, {
      source: { forge: 'gitea', baseURL: 'https://forge.invalid', owner: 'acme', repo: 'notes', ref: 'main' },
      auth: 'disabled',
    }),
    ours('Workspace', VICTIM.agent, {}),
    ours('Workspace', VICTIM.reader, { templateRef: { name: VICTIM.template } }),
  ];
  await kubectl.must(['create', 'namespace', namespace], { signal });
  await kubectl.must(['create', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...items, editors(namespace)] }),
    signal,
  });
  // As if its files had been fetched: a template that was never delivered is used by nobody.
  const artifact = { revision: '0'.repeat(40), digest: `sha256:${'0'.repeat(64)}`, sizeBytes: 0, files: 0 };
  await operatorClient.patch(
    TEMPLATE_ASSETS,
    { namespace, name: VICTIM.template },
    { status: { artifact } },
    { subresource: 'status', fieldManager: 'attack', signal },
  );
  const present = await waitFor(
    async () => {
      const objects = await observe(client, namespace, signal);
      return isComplete(objects) ? objects : undefined;
    },
    { what: `an agent that runs in ${namespace}`, timeoutMs: READY_TIMEOUT_MS, signal },
  );
  const child = [...present.values()].find(
    ({ kind, metadata }) => kind === 'Pod' && metadata.labels?.[LABELS.workspace] === VICTIM.agent,
  );
  return { namespace, mode, child: child?.metadata.name ?? '', present };
}

function isComplete(objects: ReadonlyMap<string, KubeObject>): boolean {
  const all = [...objects.values()];
  const agents = all.filter(({ kind }) => kind === 'Pod').map(({ metadata }) => metadata.labels?.[LABELS.workspace]);
  return (
    agents.includes(VICTIM.agent) &&
    agents.includes(PLATFORM_AGENT_NAME) &&
    all.every(({ kind, metadata }) => {
      const finalizer = FINALIZERS[kind];
      return finalizer === undefined || metadata.finalizers?.includes(finalizer) === true;
    })
  );
}

/** Everything in a tenant that can be lost, by `Kind/name`. */
export async function observe(
  client: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KubeObject>> {
  const lists = await Promise.all(KINDS.map((resource) => listOf(client, resource, { namespace, signal })));
  return new Map(lists.flat().map((object) => [`${object.kind}/${object.metadata.name}`, object]));
}

async function listOf(
  client: KubeClient,
  resource: Resource,
  options: { readonly namespace: string; readonly signal: AbortSignal },
): Promise<readonly KubeObject[]> {
  const { items } = await client.list<KubeObject>(resource, options);
  return items.map((item) => ({ ...item, kind: resource.kind }));
}

/** What differs from what has to be there, in words; and what waits for a human. */
export interface Damage {
  readonly lost: readonly string[];
  readonly held: readonly string[];
}

/** Everything is still the same object, holds its finalizer, and no Pod or volume is on its way out. */
export function assess(before: ReadonlyMap<string, KubeObject>, now: ReadonlyMap<string, KubeObject>): Damage {
  const lost: string[] = [];
  const held: string[] = [];
  for (const [key, { kind, metadata }] of before) {
    const found = now.get(key);
    const finalizer = FINALIZERS[kind];
    if (found === undefined) lost.push(`${key} is gone`);
    else if (found.metadata.uid !== metadata.uid) lost.push(`${key} is another one`);
    else if (finalizer !== undefined && found.metadata.finalizers?.includes(finalizer) !== true)
      lost.push(`${key} lost its finalizer`);
    else if (kind === 'PersistentVolumeClaim' && (found.metadata.ownerReferences ?? []).length > 0)
      lost.push(`${key} has an owner`);
    else if (found.metadata.deletionTimestamp === undefined) continue;
    else if (kind === 'Pod' || kind === 'PersistentVolumeClaim') lost.push(`${key} is being deleted`);
    else held.push(key);
  }
  return { lost, held };
}
