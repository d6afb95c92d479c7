import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { Org, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { DEFAULT_TIER, tierProfile } from '../../rules/tier.ts';
import { type Blocker, stalled } from './blocker.ts';
import type { WorkspaceIntent } from './desired.ts';

const DEFAULT_STORAGE = '1Gi';

export interface Runnable {
  readonly tier: number;
  readonly profile: WorkspaceIntent['profile'];
  readonly image: string;
  readonly imagePullSecrets: readonly string[];
  readonly model?: string;
  readonly storage: WorkspaceIntent['storage'];
}

export function resolveRunnable(
  workspace: Workspace,
  org: Org | undefined,
): { readonly resolved?: Runnable; readonly blocker?: Blocker } {
  const { spec } = workspace;
  const defaults = org?.spec.defaults;
  const tier = spec.tier ?? (spec.kind === 'platform' ? 0 : (defaults?.tier ?? DEFAULT_TIER));
  const profile = tierProfile(tier);
  if (profile === undefined) {
    return {
      blocker: stalled(
        REASONS.tierNotAllowed,
        `Tier ${tier} runs privileged and is not available; set spec.tier to 1 or 2`,
      ),
    };
  }
  const image = spec.image ?? defaults?.image;
  if (image === undefined) {
    return {
      blocker: stalled(
        REASONS.imageMissing,
        spec.kind === 'platform'
          ? 'No image is known for the platform agent; set spec.platformAgent.image or spec.defaults.image on the Org'
          : 'No image is known for this agent; set spec.image, or spec.defaults.image on the Org',
      ),
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
