/**
 * Setup file of the integration and e2e projects: watches every Org, Workspace and TemplateAsset of the cluster while a test
 * file runs, and fails the file when the operator has ever written a status that breaks a rule of `src/conditions/conformance.ts`
 * or that says a reason which is not in the list. A status that a test wrote by hand is none of ours and is passed over.
 */
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { REASONS } from '../../src/apis/v1alpha1/reasons.ts';
import { ORGS, TEMPLATE_ASSETS, WORKSPACES } from '../../src/apis/v1alpha1/resources.ts';
import { findConformanceFaults, type StatusBearer } from '../../src/conditions/conformance.ts';
import { type KubeObject, keyOf, keyString } from '../../src/kube/objects.ts';
import { type OpenClient, openKubeClient } from '../../src/kube/open-client.ts';

type Judged = KubeObject & StatusBearer;

const KINDS = [ORGS, WORKSPACES, TEMPLATE_ASSETS];
const KNOWN_REASONS: ReadonlySet<string> = new Set(Object.values(REASONS));

const stop = new AbortController();
const faults = new Set<string>();
let cluster: OpenClient | undefined;
let watching: readonly Promise<void>[] = [];

beforeAll(() => {
  const kubeconfig = inject('controlPlane')?.adminKubeconfig ?? inject('environment')?.cluster.kubeconfig;
  cluster = openKubeClient({ kubeconfig, userAgent: 'conformance' });
  watching = KINDS.map((resource) => watch(resource));
});

afterAll(async () => {
  const { signal } = new AbortController();
  for (const resource of KINDS) {
    const { items } = (await cluster?.client.list<Judged>(resource, { signal })) ?? { items: [] };
    for (const object of items) judge(object, undefined);
  }
  stop.abort();
  await Promise.all(watching);
  cluster?.client.close();
  expect([...faults].sort(), 'what the operator wrote into status').toEqual([]);
});

async function watch(resource: (typeof KINDS)[number]): Promise<void> {
  const before = new Map<string, Judged>();
  while (!stop.signal.aborted) {
    try {
      const options = { sendInitialEvents: true, timeoutSeconds: 300, signal: stop.signal };
      for await (const event of cluster?.client.watch<Judged>(resource, options) ?? []) {
        if (event.type === 'BOOKMARK') continue;
        const key = keyString(keyOf(event.object));
        if (event.type !== 'DELETED') judge(event.object, before.get(key));
        before.set(key, event.object);
      }
    } catch (error) {
      if (!stop.signal.aborted) faults.add(`the watch of ${resource.kind} broke: ${String(error)}`);
      return;
    }
  }
}

/** An edit by somebody makes a status outdated; only one that was written anew has to be about the present generation. */
function judge(object: Judged, before: Judged | undefined): void {
  if (object.status?.conditions === undefined || !isOurs(object)) return;
  const isFresh = before !== undefined && JSON.stringify(before.status) !== JSON.stringify(object.status);
  const unknown = object.status.conditions.filter(({ reason }) => !KNOWN_REASONS.has(reason));
  for (const fault of [
    ...findConformanceFaults(object, { isFresh }),
    ...unknown.map(({ reason }) => `the reason ${reason} is not in reasons.ts`),
  ])
    faults.add(`${object.kind} ${keyString(keyOf(object))}: ${fault}`);
}

function isOurs({ metadata }: Judged): boolean {
  const { managedFields = [] } = metadata as Judged['metadata'] & {
    readonly managedFields?: readonly { readonly manager: string; readonly subresource?: string }[];
  };
  const writers = managedFields.filter(({ subresource }) => subresource === 'status').map(({ manager }) => manager);
  return writers.length > 0 && writers.every((manager) => manager.startsWith('molecule-operator-'));
}
