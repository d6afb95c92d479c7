import { APPROVAL_REQUESTS } from '../../apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { isConflict } from '../../kube/errors.ts';
import { keyString } from '../../kube/objects.ts';
import { escapeConfusables } from '../../rules/approval/describe.ts';
import { isFinal } from '../../rules/approval/lifecycle.ts';
import { explainRefusal } from '../cluster-failure.ts';
import type { CommandContext } from '../command-context.ts';
import { type Cluster, FIELD_MANAGER } from '../connect.ts';
import { formatKindName } from '../object-reference.ts';
import { type ClusterFlags, clusterWords, type TextFormat } from '../options.ts';
import { readOwnUserName } from '../own-user.ts';
import { CLI_API_VERSION, printStructured } from '../print-structured.ts';
import { readDeadline, withCluster } from '../with-cluster.ts';
import { confirmHash } from './confirm-hash.ts';
import { readApproval } from './read-approval.ts';
import { renderApproval } from './render-approval.ts';
import { distrust } from './show-command.ts';
import { objectionsTo } from './trust.ts';

export type Verdict = 'Approved' | 'Denied';

export interface DecideFlags extends ClusterFlags {
  readonly output: TextFormat;
  readonly hash?: string;
  readonly reason?: string;
}

/** What `kubectl molecule approvals approve` and `deny` print with -o json and -o yaml: members are added, never renamed or removed. */
export interface ApprovalDecision {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'ApprovalDecision';
  readonly namespace: string;
  readonly name: string;
  readonly verdict: Verdict;
  readonly hash: string;
  readonly by: string;
  readonly reason: string | null;
  /** False when it had been decided so before. */
  readonly isNew: boolean;
}

/** The operator writes the status of the same object; what is decided about does not change by that. */
const ATTEMPTS = 5;

interface Choice {
  readonly name: string;
  readonly verdict: Verdict;
}

/** `kubectl molecule approvals approve` and `deny`: says one word about exactly the record that was looked at. */
export async function decideApproval(choice: Choice, flags: DecideFlags, context: CommandContext): Promise<void> {
  const { io } = context;
  const { request, decision } = await withCluster(flags, context, (cluster) =>
    decide(choice, { cluster, flags, context }),
  );
  if (flags.output !== 'text') {
    printStructured(decision, flags.output, io.stdout);
    return;
  }
  const { namespace, name, verdict, by, isNew, hash } = decision;
  const { kind, name: target } = request.spec.target;
  const next = `kubectl molecule status ${formatKindName(kind, target)} ${clusterWords(flags, namespace)}`;
  const said = isNew ? verdict : `${verdict} already,`;
  io.stdout.write(
    `ApprovalRequest ${namespace}/${name} is ${said} by "${escapeConfusables(by)}", hash ${hash}; see what comes of it: ${next}\n`,
  );
}

interface Setting {
  readonly cluster: Cluster;
  readonly flags: DecideFlags;
  readonly context: CommandContext;
}

interface Decided {
  readonly request: ApprovalRequest;
  readonly decision: ApprovalDecision;
}

async function decide({ name, verdict }: Choice, { cluster, flags, context }: Setting): Promise<Decided> {
  const { client } = cluster;
  const key = { namespace: flags.namespace ?? cluster.namespace, name };
  let confirmed = flags.hash;
  for (let attempt = 1; ; attempt += 1) {
    const request = await readApproval(client, key, readDeadline(context.signal));
    const earlier = earlierDecision(request, verdict);
    if (earlier !== undefined) return { request, decision: describeDecision(request, { ...earlier, isNew: false }) };
    const hash = decidableHash(request, verdict);
    if (verdict === 'Approved') confirmed = await confirm(request, { hash, confirmed, flags, context });
    const signal = readDeadline(context.signal);
    const by = await readOwnUserName(client, signal);
    const decision = { verdict, hash, by, ...(flags.reason === undefined ? {} : { reason: flags.reason }) };
    const { uid = '', resourceVersion = '' } = request.metadata;
    const body = { metadata: { uid, resourceVersion }, spec: { decision } };
    try {
      await client.patch(APPROVAL_REQUESTS, key, body, { fieldManager: FIELD_MANAGER, signal });
      return { request, decision: describeDecision(request, { ...decision, isNew: true }) };
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS)
        throw explainRefusal(error, {
          what: `decide ApprovalRequest ${keyString(key)}`,
          right: 'the right to patch approvalrequests',
          whenMissing: `see what is there: kubectl molecule approvals list -n ${key.namespace}`,
        });
    }
  }
}

type Given = NonNullable<ApprovalRequest['spec']['decision']>;

function describeDecision(
  { metadata }: ApprovalRequest,
  { verdict, hash, by, reason, isNew }: Given & { readonly isNew: boolean },
): ApprovalDecision {
  const { namespace = '', name } = metadata;
  const base = { apiVersion: CLI_API_VERSION, kind: 'ApprovalDecision' } as const;
  return { ...base, namespace, name, verdict, hash, by, reason: reason ?? null, isNew };
}

/** The same decision once more is what is wanted; rejects with who decided otherwise. */
function earlierDecision({ metadata, spec: { decision } }: ApprovalRequest, verdict: Verdict): Given | undefined {
  if (decision === undefined || decision.verdict === verdict) return decision;
  const reason = decision.reason === undefined ? '' : `, with the reason "${escapeConfusables(decision.reason)}"`;
  throw new Error(
    `ApprovalRequest "${metadata.name}" was ${decision.verdict} by "${escapeConfusables(decision.by)}" already${reason}; a decision is final: to decide otherwise, let the operation be asked for again`,
  );
}

/** A record that does not hold what it says can be denied, and never approved. */
function decidableHash(request: ApprovalRequest, verdict: Verdict): string {
  const { metadata, spec, status } = request;
  if (isFinal(status?.phase))
    throw new Error(`ApprovalRequest "${metadata.name}" is ${status?.phase}: there is nothing left to decide`);
  if (spec.hash === undefined)
    throw new Error(
      `ApprovalRequest "${metadata.name}" does not say yet what would be lost; wait until the operator has recorded it`,
    );
  const objections = objectionsTo(request);
  if (verdict === 'Approved' && objections.length > 0) throw distrust(request, objections);
  return spec.hash;
}

interface Confirmation extends Omit<Setting, 'cluster'> {
  readonly hash: string;
  readonly confirmed: string | undefined;
}

/** The hash that was looked at, or as much of it as was given; without any it is shown and asked for. */
async function confirm(request: ApprovalRequest, { hash, confirmed, flags, context }: Confirmation): Promise<string> {
  const { io, now, signal } = context;
  const { namespace = '', name } = request.metadata;
  const where = clusterWords(flags, namespace);
  if (confirmed !== undefined) {
    if (hash.startsWith(confirmed)) return confirmed;
    throw new Error(
      `The hash of ApprovalRequest "${name}" does not begin with ${confirmed}, so something else was looked at; look again: kubectl molecule approvals show ${name} ${where}`,
    );
  }
  const { stdin } = io;
  if (stdin === undefined) throw new Error('Cannot ask anybody to confirm the hash; give --hash');
  const lines = renderApproval(request, { now: now(), flags: where, objections: [] });
  io.stderr.write(lines.map((line) => `${line}\n`).join(''));
  await confirmHash(hash, { input: stdin, io, signal });
  return hash;
}
