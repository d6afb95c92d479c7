import { ORG_NAME } from '../apis/v1alpha1/names.ts';
import { ORGS } from '../apis/v1alpha1/resources.ts';
import type { Org } from '../apis/v1alpha1/types.generated.ts';
import { describeEffects, escapeConfusables } from '../rules/approval/describe.ts';
import type { Loss } from '../rules/approval/record.ts';
import { explainFailure } from './cluster-failure.ts';
import type { CommandContext } from './command-context.ts';
import type { Cluster } from './connect.ts';
import { type Dependant, type PlanFacts, readPlan } from './deletion/read-plan.ts';
import { formatKindName, formatReference, type ObjectReference } from './object-reference.ts';
import { type ClusterFlags, clusterWords, type TextFormat } from './options.ts';
import { CLI_API_VERSION, printStructured } from './print-structured.ts';
import { find, foundValue } from './read-object.ts';
import { readDeadline, withCluster } from './with-cluster.ts';

export interface PlanFlags extends ClusterFlags {
  readonly output: TextFormat;
}

/** What `kubectl molecule plan delete -o json` and `-o yaml` print: members are added, never renamed or removed; null means not known. */
export interface DeletionPlan {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'DeletionPlan';
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string; readonly uid: string };
  /** Hold: a DELETE is accepted and waits. Refuse: it is refused until it is approved. */
  readonly mode: 'Hold' | 'Refuse' | null;
  /** By name. */
  readonly losses: readonly (Loss & { readonly size: string | null })[];
  /** Names of Workspaces that stay, without their template or their parent. */
  readonly affected: readonly string[];
  /** How long the volumes are kept. */
  readonly retention: string;
  readonly dependants: readonly Dependant[];
  /** Kinds that this user may not read, so that nothing is said of them. */
  readonly unread: readonly string[];
}

/** `kubectl molecule plan delete`: reads what the operator would record for an approver. Changes nothing. */
export async function planDeletion(
  reference: ObjectReference,
  flags: PlanFlags,
  context: CommandContext,
): Promise<void> {
  const { io, signal } = context;
  const plan = await withCluster(flags, context, (cluster) =>
    readDeletionPlan(reference, { cluster, flags, signal: readDeadline(signal) }),
  );
  if (flags.output === 'text') {
    const lines = renderPlan(plan, { reference, where: clusterWords(flags, plan.object.namespace) });
    io.stdout.write(lines.map((line) => `${line}\n`).join(''));
    return;
  }
  printStructured(plan, flags.output, io.stdout);
}

interface Source {
  readonly cluster: Cluster;
  readonly flags: ClusterFlags;
  readonly signal: AbortSignal;
}

async function readDeletionPlan(reference: ObjectReference, { cluster, flags, signal }: Source): Promise<DeletionPlan> {
  const { client } = cluster;
  const { kind, plural } = reference.resource;
  const namespace = flags.namespace ?? cluster.namespace;
  try {
    const [facts, org] = await Promise.all([
      readPlan(reference, { client, namespace, signal }),
      find(client.get<Org>(ORGS, { namespace, name: ORG_NAME }, { signal })),
    ]);
    if (facts !== undefined) return planOf(facts, modeOf(foundValue(org)));
  } catch (error) {
    throw explainFailure(error, {
      what: `plan the deletion of ${kind} ${namespace}/${reference.name}`,
      right: `the right to get and list orgs, workspaces and templateassets in namespace "${namespace}"`,
    });
  }
  throw new Error(
    `Cannot plan the deletion of ${kind} ${namespace}/${reference.name}: it does not exist; see what is there: kubectl get ${plural} -n ${namespace}`,
  );
}

/** As the schema has it for an Org that does not say. */
function modeOf(org: Org | undefined): DeletionPlan['mode'] {
  return org === undefined ? null : (org.spec.approvals?.mode ?? 'Hold');
}

function planOf({ operation, sizes, dependants, unread }: PlanFacts, mode: DeletionPlan['mode']): DeletionPlan {
  const { kind, namespace, name, uid, retention } = operation;
  const losses = operation.losses
    .map((loss) => ({ ...loss, size: sizes.get(loss.claimName ?? '') ?? null }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const affected = [...operation.affected].sort();
  return {
    apiVersion: CLI_API_VERSION,
    kind: 'DeletionPlan',
    object: { kind, namespace, name, uid },
    mode,
    losses,
    affected,
    retention,
    dependants,
    unread,
  };
}

interface RenderOptions {
  readonly reference: ObjectReference;
  readonly where: string;
}

function renderPlan(plan: DeletionPlan, { reference, where }: RenderOptions): readonly string[] {
  const { object, mode, dependants, unread } = plan;
  const sizes = plan.losses.flatMap(({ claimName, size }) =>
    claimName === undefined || size === null
      ? []
      : [`- claim ${escapeConfusables(claimName)} has ${escapeConfusables(size)}`],
  );
  const owned = dependants.map(({ kind, name }) => `- ${escapeConfusables(formatKindName(kind, name))}`);
  const ask = `kubectl molecule delete ${formatReference(reference)} ${where} --reason TEXT --wait`;
  return [
    `A deletion of ${object.kind} ${object.namespace}/${object.name} would do this, after an approval and not before:`,
    '',
    ...describeEffects({ ...plan, kind: object.kind, name: object.name }).split('\n'),
    ...(sizes.length === 0 ? [] : ['', 'Sizes:', ...sizes]),
    ...(owned.length === 0 ? [] : ['', 'Objects of others go too, because something lost is their owner:', ...owned]),
    ...(unread.length === 0 ? [] : ['', `You may not read, so nothing is said of: ${unread.join(', ')}`]),
    '',
    ...howItGoes(mode),
    `To ask for it: ${ask}`,
  ];
}

function howItGoes(mode: DeletionPlan['mode']): readonly string[] {
  switch (mode) {
    case 'Refuse':
      return ['The Org refuses deletions: kubectl delete is turned down until the deletion is approved.'];
    case 'Hold':
      return [
        'The Org holds deletions: kubectl delete is accepted and waits, and the agent runs on until somebody approves.',
      ];
    case null:
      return ['How the Org takes deletions is not known, because it is not there or may not be read.'];
    default:
      return mode satisfies never;
  }
}
