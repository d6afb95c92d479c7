import { ANNOTATIONS } from '../apis/v1alpha1/names.ts';
import type { ObjectKey } from '../kube/objects.ts';
import { explainFailure } from './cluster-failure.ts';
import type { CommandContext } from './command-context.ts';
import { type ClusterClient, FIELD_MANAGER } from './connect.ts';
import { formatReference, type ObjectReference } from './object-reference.ts';
import type { ClusterFlags, TextFormat } from './options.ts';
import { CLI_API_VERSION, printStructured } from './print-structured.ts';
import { createProgress } from './progress.ts';
import { explain } from './standing.ts';
import type { SyncResult } from './sync/sync-result.ts';
import { waitForPass } from './sync/wait-for-pass.ts';
import { readDeadline, withCluster } from './with-cluster.ts';

export interface SyncFlags extends ClusterFlags {
  readonly output: TextFormat;
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

/** `kubectl molecule sync`: asks the operator for a pass over one object now, and can wait for what comes of it. */
export async function syncObject(reference: ObjectReference, flags: SyncFlags, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const requestedAt = context.now().toISOString();
  const result = await withCluster(flags, context, async ({ client, namespace }): Promise<SyncResult> => {
    const key = { namespace: flags.namespace ?? namespace, name: reference.name };
    await requestPass(client, { reference, key, requestedAt, signal: readDeadline(signal) });
    const base = { apiVersion: CLI_API_VERSION, kind: 'SyncResult', requestedAt } as const;
    const object = { kind: reference.resource.kind, ...key };
    if (flags.wait !== true) return { ...base, object, outcome: 'Requested', state: null, reason: null, message: null };
    const progress = createProgress(io, flags.color);
    const pass = { resource: reference.resource, key, requestedAt, timeoutMs: flags.timeout, progress, signal };
    const { outcome, standing } = await waitForPass(client, pass).finally(() => progress.stop());
    return { ...base, object, outcome, ...standing };
  });
  if (flags.output !== 'text') printStructured(result, flags.output, io.stdout);
  const sentence = conclusion(result, { reference, timeoutMs: flags.timeout });
  if (result.outcome === 'Failed' || result.outcome === 'TimedOut') throw new Error(sentence);
  if (flags.output === 'text') io.stdout.write(`${sentence}\n`);
}

interface Request {
  readonly reference: ObjectReference;
  readonly key: ObjectKey;
  readonly requestedAt: string;
  readonly signal: AbortSignal;
}

async function requestPass(client: ClusterClient, { reference, key, requestedAt, signal }: Request): Promise<void> {
  const { kind, plural } = reference.resource;
  const body = { metadata: { annotations: { [ANNOTATIONS.requestedAt]: requestedAt } } };
  try {
    await client.patch(reference.resource, key, body, { fieldManager: FIELD_MANAGER, signal });
  } catch (error) {
    throw explainFailure(error, {
      what: `ask for a pass over ${kind} ${key.namespace}/${key.name}`,
      right: `the right to patch ${plural} in namespace "${key.namespace}"`,
      whenMissing: `see what is there: kubectl get ${plural} -n ${key.namespace}`,
    });
  }
}

function conclusion(
  { object, outcome, requestedAt, ...standing }: SyncResult,
  { reference, timeoutMs }: { readonly reference: ObjectReference; readonly timeoutMs: number },
): string {
  const name = `${object.kind} ${object.namespace}/${object.name}`;
  const status = `kubectl molecule status ${formatReference(reference)} -n ${object.namespace}`;
  switch (outcome) {
    case 'Requested':
      return `${name}: a pass is asked for (${requestedAt}); see what comes of it: ${status}`;
    case 'Done':
      return `${name} is ready: ${explain(standing)}`;
    case 'Failed':
      return `${name} is not ready: ${explain(standing)}; see more: ${status}`;
    case 'TimedOut':
      return `${name} is not ready after ${timeoutMs / 1000} s: ${explain(standing)}; see more: ${status}`;
    default:
      return outcome satisfies never;
  }
}
