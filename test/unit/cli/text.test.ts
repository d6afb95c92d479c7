import { describe, expect, it } from 'vitest';
import { alignRows, cut, printable, shellWord } from '../../../src/cli/text.ts';

describe('printable', () => {
  it('leaves nothing that a terminal obeys', () => {
    expect(printable('a\u001B[31mred\r\n\tb\u200Fc\u0007')).toBe('a [31mred bc ');
  });
});

describe('alignRows', () => {
  it('puts cells below each other and lets a heading be wider than its column', () => {
    expect(alignRows([['NAME', 'STATE'], ['a longer heading'], ['writer', 'Ready'], ['x', '']])).toEqual([
      'NAME    STATE',
      'a longer heading',
      'writer  Ready',
      'x',
    ]);
  });
});

describe('cut', () => {
  it('cuts at the width of the terminal, and nowhere else', () => {
    const style = { hasColor: false, hasUnicode: true };
    expect(cut('abcdef', { ...style, width: 6 })).toBe('abcdef');
    expect(cut('abcdef', { ...style, width: 5 })).toBe('abcd…');
    expect(cut('abcdef', { ...style, hasUnicode: false, width: 5 })).toBe('ab...');
    expect(cut('abcdef', style)).toBe('abcdef');
  });
});

describe('shellWord', () => {
  it.each([
    ['prod', 'prod'],
    ['user@host:6443/path', 'user@host:6443/path'],
    ['two words', `'two words'`],
    [`it's`, `'it'\\''s'`],
    ['$(reboot)', `'$(reboot)'`],
    ['', `''`],
  ])('writes %j as %s', (text, word) => {
    expect(shellWord(text)).toBe(word);
  });
});
