import { describe, expect, it } from 'vitest';
import { parseDurationMs } from '../../../src/rules/duration.ts';

describe('parseDurationMs()', () => {
  it.each([
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['168h', 604_800_000],
    ['0s', 0],
  ])('reads %s as %i ms', (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected);
  });

  it.each(['', '5', '1d', '-5m', '5m1h'])('refuses "%s"', (text) => {
    expect(() => parseDurationMs(text)).toThrow(RangeError);
  });
});
