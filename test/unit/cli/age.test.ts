import { describe, expect, it } from 'vitest';
import { age } from '../../../src/cli/age.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const ago = (seconds: number): string => new Date(NOW.getTime() - seconds * 1000).toISOString();

describe('age', () => {
  it.each([
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [200, '3m20s'],
    [600, '10m'],
    [10_799, '179m'],
    [10_800, '3h'],
    [12_000, '3h20m'],
    [28_800, '8h'],
    [172_799, '47h'],
    [172_800, '2d'],
    [180_000, '2d2h'],
    [691_200, '8d'],
    [86_400_000, '1000d'],
  ])('tells %i seconds as kubectl does: %s', (seconds, expected) => {
    expect(age(ago(seconds), NOW)).toBe(expected);
  });

  it('tells a time in the future as now and no time as a dash', () => {
    expect([age(ago(-30), NOW), age(null, NOW)]).toEqual(['0s', '-']);
  });
});
