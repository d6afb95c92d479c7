import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareQuantities, parseQuantity } from '../../../src/rules/quantity.ts';

describe('parseQuantity()', () => {
  it.each([
    ['1', 1],
    ['1024Mi', 2 ** 30],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['.5k', 500],
    ['10G', 1e10],
    ['1e3', 1000],
    ['1E3', 1000],
    ['1E', 1e18],
    ['250m', 0.25],
    ['2Ei', 2 ** 61],
  ])('reads %s', (text, value) => {
    expect(parseQuantity(text)).toBe(value);
  });

  it.each(['', 'Gi', '1 Gi', '1gi', '1K', '--1', '1Gib'])('takes "%s" for no quantity', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });
});

describe('compareQuantities()', () => {
  it('is not misled by how a size is written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 20 }), (gibibytes) => {
        expect(compareQuantities(`${gibibytes}Gi`, `${gibibytes * 1024}Mi`)).toBe(0);
        expect(compareQuantities(`${gibibytes}Gi`, `${gibibytes * 1024 + 1}Mi`)).toBe(-1);
        expect(compareQuantities(`${gibibytes * 1024 + 1}Mi`, `${gibibytes}Gi`)).toBe(1);
      }),
    );
  });

  it('finds no difference to what is no quantity', () => {
    expect(compareQuantities('1Gi', 'much')).toBe(0);
  });
});
