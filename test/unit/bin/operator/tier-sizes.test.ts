import { describe, expect, it } from 'vitest';
import { readTierSizes } from '../../../../src/bin/operator/tier-sizes.ts';

describe('readTierSizes()', () => {
  it('takes what is set for each tier and nothing where nothing is', () => {
    const sizes = readTierSizes({ TIER2_MEMORY_MB: '1024', TIER4_CPU_SHARES: '512', TIER4_MEMORY_MB: '' });
    expect([...sizes]).toEqual([
      [1, {}],
      [2, { memoryMB: 1024 }],
      [3, {}],
      [4, { cpuShares: 512 }],
    ]);
  });

  it.each([
    ['a word', { TIER1_MEMORY_MB: 'much' }, 'Cannot use TIER1_MEMORY_MB="much": write a whole number from 128'],
    ['a fraction', { TIER3_CPU_SHARES: '512.5' }, 'Cannot use TIER3_CPU_SHARES="512.5": write a whole number from 64'],
    ['less than a container asks for', { TIER2_MEMORY_MB: '127' }, 'write a whole number from 128'],
  ])('refuses %s', (_name, env, message) => {
    expect(() => readTierSizes(env)).toThrow(message);
  });
});
