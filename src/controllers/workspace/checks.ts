import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import type { Placement } from '../../rules/hierarchy.ts';
import type { Hosting } from '../../rules/runtime.ts';
import type { Blocker } from './blocker.ts';
import { type ResolvedEnvironment, resolveEnvironment } from './check-environment.ts';
import { refuseTemplate, resolveHosting } from './check-hosting.ts';
import { type Runnable, resolveRunnable, runnableVerdict } from './check-runnable.ts';
import { checkStanding, placedVerdict, placeInTree } from './check-standing.ts';
import { checkSuspension } from './check-suspension.ts';
import { resolveTemplate } from './check-template.ts';
import { type Identity, identify } from './identify.ts';
import type { WorkspaceIntent } from './intent.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

export interface Assessment {
  readonly id: string;
  readonly incarnation: string;
  readonly childName: string;
  readonly placement: Placement | undefined;
  /** Where the agent runs; only one that is hosted in a Pod has Pod, volume and template. */
  readonly hosting: Hosting;
  /** Placed, Runnable and TemplateReady, in this order; always all three. */
  readonly verdicts: readonly Verdict[];
  /** The first check that failed. */
  readonly blocker?: Blocker;
  /** Present exactly when there is no blocker and the agent is hosted in a Pod. */
  readonly intent?: WorkspaceIntent;
  /** When to look again although no watch tells of a change; absent: at the usual time. */
  readonly recheckMs?: number;
}

/** Runs the checks in order: suspension, Org, identity, place, tier, image, environment, template. Later ones still fill their verdict. */
export function assess(snapshot: WorkspaceSnapshot): Assessment {
  const { workspace, org } = snapshot;
  const identity = identify(workspace, org);
  const placement = org === undefined ? undefined : placeInTree(snapshot);
  const hosting = resolveHosting(workspace, org);
  const isInPod = hosting === 'Pod';
  const template = isInPod ? resolveTemplate(snapshot) : refuseTemplate(workspace, org);
  const runnable = isInPod ? resolveRunnable(snapshot) : {};
  const environment = isInPod ? resolveEnvironment(snapshot) : {};
  const notRunnable = runnable.blocker ?? environment.blocker;
  const standing = checkStanding(snapshot, placement, identity.id);
  const first = checkSuspension(snapshot) ?? standing ?? notRunnable ?? template.blocker;
  const blocker = first === undefined || !isForbidden(snapshot) ? first : { ...first, stopsAgent: true as const };
  const base = {
    ...identity,
    placement,
    hosting,
    verdicts: [placedVerdict(snapshot, standing), runnableVerdict(org, notRunnable), template.verdict],
    ...(environment.recheckMs === undefined ? {} : { recheckMs: environment.recheckMs }),
  };
  if (blocker !== undefined || runnable.resolved === undefined)
    return { ...base, ...(blocker === undefined ? {} : { blocker }) };
  return {
    ...base,
    intent: buildIntent(workspace, {
      identity,
      runnable: runnable.resolved,
      environment,
      template: template.resolved,
    }),
  };
}

/**
 * The right that a privileged Pod was made with is gone. It is stopped whatever keeps its successor from starting: leaving it
 * would be granting it. Without an Org nothing was taken away.
 */
function isForbidden({ pod, org }: WorkspaceSnapshot): boolean {
  return pod?.isPrivileged === true && org !== undefined && org.spec.allowPrivilegedTiers !== true;
}

function buildIntent(
  workspace: Workspace,
  parts: {
    readonly identity: Identity;
    readonly runnable: Runnable;
    readonly environment: ResolvedEnvironment;
    readonly template: WorkspaceIntent['template'] | undefined;
  },
): WorkspaceIntent {
  const { metadata, spec } = workspace;
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    ...parts.identity,
    spec,
    ...parts.runnable,
    ...(parts.environment.secretsHash === undefined ? {} : { secretsHash: parts.environment.secretsHash }),
    ...(parts.template === undefined ? {} : { template: parts.template }),
  };
}
