import { describe, expect, it } from 'vitest';
import { formatReference, isLabel, parseReference } from '../../../src/cli/object-reference.ts';

describe('the name of an object on a command line', () => {
  it.each([
    ['writer', 'Workspace', 'writer'],
    ['ws/writer', 'Workspace', 'writer'],
    ['workspace/writer', 'Workspace', 'writer'],
    ['workspaces/a.b-c', 'Workspace', 'a.b-c'],
    ['ta/writer', 'TemplateAsset', 'writer'],
    ['templateasset/writer', 'TemplateAsset', 'writer'],
    ['org', 'Org', 'org'],
    ['org/org', 'Org', 'org'],
    ['ws/org', 'Workspace', 'org'],
  ])('%s is the %s "%s"', (text, kind, name) => {
    const reference = parseReference(text);
    expect([reference?.resource.kind, reference?.name]).toEqual([kind, name]);
  });

  it.each([
    '',
    '/',
    'ws/',
    '/writer',
    'pod/writer',
    'ws/a/b',
    '../x',
    'ws/..',
    'Writer',
    'a_b',
    '-a',
    'a-',
    'org/acme',
    '--help',
    'a'.repeat(64),
  ])('%j is none', (text) => {
    expect(parseReference(text)).toBeUndefined();
  });

  it.each(['ws/writer', 'ta/writer', 'org', 'ws/org'])('%s is written as it was read', (text) => {
    const reference = parseReference(text);
    expect(reference === undefined ? undefined : formatReference(reference)).toBe(text);
  });
});

describe('a namespace', () => {
  it('is a DNS label', () => {
    expect(['a', 'acme', 'a-1', 'a'.repeat(63)].filter((text) => !isLabel(text))).toEqual([]);
    expect(['', '../x', 'a.b', 'A', '-a', 'a-', 'a b', 'a'.repeat(64), 'a\nb', 'a\n'].filter(isLabel)).toEqual([]);
  });
});
