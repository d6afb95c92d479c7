/** What a tier means for the agent's container (requirements, section 1). */
export interface TierProfile {
  readonly memory: string;
  readonly cpu: string;
  /** T1 is sandboxed: its root file system cannot be written; /tmp is a small tmpfs. */
  readonly isRootReadOnly: boolean;
}

export const DEFAULT_TIER = 2;

/** Undefined for the privileged tiers 3 and 4: they are refused, never silently run with fewer rights. */
export function tierProfile(tier: number): TierProfile | undefined {
  if (tier < 0 || tier > 2) return undefined;
  return { memory: '512Mi', cpu: '1', isRootReadOnly: tier === 1 };
}
