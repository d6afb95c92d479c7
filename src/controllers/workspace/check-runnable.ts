import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { OPERATOR_NAMESPACE, RUNTIME_CATALOG } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { Org, OrgDefaults, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { type ImageResolution, resolveImage } from '../../rules/runtime.ts';
import { DEFAULT_TIER, isPrivilegedTier, tierProfile } from '../../rules/tier.ts';
import { type Blocker, stalled } from './blocker.ts';
import type { WorkspaceIntent } from './intent.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

const DEFAULT_STORAGE = '1Gi';

/** What a Workspace runs, once its own fields, its Org's defaults, the catalog and the operator's settings are one. */
export type Runnable = Pick<
  WorkspaceIntent,
  'tier' | 'profile' | 'image' | 'imagePullSecrets' | 'model' | 'provider' | 'storage'
>;

/** Tier first: an agent that may not run so needs no image. */
export function resolveRunnable({
  workspace,
  org,
  catalog,
  settings,
}: Pick<WorkspaceSnapshot, 'workspace' | 'org' | 'catalog' | 'settings'>): {
  readonly resolved?: Runnable;
  readonly blocker?: Blocker;
} {
  const { spec } = workspace;
  const defaults = org?.spec.defaults ?? {};
  const tier = spec.tier ?? (spec.kind === 'platform' ? 0 : (defaults.tier ?? DEFAULT_TIER));
  const refusal = refuseTier(tier, workspace, org);
  if (refusal !== undefined) return { blocker: refusal };
  const resolution = resolveImage({ own: spec, defaults }, catalog);
  if (resolution.kind !== 'found') return { blocker: explainMissingImage(resolution, workspace) };
  const model = spec.model ?? defaults.model;
  const provider = resolveProvider(workspace, defaults);
  return {
    resolved: {
      tier,
      profile: tierProfile(tier, settings.tierSizes),
      image: resolution.image,
      imagePullSecrets: pullSecrets(workspace, defaults),
      ...(model === undefined ? {} : { model }),
      ...(provider === undefined ? {} : { provider }),
      storage: resolveStorage(workspace, defaults),
    },
  };
}

/** Told also while an agent runs that was started as something else: it is left alone, and what is asked for cannot be had. */
export function runnableVerdict(org: Org | undefined, blocker: Blocker | undefined): Verdict {
  const type = CONDITIONS.runnable;
  if (org === undefined) {
    const message = 'Not known without an Org, whose defaults count';
    return { type, status: 'Unknown', reason: REASONS.orgNotFound, message };
  }
  if (blocker !== undefined) return { type, status: 'False', reason: blocker.reason, message: blocker.message };
  return { type, status: 'True', reason: REASONS.runnable, message: 'What the agent runs is known and allowed' };
}

function refuseTier(tier: number, workspace: Workspace, org: Org | undefined): Blocker | undefined {
  if (tier === 0 && workspace.spec.kind !== 'platform') {
    return stalled(REASONS.tierNotAllowed, "Tier 0 is the platform agent's; set spec.tier to 1 or 2");
  }
  if (!isPrivilegedTier(tier) || org?.spec.allowPrivilegedTiers === true) return undefined;
  const message = `Tier ${tier} runs privileged on the node, which the Org does not allow; set spec.tier to 1 or 2, or spec.allowPrivilegedTiers of the Org to true`;
  return stalled(REASONS.tierNotAllowed, message);
}

function explainMissingImage(
  resolution: Exclude<ImageResolution, { readonly kind: 'found' }>,
  { spec }: Workspace,
): Blocker {
  const { runtime } = resolution;
  const ownImage = spec.kind === 'platform' ? 'spec.platformAgent.image of the Org' : 'spec.image';
  if (resolution.kind === 'unknown') {
    const message = `The runtime "${runtime}" is not known; set ${ownImage}, or use one of ${resolution.known.join(', ')}`;
    return stalled(REASONS.runtimeUnknown, message);
  }
  const message = `No image is known for the runtime "${runtime}"; add the key "${runtime}" to the ConfigMap ${RUNTIME_CATALOG} in the namespace ${OPERATOR_NAMESPACE}, or set ${ownImage}`;
  return stalled(REASONS.imageMissing, message);
}

/** The defaults' provider belongs to the defaults' model: another model is not looked for there. */
function resolveProvider({ spec }: Workspace, defaults: OrgDefaults): string | undefined {
  return spec.provider ?? (spec.model === undefined ? defaults.provider : undefined);
}

/** The Org's and the Workspace's own, in an order that does not depend on how they were written. */
function pullSecrets({ spec }: Workspace, defaults: OrgDefaults): readonly string[] {
  const all = [...(defaults.imagePullSecrets ?? []), ...(spec.imagePullSecrets ?? [])];
  return [...new Set(all.map(({ name }) => name))].sort();
}

function resolveStorage({ spec }: Workspace, defaults: OrgDefaults): WorkspaceIntent['storage'] {
  const className = spec.storage?.className ?? defaults.storage?.className;
  return {
    size: spec.storage?.size ?? defaults.storage?.size ?? DEFAULT_STORAGE,
    ...(className === undefined ? {} : { className }),
  };
}
