import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { ORG_NAME, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import type { Org, TemplateAsset, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { type Placement, place } from '../../rules/hierarchy.ts';
import { childName, orgID, platformAgentID } from '../../rules/identity.ts';
import { DEFAULT_TIER, tierProfile } from '../../rules/tier.ts';
import type { WorkspaceIntent } from './desired.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

/** Why no Pod may be made. `waiting` ends by itself when something else changes, `stalled` only by another spec. */
export interface Blocker {
  readonly kind: 'waiting' | 'stalled';
  readonly reason: Reason;
  readonly message: string;
}

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

const DEFAULT_STORAGE = '1Gi';

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

/** The name of the TemplateAsset that applies; undefined: templates are off. A named one is never replaced (TA-6, TA-7). */
export function templateName(workspace: Workspace, hasPlatformTemplate: boolean): string | undefined {
  const named = workspace.spec.templateRef?.name;
  if (named !== undefined) return named;
  return workspace.spec.kind === 'platform' && hasPlatformTemplate ? PLATFORM_AGENT_NAME : undefined;
}

interface Identity {
  readonly id: string;
  readonly incarnation: string;
  readonly childName: string;
}

/**
 * The incarnation starts as the object's uid and not as its id: with an id fixed in the spec, a re-created Workspace
 * would otherwise take over the dead one's volume.
 */
function identify(workspace: Workspace, org: Org | undefined): Identity {
  const { metadata, spec, status } = workspace;
  const uid = metadata.uid ?? '';
  const derived = spec.kind === 'platform' && org !== undefined ? platformAgentID(orgID(org)) : uid;
  const incarnation = status?.incarnation ?? uid;
  return { id: spec.id ?? derived, incarnation, childName: childName(metadata.name, incarnation) };
}

function placeInTree({ workspace, ancestors }: WorkspaceSnapshot): Placement {
  const { metadata, spec } = workspace;
  const node = {
    name: metadata.name,
    isPlatform: spec.kind === 'platform',
    ...(spec.parentRef === undefined ? {} : { parentName: spec.parentRef.name }),
  };
  return place(node, { platformAgent: PLATFORM_AGENT_NAME, lookup: (name) => ancestors.get(name) });
}

function checkStanding(
  { workspace, org }: WorkspaceSnapshot,
  placement: Placement | undefined,
  id: string,
): Blocker | undefined {
  if (org === undefined) {
    return waiting(
      REASONS.orgNotFound,
      `No Org named "${ORG_NAME}" exists in this namespace; create one, every Workspace belongs to an Org`,
    );
  }
  const rootID = platformAgentID(orgID(org));
  if ((workspace.spec.kind === 'platform') !== (id === rootID)) {
    const message = `The id ${rootID} and the kind platform belong together and to the Org's platform agent; give this Workspace another spec.id`;
    return { kind: 'stalled', reason: REASONS.notThePlatformAgent, message };
  }
  if (placement?.kind !== 'misplaced') return undefined;
  return waiting(REASONS[reasonKeys[placement.reason]], placement.message);
}

const reasonKeys = { ParentNotFound: 'parentNotFound', ParentCycle: 'parentCycle', TooDeep: 'tooDeep' } as const;

function placedVerdict(blocker: Blocker | undefined): Verdict {
  if (blocker === undefined)
    return { type: CONDITIONS.placed, status: 'True', reason: REASONS.placed, message: 'Has its place in the Org' };
  return { type: CONDITIONS.placed, status: 'False', reason: blocker.reason, message: blocker.message };
}

function checkSuspension(workspace: Workspace): Blocker | undefined {
  if (workspace.spec.suspend !== true) return undefined;
  return waiting(REASONS.suspended, 'Suspended; set spec.suspend to false to start the agent again');
}

interface Runnable {
  readonly tier: number;
  readonly profile: WorkspaceIntent['profile'];
  readonly image: string;
  readonly imagePullSecrets: readonly string[];
  readonly model?: string;
  readonly storage: WorkspaceIntent['storage'];
}

function resolveRunnable(
  workspace: Workspace,
  org: Org | undefined,
): { readonly resolved?: Runnable; readonly blocker?: Blocker } {
  const { spec } = workspace;
  const defaults = org?.spec.defaults;
  const tier = spec.tier ?? (spec.kind === 'platform' ? 0 : (defaults?.tier ?? DEFAULT_TIER));
  const profile = tierProfile(tier);
  if (profile === undefined) {
    return {
      blocker: {
        kind: 'stalled',
        reason: REASONS.tierNotAllowed,
        message: `Tier ${tier} runs privileged and is not available; set spec.tier to 1 or 2`,
      },
    };
  }
  const image = spec.image ?? defaults?.image;
  if (image === undefined) {
    return {
      blocker: {
        kind: 'stalled',
        reason: REASONS.imageMissing,
        message:
          spec.kind === 'platform'
            ? 'No image is known for the platform agent; set spec.platformAgent.image or spec.defaults.image on the Org'
            : 'No image is known for this agent; set spec.image, or spec.defaults.image on the Org',
      },
    };
  }
  const model = spec.model ?? defaults?.model;
  const className = spec.storage?.className ?? defaults?.storage?.className;
  return {
    resolved: {
      tier,
      profile,
      image,
      imagePullSecrets: (defaults?.imagePullSecrets ?? []).map((secret) => secret.name).sort(),
      ...(model === undefined ? {} : { model }),
      storage: {
        size: spec.storage?.size ?? defaults?.storage?.size ?? DEFAULT_STORAGE,
        ...(className === undefined ? {} : { className }),
      },
    },
  };
}

interface ResolvedTemplate {
  readonly verdict: Verdict;
  readonly blocker?: Blocker;
  readonly resolved?: { readonly digest: string; readonly include: readonly string[] };
}

/** No artifact, no agent: nothing ever starts on a stub (TA-21). */
function resolveTemplate({ workspace, template }: WorkspaceSnapshot): ResolvedTemplate {
  const name = templateName(workspace, template !== undefined);
  if (name === undefined) {
    const message = 'No template is named, so nothing is delivered to /configs; set spec.templateRef to change that';
    return { verdict: templateVerdict('True', REASONS.templatesOff, message) };
  }
  if (template === undefined) {
    return blockedTemplate(
      REASONS.templateNotFound,
      `TemplateAsset "${name}" does not exist in this namespace; create it or change spec.templateRef`,
    );
  }
  const artifact = template.status?.artifact;
  if (artifact === undefined)
    return blockedTemplate(
      REASONS.templateNotReady,
      `TemplateAsset "${name}" has nothing to deliver yet: ${whyNotReady(template)}`,
    );
  return {
    verdict: templateVerdict(
      'True',
      REASONS.templateReady,
      `TemplateAsset "${name}" delivers revision ${artifact.revision.slice(0, 12)}`,
    ),
    resolved: { digest: artifact.digest, include: artifact.include ?? template.spec.include ?? [] },
  };
}

function whyNotReady(template: TemplateAsset): string {
  return (
    template.status?.conditions?.find((condition) => condition.type === CONDITIONS.ready)?.message ??
    'it has not been looked at yet'
  );
}

function blockedTemplate(reason: Reason, message: string): ResolvedTemplate {
  return { verdict: templateVerdict('False', reason, message), blocker: waiting(reason, message) };
}

function templateVerdict(status: 'True' | 'False', reason: Reason, message: string): Verdict {
  return { type: CONDITIONS.templateReady, status, reason, message };
}

function waiting(reason: Reason, message: string): Blocker {
  return { kind: 'waiting', reason, message };
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
