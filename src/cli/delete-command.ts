import { escapeConfusables } from '../rules/approval/describe.ts';
import { explainFailure } from './cluster-failure.ts';
import type { CommandContext } from './command-context.ts';
import type { Cluster } from './connect.ts';
import type { DeletionResult } from './deletion/deletion-result.ts';
import { Interruption, type Pursued, pursueDeletion } from './deletion/pursue-deletion.ts';
import { formatReference, type ObjectReference } from './object-reference.ts';
import { type ClusterFlags, clusterWords, type TextFormat } from './options.ts';
import { CLI_API_VERSION, printStructured } from './print-structured.ts';
import { createProgress } from './progress.ts';
import { WaitsForDecision } from './run-command.ts';
import type { Ours } from './standing.ts';
import { readDeadline, withCluster } from './with-cluster.ts';

export interface DeleteFlags extends ClusterFlags {
  readonly output: TextFormat;
  readonly reason: string;
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

/** `kubectl molecule delete`: asks for an approval first, so that nothing is ever held, and deletes once it is there. */
export async function deleteObject(
  reference: ObjectReference,
  flags: DeleteFlags,
  context: CommandContext,
): Promise<void> {
  const { io, signal } = context;
  const result = await withCluster(flags, context, async (cluster): Promise<DeletionResult> => {
    const object = await readTarget(reference, { cluster, flags, signal: readDeadline(signal) });
    const progress = createProgress(io, flags.color);
    const pursuit = {
      reference,
      object,
      reason: flags.reason,
      isWaiting: flags.wait === true,
      timeoutMs: flags.timeout,
      progress,
      signal,
    };
    const pursued = await pursueDeletion(cluster.client, pursuit)
      .finally(() => progress.stop())
      .catch((error: unknown) => {
        const name = error instanceof Interruption ? error.request?.metadata.name : undefined;
        if (name !== undefined) io.stderr.write(`ApprovalRequest "${name}" stays; run this again to go on\n`);
        throw error;
      });
    return describeResult(object, pursued);
  });
  if (flags.output !== 'text') printStructured(result, flags.output, io.stdout);
  const sentence = conclusion(result, { reference, flags });
  const hasFailed = result.outcome === 'TimedOut' && result.decidedBy !== null;
  if (hasFailed || result.outcome === 'Denied' || result.outcome === 'Ended') throw new Error(sentence);
  if (flags.output === 'text') io.stdout.write(`${sentence}\n`);
  if (result.outcome === 'Waiting' || result.outcome === 'TimedOut') throw new WaitsForDecision(sentence);
}

interface Source {
  readonly cluster: Cluster;
  readonly flags: ClusterFlags;
  readonly signal: AbortSignal;
}

async function readTarget({ resource, name }: ObjectReference, { cluster, flags, signal }: Source): Promise<Ours> {
  const namespace = flags.namespace ?? cluster.namespace;
  try {
    return await cluster.client.get<Ours>(resource, { namespace, name }, { signal });
  } catch (error) {
    throw explainFailure(error, {
      what: `delete ${resource.kind} ${namespace}/${name}`,
      right: `the right to get ${resource.plural} in namespace "${namespace}"`,
      whenMissing: `see what is there: kubectl get ${resource.plural} -n ${namespace}`,
    });
  }
}

function describeResult({ kind, metadata }: Ours, { outcome, request }: Pursued): DeletionResult {
  const { namespace = '', name, uid = '' } = metadata;
  const { decision } = request?.spec ?? {};
  return {
    apiVersion: CLI_API_VERSION,
    kind: 'DeletionResult',
    object: { kind, namespace, name, uid },
    outcome,
    request: request?.metadata.name ?? null,
    message: request?.status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? null,
    decidedBy: decision?.by ?? null,
    reason: decision?.reason ?? null,
  };
}

function conclusion(
  { object, outcome, request, message, decidedBy, reason }: DeletionResult,
  { reference, flags }: { readonly reference: ObjectReference; readonly flags: ClusterFlags },
): string {
  const subject = `${object.kind} ${object.namespace}/${object.name}`;
  const where = clusterWords(flags, object.namespace);
  const show = `kubectl molecule approvals show ${request} ${where}`;
  const status = `kubectl molecule status ${formatReference(reference)} ${where}`;
  switch (outcome) {
    case 'Waiting': {
      if (request === null) return `${subject} waits for the operator to ask for an approval; see: ${status}`;
      if (decidedBy !== null) return `ApprovalRequest "${request}" is approved; run this again to delete ${subject}`;
      return `${subject} waits for somebody else to decide ApprovalRequest "${request}", who looks at it with: ${show}; run this again once it is approved`;
    }
    case 'TimedOut':
      return request === null || decidedBy === null
        ? `${subject} still waits for a decision, and ApprovalRequest "${request}" stays; run this again to go on`
        : `${subject} is approved by "${escapeConfusables(decidedBy)}" and not gone yet; see: ${status}`;
    case 'Deleting':
      return `${subject} is being deleted; see: ${status}`;
    case 'Gone':
      return `${subject} is gone`;
    case 'Denied': {
      const why = reason === null ? 'without a reason' : `with the reason "${escapeConfusables(reason)}"`;
      return `${subject} stays: "${escapeConfusables(decidedBy ?? '')}" denied its deletion, ${why}`;
    }
    case 'Ended':
      return `${subject} stays: ApprovalRequest "${request}" came to its end: ${message ?? 'it says no reason'}; run this again to ask once more`;
    default:
      return outcome satisfies never;
  }
}
