/** What a tier means for the agent's container (requirements, section 1). */
export interface TierProfile {
  readonly memory: string;
  readonly cpu: string;
  /** Its root file system cannot be written, and /tmp is a small tmpfs. */
  readonly isSandboxed: boolean;
  /** All capabilities and devices of the node, and its processes. Only in an Org that allows it. */
  readonly isPrivileged: boolean;
  /** The node's network instead of one of its own. Network policies do not reach such an agent. */
  readonly hasHostNetwork: boolean;
}

/** What a container of a tier may use. */
export interface TierSize {
  readonly memoryMB: number;
  /** 1024 shares are one CPU. */
  readonly cpuShares: number;
}

/** Sizes by tier, where they differ from ours. */
export type TierSizes = ReadonlyMap<number, Partial<TierSize>>;

export const DEFAULT_TIER = 2;

const STANDARD: TierSize = { memoryMB: 512, cpuShares: 1024 };
const SIZES: Readonly<Record<number, TierSize>> = {
  1: STANDARD,
  2: STANDARD,
  3: { memoryMB: 2048, cpuShares: 2048 },
  4: { memoryMB: 4096, cpuShares: 4096 },
};

/** The tiers whose size can be set, lowest first. */
export const SIZED_TIERS: readonly number[] = Object.keys(SIZES).map(Number);

export function isPrivilegedTier(tier: number): boolean {
  return tier >= 3;
}

/**
 * What a tier gives. 0, the platform agent's, and whatever is no tier are the standard tier 2: what is not understood
 * must not end in more rights.
 */
export function tierProfile(tier: number, sizes: TierSizes): TierProfile {
  const known = tier === 0 || SIZES[tier] === undefined ? DEFAULT_TIER : tier;
  const { memoryMB, cpuShares } = { ...STANDARD, ...SIZES[known], ...sizes.get(known) };
  return {
    memory: `${memoryMB}Mi`,
    cpu: `${Math.round((cpuShares * 1000) / 1024)}m`,
    isSandboxed: known === 1,
    isPrivileged: isPrivilegedTier(known),
    hasHostNetwork: known === 4,
  };
}
