import { SIZED_TIERS, type TierSize, type TierSizes } from '../../rules/tier.ts';

/** What an agent's container requests; a limit below it would be refused by the apiserver for every agent. */
const LEAST: TierSize = { memoryMB: 128, cpuShares: 64 };
const VARIABLES = { memoryMB: 'MEMORY_MB', cpuShares: 'CPU_SHARES' } as const;

/**
 * TIERn_MEMORY_MB and TIERn_CPU_SHARES, for each tier that has a size.
 * @throws RangeError for a value that is no whole number, or too small
 */
export function readTierSizes(env: NodeJS.ProcessEnv): TierSizes {
  const read = (tier: number, part: keyof TierSize): Partial<TierSize> => {
    const name = `TIER${tier}_${VARIABLES[part]}`;
    const text = env[name];
    if (text === undefined || text === '') return {};
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < LEAST[part]) {
      throw new RangeError(`Cannot use ${name}="${text}": write a whole number from ${LEAST[part]}`);
    }
    return { [part]: value };
  };
  return new Map(SIZED_TIERS.map((tier) => [tier, { ...read(tier, 'memoryMB'), ...read(tier, 'cpuShares') }]));
}
