import { describe, expect, it } from 'vitest';
import { parseFrontMatter } from '../../../src/mock-agent/front-matter.ts';

describe('parseFrontMatter', () => {
  it.each([
    ['reads the block at the start', '---\nname: a\ndescription: b\n---\nbody', { name: 'a', description: 'b' }],
    ['stops at the first closing line', '---\nname: a\n---\nname: c\n---\n', { name: 'a' }],
    [
      'takes Windows line ends, a byte order mark and blanks after the dashes',
      '\uFEFF--- \r\nname: a\r\n---\t\r\nbody',
      { name: 'a' },
    ],
    ['keeps dashes inside a value', '---\nname: a---b\n---\n', { name: 'a---b' }],
    ['takes an empty block as null', '---\n---\n', null],
    ['finds none without an opening line', 'name: a\n---\nbody', undefined],
    ['finds none when it does not come first', '\n---\nname: a\n---\n', undefined],
    ['finds none when it is not closed', '---\nname: a\n', undefined],
  ])('%s', (_name, markdown, expected) => {
    expect(parseFrontMatter(markdown)).toEqual(expected);
  });

  it('throws on a block that is not YAML', () => {
    expect(() => parseFrontMatter('---\nname: [a\n---\n')).toThrow();
  });
});
