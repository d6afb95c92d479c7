import { CONDITIONS } from '../../src/apis/v1alpha1/conditions.ts';
import { API_VERSION, ORG_NAME } from '../../src/apis/v1alpha1/names.ts';
import { ORGS, WORKSPACES } from '../../src/apis/v1alpha1/resources.ts';
import type { Workspace } from '../../src/apis/v1alpha1/types.generated.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { type KubeObject, keyOf, keyString } from '../../src/kube/objects.ts';
import { waitFor } from '../lib/wait.ts';

export const NAMESPACE = 'fleet';
const NAMESPACES = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false } as const;
const IN_FLIGHT = 16;

/**
 * An Org with N Workspaces without templates: what is measured is the way from object to Pod, not the download. Another
 * `prefix` adds as many to the same Org.
 */
export async function createFleet(
  client: KubeClient,
  options: { readonly count: number; readonly prefix?: string; readonly signal: AbortSignal },
): Promise<void> {
  const { count, prefix, signal } = options;
  const write = { fieldManager: 'bench', signal };
  if (prefix === undefined) await createOrg(client, signal);
  const names = Array.from({ length: count }, (_, index) => `${prefix ?? 'agent'}-${String(index).padStart(5, '0')}`);
  while (names.length > 0) {
    await Promise.all(
      names.splice(0, IN_FLIGHT).map((name) => client.create(WORKSPACES, newWorkspace(name, {}), write)),
    );
  }
}

async function createOrg(client: KubeClient, signal: AbortSignal): Promise<void> {
  const write = { fieldManager: 'bench', signal };
  await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, write);
  const spec = { displayName: 'Fleet', defaults: { image: 'example.invalid/agent:1' } };
  // Policies learn of a new kind a moment after it is served, and refuse it with 503 until then.
  await waitFor(
    () =>
      client.create(ORGS, object('Org', ORG_NAME, spec), write).then(
        () => true,
        (error: unknown) => {
          if (error instanceof ApiError && error.code === 503) return false;
          throw error;
        },
      ),
    { what: 'the Org be accepted', timeoutMs: 30_000, signal },
  );
}

/** Resolves when that many Workspaces have Ready=True; watches, so that it costs the apiserver one stream. */
export async function waitUntilReady(
  client: KubeClient,
  options: { readonly count: number; readonly signal: AbortSignal },
): Promise<void> {
  const ready = new Set<string>();
  const { count, signal } = options;
  while (ready.size < count) {
    for await (const event of client.watch<Workspace & KubeObject>(WORKSPACES, {
      namespace: NAMESPACE,
      sendInitialEvents: true,
      signal,
    })) {
      if (event.type === 'BOOKMARK') continue;
      const isReady = event.object.status?.conditions?.some(
        ({ type, status }) => type === CONDITIONS.ready && status === 'True',
      );
      if (isReady === true) ready.add(keyString(keyOf(event.object)));
      if (ready.size >= count) return;
    }
  }
}

/** A Workspace of the fleet. */
export function newWorkspace(name: string, spec: object): KubeObject & { readonly spec: object } {
  return object('Workspace', name, spec);
}

function object(kind: string, name: string, spec: object): KubeObject & { readonly spec: object } {
  return { apiVersion: API_VERSION, kind, metadata: { name, namespace: NAMESPACE }, spec };
}
