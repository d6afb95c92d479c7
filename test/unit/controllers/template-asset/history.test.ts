import { describe, expect, it } from 'vitest';
import { publicationHistory } from '../../../../src/controllers/template-asset/history.ts';

const NOW = new Date('2026-11-21T12:00:00.123Z');

function entry(digit: string, publishedAt = '2026-11-20T12:00:00Z') {
  return { revision: digit.repeat(40), digest: `sha256:${digit.repeat(64)}`, publishedAt };
}

const [a, b, c] = [entry('a'), entry('b'), entry('c')];

describe('the history of a TemplateAsset', () => {
  it.each([
    { name: 'is not there before anything is published', before: undefined, published: undefined, expected: undefined },
    {
      name: 'begins with what is published, also by an operator that kept none',
      before: undefined,
      published: a,
      expected: [entry('a', '2026-11-21T12:00:00Z')],
    },
    { name: 'does not change while the revision does not', before: [b, a], published: b, expected: [b, a] },
    { name: 'stays when nothing is published any more', before: [b, a], published: undefined, expected: [b, a] },
    {
      name: 'has the newest first',
      before: [b, a],
      published: c,
      expected: [entry('c', '2026-11-21T12:00:00Z'), b, a],
    },
    {
      name: 'moves a revision that comes back to the front, and tells of it once',
      before: [c, b, a],
      published: a,
      expected: [entry('a', '2026-11-21T12:00:00Z'), c, b],
    },
    {
      name: 'takes the same commit with other files for another entry',
      before: [a],
      published: { ...a, digest: b.digest },
      expected: [{ ...a, digest: b.digest, publishedAt: '2026-11-21T12:00:00Z' }, a],
    },
  ])('$name', ({ before, published, expected }) => {
    expect(publicationHistory(before, published, NOW).history).toEqual(expected);
  });

  it('has ten entries and not one more', () => {
    const full = [...'0123456789'].map((digit) => entry(digit));
    const { history = [] } = publicationHistory(full, a, NOW);
    expect(history.map(({ revision }) => revision[0])).toEqual(['a', ...'012345678']);
  });
});
