import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findHostility,
  findPathFault,
  foldPath,
  type IncludeSet,
  isAboveInclude,
  isIncluded,
  parentsOf,
  parseInclude,
} from '../../../src/rules/asset-path.ts';

function includeOf(...globs: string[]): IncludeSet {
  const result = parseInclude(globs);
  if (result.kind === 'invalid') throw new Error(result.message);
  return result.include;
}

describe('path policy', () => {
  it.each([
    ['', 'PathEmpty'],
    ['/etc/passwd', 'PathAbsolute'],
    ['//host/share', 'PathAbsolute'],
    ['\\\\host\\share', 'PathAbsolute'],
    ['C:../x', 'PathAbsolute'],
    ['..', 'PathTraversal'],
    ['../x', 'PathTraversal'],
    ['a/../../x', 'PathTraversal'],
    ['..\\..\\x', 'PathTraversal'],
    ['a/..\\x', 'PathTraversal'],
    ['.', 'PathTraversal'],
    ['./a', 'PathTraversal'],
    ['a//b', 'PathTraversal'],
    ['a/', 'PathTraversal'],
    ['a\0b', 'PathForbiddenCharacter'],
    ['a\\b', 'PathBackslash'],
    ['prompts/\u001b[31mred\n', 'PathForbiddenCharacter'],
    ['prompts/plain\n', 'PathForbiddenCharacter'],
    ['prompts/\u202egnp.md', 'PathForbiddenCharacter'],
    ['prompts/\u2028', 'PathForbiddenCharacter'],
    ['prompts/\ufffd', 'PathNotUtf8'],
    ['prompts/\ud800', 'PathNotUtf8'],
    [`${'a/'.repeat(256)}b`, 'PathTooLong'],
    [`prompts/${'é'.repeat(128)}`, 'PathComponentTooLong'],
    [`${'a/'.repeat(32)}b`, 'PathTooDeep'],
    ['.molecule/manifest.json', 'PathReserved'],
    ['.MOLECULE/x', 'PathReserved'],
    ['prompts/.git/hooks/post-checkout', 'PathReserved'],
    ['prompts/.GIT', 'PathReserved'],
    ['MEMORY.md', 'PathProtected'],
    ['memory.MD', 'PathProtected'],
    ['USER.md', 'PathProtected'],
    ['CLAUDE.md', 'PathProtected'],
    ['.claude/sessions/a/b.jsonl', 'PathProtected'],
    ['workspace/src/main.py', 'PathProtected'],
    ['.auth_token', 'PathProtected'],
    ['.platform_inbound_secret', 'PathProtected'],
  ])('refuses %j with %s', (path, fault) => {
    expect(findPathFault(path)).toBe(fault);
  });

  it.each([
    'config.yaml',
    'prompts/system.md',
    'agent-skills/x/CLAUDE.md',
    '.claude/settings.json',
    'workspaces/a',
    'a..b/...',
    'prompts/.github/x',
    'prompts/x.git/.gitignore',
    'prompts/日本語 emoji 🎉.md',
    `${'a/'.repeat(31)}b`,
    `prompts/${'é'.repeat(127)}x`,
  ])('accepts %j', (path) => {
    expect(findPathFault(path)).toBeUndefined();
  });

  it('accepts a path exactly when every component is a plain name', () => {
    const component = fc.constantFrom('..', '.', '', 'a', 'b.md', '...', 'c d');
    fc.assert(
      fc.property(fc.array(component, { minLength: 1, maxLength: 6 }), (components) => {
        const isPlain = components.every((name) => !['', '.', '..'].includes(name));
        expect(findHostility(components.join('/')) === undefined).toBe(isPlain);
        expect(findHostility(components.join('\\')) === undefined).toBe(isPlain);
      }),
    );
  });

  it.each([
    ['ß', 'SS'],
    ['café', 'cafe\u0301'],
    ['README', 'readme'],
    ['ﬁle', 'FILE'],
    ['\u1e9e', 'ß'],
    ['\u1e9e', 'ss'],
    ['\u212aelvin', 'kelvin'],
    ['ΑΣ', 'ας'],
  ])('folds %j and %j together', (a, b) => {
    expect(foldPath(a)).toBe(foldPath(b));
  });
});

it('every Unicode form of a path folds to one name, and that to itself', () => {
  const letter = fc.constantFrom(
    'a',
    'K',
    'ß',
    '\u1e9e',
    'ς',
    'Σ',
    'İ',
    'ı',
    'ﬁ',
    'é',
    'e\u0301',
    '\u212a',
    'Ǆ',
    'ŉ',
    'ΐ',
    '/',
  );
  const name = fc.string({
    unit: fc.oneof(letter, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })),
    maxLength: 8,
  });
  fc.assert(
    fc.property(name, (path) => {
      const folded = foldPath(path);
      const spellings = [folded, path.normalize('NFD'), path.normalize('NFC'), path.normalize('NFKC')];
      for (const spelling of spellings) expect(foldPath(spelling)).toBe(folded);
    }),
    { numRuns: 2000 },
  );
});

describe('include list', () => {
  it('keeps exact names and whole folders, and nothing that merely begins alike', () => {
    const include = includeOf('config.yaml', 'prompts/**', 'a/b/c.txt');
    expect(['config.yaml', 'prompts/x', 'prompts/x/y', 'a/b/c.txt'].every((path) => isIncluded(include, path))).toBe(
      true,
    );
    const strangers = [
      'config.yaml/x',
      'config.yml',
      'Config.yaml',
      'prompts',
      'prompts2/x',
      'xprompts/y',
      'a/b',
      'a/b/c.txt2',
    ];
    expect(strangers.filter((path) => isIncluded(include, path))).toEqual([]);
  });

  it('knows the folders above what it includes', () => {
    const include = includeOf('prompts/**', 'a/b/c.txt', 'x/y/**');
    const paths = ['prompts', 'a', 'a/b', 'x', 'x/y', 'a/b/c.txt', 'b', 'prompt', 'x/y/z'];
    expect(paths.filter((path) => isAboveInclude(include, path))).toEqual(['prompts', 'a', 'a/b', 'x', 'x/y']);
  });

  it.each([
    ['*', 'wildcard'],
    ['**', 'wildcard'],
    ['prompts/*', 'wildcard'],
    ['**/x.md', 'wildcard'],
    ['a/**/b', 'wildcard'],
    ['a[bc]', 'wildcard'],
    ['{a,b}', 'wildcard'],
    ['!a', 'wildcard'],
    ['prompts/', 'ends with a slash'],
    ['/etc/**', 'PathAbsolute'],
    ['../**', 'PathTraversal'],
    ['', 'PathEmpty'],
    ['/**', 'PathEmpty'],
    ['.molecule/**', 'reserved'],
    ['.molecule', 'reserved'],
    ['prompts/.git/**', 'reserved'],
  ])('refuses %j and says why (%s)', (glob, text) => {
    expect(parseInclude(['config.yaml', glob])).toMatchObject({
      kind: 'invalid',
      glob,
      message: expect.stringContaining(text),
    });
  });

  it('refuses an empty list and one that is too long', () => {
    expect(parseInclude([]).kind).toBe('invalid');
    expect(parseInclude(Array.from({ length: 65 }, (_, index) => `f${index}`)).kind).toBe('invalid');
  });

  it('lets a protected path be named, which has no effect', () => {
    expect(parseInclude(['MEMORY.md', 'workspace/**']).kind).toBe('valid');
  });
});

describe('parents', () => {
  it('are listed outermost first', () => {
    expect(parentsOf('a/b/c')).toEqual(['a', 'a/b']);
    expect(parentsOf('a')).toEqual([]);
  });
});
