import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { describeRecord } from '../../rules/approval/describe.ts';
import type { CommandContext } from '../command-context.ts';
import { type ClusterFlags, clusterWords, type TextFormat } from '../options.ts';
import { CLI_API_VERSION, printStructured } from '../print-structured.ts';
import { readDeadline, withCluster } from '../with-cluster.ts';
import { type ApprovalView, viewOf } from './approval-view.ts';
import { readApproval } from './read-approval.ts';
import { renderApproval } from './render-approval.ts';
import { objectionsTo } from './trust.ts';

export interface ShowFlags extends ClusterFlags {
  readonly output: TextFormat;
}

/** What `kubectl molecule approvals show -o json` and `-o yaml` print: members are added, never renamed or removed. */
export interface ApprovalDetails extends ApprovalView {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'ApprovalDetails';
  readonly record: ApprovalRequest['spec']['record'] | null;
  /** The record in words; null while there is none. */
  readonly text: string | null;
  /** What speaks against the record; it is to be trusted when nothing does. */
  readonly objections: readonly string[];
  readonly plan: NonNullable<ApprovalRequest['status']>['plan'] | null;
}

/** `kubectl molecule approvals show`: reads one request and believes nothing but what its record and hash say together. */
export async function showApproval(name: string, flags: ShowFlags, context: CommandContext): Promise<void> {
  const { io, now, signal } = context;
  const { request, namespace } = await withCluster(flags, context, async ({ client, namespace: ownNamespace }) => {
    const namespace = flags.namespace ?? ownNamespace;
    return { namespace, request: await readApproval(client, { namespace, name }, readDeadline(signal)) };
  });
  const objections = objectionsTo(request);
  if (flags.output === 'text') {
    const lines = renderApproval(request, { now: now(), flags: clusterWords(flags, namespace), objections });
    io.stdout.write(lines.map((line) => `${line}\n`).join(''));
  } else {
    printStructured(detailsOf(request, objections), flags.output, io.stdout);
  }
  if (objections.length > 0) throw distrust(request, objections);
}

/** Why nothing may be approved on the word of this request. */
export function distrust({ metadata }: ApprovalRequest, objections: readonly string[]): Error {
  const words = objections.join('; ');
  return new Error(
    `ApprovalRequest "${metadata.name}" is not to be trusted: ${words}; deny it, and see who wrote it: kubectl get approvalrequest ${metadata.name} -n ${metadata.namespace} -o yaml --show-managed-fields`,
  );
}

function detailsOf(request: ApprovalRequest, objections: readonly string[]): ApprovalDetails {
  const { record } = request.spec;
  return {
    apiVersion: CLI_API_VERSION,
    kind: 'ApprovalDetails',
    ...viewOf(request),
    record: record ?? null,
    text: record === undefined ? null : describeRecord(record),
    objections,
    plan: request.status?.plan ?? null,
  };
}
