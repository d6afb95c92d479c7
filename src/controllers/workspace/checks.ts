import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import type { Placement } from '../../rules/hierarchy.ts';
import type { Blocker } from './blocker.ts';
import { type Runnable, resolveRunnable } from './check-runnable.ts';
import { checkStanding, placedVerdict, placeInTree } from './check-standing.ts';
import { checkSuspension } from './check-suspension.ts';
import { resolveTemplate } from './check-template.ts';
import type { WorkspaceIntent } from './desired.ts';
import { type Identity, identify } from './identify.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

export interface Assessment {
  readonly id: string;
  readonly incarnation: string;
  readonly childName: string;
  readonly placement: Placement | undefined;
  /** Placed and TemplateReady, in this order; always both. */
  readonly verdicts: readonly Verdict[];
  /** The first check that failed. */
  readonly blocker?: Blocker;
  /** Present exactly when there is no blocker. */
  readonly intent?: WorkspaceIntent;
}

/** Runs the checks in order: Org, place, identity, suspension, tier, image, template. Later ones still fill their verdict. */
export function assess(snapshot: WorkspaceSnapshot): Assessment {
  const { workspace, org } = snapshot;
  const identity = identify(workspace, org);
  const placement = org === undefined ? undefined : placeInTree(snapshot);
  const template = resolveTemplate(snapshot);
  const runnable = resolveRunnable(workspace, org);
  const standing = checkStanding(snapshot, placement, identity.id);
  const blocker = standing ?? checkSuspension(workspace) ?? runnable.blocker ?? template.blocker;
  const base = { ...identity, placement, verdicts: [placedVerdict(standing), template.verdict] };
  if (blocker !== undefined || runnable.resolved === undefined)
    return { ...base, ...(blocker === undefined ? {} : { blocker }) };
  return {
    ...base,
    intent: buildIntent(workspace, { identity, runnable: runnable.resolved, template: template.resolved }),
  };
}

function buildIntent(
  workspace: Workspace,
  parts: {
    readonly identity: Identity;
    readonly runnable: Runnable;
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
    ...(parts.template === undefined ? {} : { template: parts.template }),
  };
}
