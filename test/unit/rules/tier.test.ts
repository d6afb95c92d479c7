import { describe, expect, it } from 'vitest';
import { isPrivilegedTier, tierProfile } from '../../../src/rules/tier.ts';

const none = new Map();
const plain = { isSandboxed: false, isPrivileged: false, hasHostNetwork: false };

describe('tierProfile()', () => {
  it.each([
    [0, { ...plain, memory: '512Mi', cpu: '1000m' }],
    [1, { ...plain, memory: '512Mi', cpu: '1000m', isSandboxed: true }],
    [2, { ...plain, memory: '512Mi', cpu: '1000m' }],
    [3, { ...plain, memory: '2048Mi', cpu: '2000m', isPrivileged: true }],
    [4, { memory: '4096Mi', cpu: '4000m', isSandboxed: false, isPrivileged: true, hasHostNetwork: true }],
  ])('says what tier %i gives', (tier, expected) => {
    expect(tierProfile(tier, none)).toEqual(expected);
  });

  it.each([-1, 5, 2.5])('gives what is no tier (%d) no more than the standard one', (tier) => {
    expect(tierProfile(tier, none)).toEqual(tierProfile(2, none));
  });

  it('takes the size that the operator was given, and leaves the other half and the rights as they are', () => {
    expect(tierProfile(3, new Map([[3, { memoryMB: 8192 }]]))).toMatchObject({ memory: '8192Mi', cpu: '2000m' });
    expect(tierProfile(4, new Map([[4, { cpuShares: 512 }]]))).toMatchObject({
      memory: '4096Mi',
      cpu: '500m',
      isPrivileged: true,
    });
  });

  it('sizes the platform agent as tier 2', () => {
    expect(tierProfile(0, new Map([[2, { memoryMB: 1024 }]])).memory).toBe('1024Mi');
  });
});

describe('isPrivilegedTier()', () => {
  it('is so from 3 on', () => {
    expect([0, 1, 2, 3, 4].map(isPrivilegedTier)).toEqual([false, false, false, true, true]);
  });
});
