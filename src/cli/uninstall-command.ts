import type { KubeObject } from '../kube/objects.ts';
import { explainFailure } from './cluster-failure.ts';
import type { CommandContext } from './command-context.ts';
import { type ClusterClient, FIELD_MANAGER } from './connect.ts';
import type { CommandIO } from './io.ts';
import type { ClusterFlags, TextFormat } from './options.ts';
import { CLI_API_VERSION, printStructured } from './print-structured.ts';
import { createProgress } from './progress.ts';
import { readLine } from './read-line.ts';
import { describe } from './uninstall/kinds.ts';
import { type PlannedStep, planned, renderPlan } from './uninstall/render-plan.ts';
import { findDyingVolumes, STEPS, type StepSource } from './uninstall/steps.ts';
import { takeStep } from './uninstall/take-step.ts';
import { withCluster } from './with-cluster.ts';

export interface UninstallFlags extends Omit<ClusterFlags, 'namespace'> {
  readonly output: TextFormat;
  readonly keepData?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  /** Milliseconds, for each step. */
  readonly timeout: number;
}

interface UninstallReport {
  readonly apiVersion: string;
  readonly kind: 'UninstallReport';
  readonly isDryRun: boolean;
  /** What there was to do. */
  readonly steps: readonly PlannedStep[];
  /** Volumes that were being deleted already and therefore kept our finalizer. */
  readonly stillHeld: readonly string[];
}

const WITHOUT_KEEP_DATA =
  'Cannot uninstall without --keep-data: nothing erases the data of agents but an approved deletion; either keep the volumes with --keep-data, or delete each Org first (kubectl molecule delete org/org -n NAMESPACE --reason WHY), wait until its volumes have expired, and uninstall then';

const RIGHT = 'the role cluster-admin';

/**
 * `kubectl molecule uninstall --keep-data`: takes the operator, its policies and its kinds away and leaves the volumes. Shows what it
 * will do and asks; run again after an interruption it goes on.
 */
export async function uninstall(flags: UninstallFlags, context: CommandContext): Promise<void> {
  if (flags.keepData !== true) throw new Error(WITHOUT_KEEP_DATA);
  const { io, signal, now } = context;
  await withCluster(flags, context, async ({ client, server }) => {
    const source = { client, now, signal };
    try {
      await requireAllRights(client, signal);
      const steps = await Promise.all(STEPS.map(async (step) => planned(step, await step.find(source))));
      if (flags.output === 'text') printLines(io, renderPlan(steps, server));
      if (flags.dryRun !== true) {
        await confirm(flags, context);
        await takeSteps(source, { flags, io });
      }
      conclude(flags, io, { steps, stillHeld: await namesOfDying(source) });
    } catch (error) {
      throw explainFailure(error, { what: 'uninstall', right: RIGHT });
    }
  });
}

async function takeSteps(
  source: StepSource,
  { flags, io }: { readonly flags: UninstallFlags; readonly io: CommandIO },
): Promise<void> {
  const progress = createProgress(io, flags.color);
  try {
    for (const [index, step] of STEPS.entries()) {
      progress.report(`${index + 1}/${STEPS.length} ${step.title}`);
      await takeStep(step, { ...source, timeoutMs: flags.timeout });
    }
  } finally {
    progress.stop();
  }
}

/** Half an uninstallation by somebody who may do only half of it helps nobody. */
async function requireAllRights(client: ClusterClient, signal: AbortSignal): Promise<void> {
  const review = await client.create<KubeObject & { readonly status?: { readonly allowed?: boolean } }>(
    REVIEWS,
    {
      apiVersion: 'authorization.k8s.io/v1',
      kind: REVIEWS.kind,
      metadata: { name: '' },
      ...{ spec: { resourceAttributes: { verb: '*', group: '*', resource: '*' } } },
    },
    { fieldManager: FIELD_MANAGER, signal },
  );
  if (review.status?.allowed !== true) throw new Error(`Cannot uninstall: you may not do everything; ask for ${RIGHT}`);
}

const REVIEWS = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
  namespaced: false,
} as const;

async function confirm({ yes }: UninstallFlags, { io, signal }: CommandContext): Promise<void> {
  if (yes === true) return;
  if (io.stdin?.isTTY !== true)
    throw new Error('Cannot ask anybody whether to go on; add --yes, or look first with --dry-run');
  io.stderr.write('Type uninstall to go on: ');
  if ((await readLine(io.stdin, signal)) !== 'uninstall') throw new Error('Nothing was changed');
}

async function namesOfDying(source: StepSource): Promise<readonly string[]> {
  return (await findDyingVolumes(source)).map(({ resource, object }) => describe(resource, object.metadata)).toSorted();
}

function conclude(
  { output, dryRun = false }: UninstallFlags,
  io: CommandIO,
  rest: Pick<UninstallReport, 'steps' | 'stillHeld'>,
): void {
  const report: UninstallReport = {
    apiVersion: CLI_API_VERSION,
    kind: 'UninstallReport',
    isDryRun: dryRun,
    ...rest,
  };
  if (output !== 'text') {
    printStructured(report, output, io.stdout);
    return;
  }
  const held = report.stillHeld.map(
    (name) =>
      `${name} was deleted by somebody already; it keeps its finalizer, because it would go with its data otherwise`,
  );
  printLines(io, [...held, dryRun ? 'Nothing was changed (--dry-run)' : 'Uninstalled; the volumes are still there']);
}

function printLines(io: CommandIO, lines: readonly string[]): void {
  io.stdout.write(lines.map((line) => `${line}\n`).join(''));
}
