import { APPROVAL_REQUESTS } from '../../apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { escapeConfusables } from '../../rules/approval/describe.ts';
import { isFinal } from '../../rules/approval/lifecycle.ts';
import { age, timeLeft } from '../age.ts';
import { explainFailure } from '../cluster-failure.ts';
import type { CommandContext } from '../command-context.ts';
import { listAll } from '../list-all.ts';
import { formatKindName } from '../object-reference.ts';
import type { ClusterFlags, TableFormat } from '../options.ts';
import { CLI_API_VERSION, printStructured } from '../print-structured.ts';
import { styleOf } from '../style.ts';
import { alignRows, cut } from '../text.ts';
import { readDeadline, withCluster } from '../with-cluster.ts';
import { type ApprovalList, type ApprovalView, viewOf } from './approval-view.ts';
import { shortHash } from './hash-prefix.ts';

export interface ListFlags extends ClusterFlags {
  readonly allNamespaces?: boolean;
  readonly all?: boolean;
  readonly output: TableFormat;
}

/** What a human can do something about comes first, of that the oldest. */
const ORDER: readonly ApprovalView['phase'][] = ['Pending', 'New', 'Approved'];

/** `kubectl molecule approvals list`: one list. Reads only. */
export async function listApprovals(flags: ListFlags, context: CommandContext): Promise<void> {
  const { io, now } = context;
  const { where, requests } = await withCluster(flags, context, async ({ client, namespace: ownNamespace }) => {
    const namespace = flags.allNamespaces === true ? undefined : (flags.namespace ?? ownNamespace);
    const options = { signal: readDeadline(context.signal), ...(namespace === undefined ? {} : { namespace }) };
    const where = namespace === undefined ? 'any namespace' : `namespace "${namespace}"`;
    const found = await listAll<ApprovalRequest>(client, APPROVAL_REQUESTS, options).catch((error: unknown) => {
      throw explainFailure(error, {
        what: 'read the ApprovalRequests',
        right: `the right to list approvalrequests in ${namespace === undefined ? 'all namespaces, or name one with -n' : where}`,
      });
    });
    return { where, requests: found };
  });
  const items = requests
    .filter(({ status }) => flags.all === true || !isFinal(status?.phase))
    .map(viewOf)
    .sort(byUrgency);
  if (items.length === 0)
    io.stderr.write(`No request ${flags.all === true ? 'found' : 'waits for a decision'} in ${where}\n`);
  if (flags.output === 'json' || flags.output === 'yaml') {
    const list: ApprovalList = { apiVersion: CLI_API_VERSION, kind: 'ApprovalList', items };
    printStructured(list, flags.output, io.stdout);
    return;
  }
  const style = styleOf(io.stdout, { env: io.env, isColorWanted: flags.color });
  const lines = tableLines(items, { flags, now: now() });
  io.stdout.write(lines.map((line) => `${flags.output === 'wide' ? line : cut(line, style)}\n`).join(''));
}

function byUrgency(a: ApprovalView, b: ApprovalView): number {
  return urgency(a) < urgency(b) ? -1 : 1;
}

/** Text that sorts as what it is made from. */
function urgency({ phase, createdAt, namespace, name }: ApprovalView): string {
  const index = ORDER.indexOf(phase);
  return [index < 0 ? ORDER.length : index, createdAt ?? '', namespace, name].join(' ');
}

function tableLines(
  items: readonly ApprovalView[],
  { flags, now }: { readonly flags: ListFlags; readonly now: Date },
): readonly string[] {
  if (items.length === 0) return [];
  const isWide = flags.output === 'wide';
  const everywhere = flags.allNamespaces === true;
  const header = [
    ...(everywhere ? ['NAMESPACE'] : []),
    ...['NAME', 'PHASE', 'ACTION', 'OBJECT', 'ASKED BY', 'EXPIRES', 'AGE'],
    ...(isWide ? ['HASH', 'DECIDED BY', 'REASON'] : []),
  ];
  const rows = items.map((item) => [
    ...(everywhere ? [item.namespace] : []),
    item.name,
    item.phase,
    item.action,
    formatKindName(item.target.kind, item.target.name),
    (item.askers.length === 0 ? [item.requestedBy] : item.askers).join(', '),
    timeLeft(item.expiresAt, now),
    age(item.createdAt, now),
    ...(isWide ? [item.hash === null ? '-' : shortHash(item.hash), item.decision?.by ?? '-', item.reason ?? '-'] : []),
  ]);
  return alignRows([header, ...rows.map((row) => row.map(escapeConfusables))]);
}
