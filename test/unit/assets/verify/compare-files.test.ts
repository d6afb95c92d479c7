import { describe, expect, it } from 'vitest';
import { compareFiles, type FoundFile } from '../../../../src/assets/verify/compare-files.ts';
import type { SignedEntry } from '../../../../src/assets/verify/prove-tree.ts';
import { parseInclude } from '../../../../src/rules/asset-path.ts';

const ONE = '1'.repeat(40);
const TWO = '2'.repeat(40);

type Listed = readonly [path: string, kind: SignedEntry['kind'], id?: string];

function compare(
  signed: readonly Listed[],
  found: readonly FoundFile[],
  { subPath }: { readonly subPath?: string } = {},
): void {
  const parsed = parseInclude(['config.yaml', 'prompts/**', 'MEMORY.md']);
  if (parsed.kind === 'invalid') throw new Error(parsed.message);
  const tree = new Map(signed.map(([path, kind, id = ONE]) => [path, { kind, id }]));
  compareFiles(tree, found, { include: parsed.include, ...(subPath === undefined ? {} : { subPath }) });
}

const file = (path: string, change: Partial<FoundFile> = {}): FoundFile => ({ path, mode: 0o644, id: ONE, ...change });
const said = (message: string) => expect.objectContaining({ name: 'VerificationError', code: 'TreeMismatch', message });

describe('the files of an archive', () => {
  const signed: readonly Listed[] = [
    ['config.yaml', 'file'],
    ['prompts/a.md', 'file'],
    ['prompts/run', 'executable'],
  ];
  const found = [file('config.yaml'), file('prompts/a.md'), file('prompts/run', { mode: 0o755 })];

  it('are taken when they are all that was signed where include looks, and no others', () => {
    expect(() => compare(signed, found)).not.toThrow();
  });

  it.each<[string, readonly Listed[]]>([
    ['what include does not name', [['Dockerfile', 'file', TWO]]],
    ['what merely begins like a folder that it names', [['prompts.md', 'file', TWO]]],
    ['links outside of it', [['latest', 'link', TWO]]],
    ['what belongs to the agent', [['MEMORY.md', 'file', TWO]]],
    ['submodules, of which archives hold nothing', [['prompts/module', 'submodule', TWO]]],
  ])('may do without %s', (_what, others) => {
    expect(() => compare([...signed, ...others], found)).not.toThrow();
  });

  it('are compared below subPath alone, and not with what merely begins like it', () => {
    const below = signed.map(([path, kind]): Listed => [`templates/seo/${path}`, kind]);
    const others: readonly Listed[] = [
      ['config.yaml', 'file', TWO],
      ['templates/seo-old/prompts/b.md', 'file', TWO],
      ['templates/geo/prompts/b.md', 'file', TWO],
    ];
    expect(() => compare([...below, ...others], found, { subPath: 'templates/seo' })).not.toThrow();
    expect(() => compare(signed, found, { subPath: 'templates/seo' })).toThrow('"config.yaml" is not in the commit');
  });

  it.each<[string, readonly FoundFile[], string]>([
    ['other bytes', [file('config.yaml', { id: TWO }), ...found.slice(1)], '"config.yaml" has other bytes'],
    ['a file less', found.slice(1), '"config.yaml" is missing'],
    ['a file more', [...found, file('prompts/b.md')], '"prompts/b.md" is not in the commit'],
    [
      'a file under another name',
      [...found.slice(1), file('Config.yaml')],
      '"Config.yaml" is not in the commit, and 1 more differ',
    ],
    [
      'an executable more',
      [file('config.yaml', { mode: 0o755 }), ...found.slice(1)],
      '"config.yaml" may be executed in one of them alone',
    ],
    [
      'an executable less',
      [...found.slice(0, 2), file('prompts/run')],
      '"prompts/run" may be executed in one of them alone',
    ],
    [
      'nothing as it was',
      found.map((each) => ({ ...each, id: TWO })),
      '"config.yaml" has other bytes, and 2 more differ',
    ],
  ])('are refused with %s', (_what, others, message) => {
    expect(() => compare(signed, others)).toThrow(said(`The archive of it is not what was signed: ${message}`));
  });

  it('are refused where a link was signed, whether it was left out or made a file', () => {
    const withLink: readonly Listed[] = [...signed, ['prompts/link', 'link']];
    expect(() => compare(withLink, found)).toThrow('"prompts/link" is missing');
    expect(() => compare(withLink, [...found, file('prompts/link')])).toThrow('"prompts/link" is a link in the commit');
  });

  it('are told of in a message that their names cannot forge', () => {
    expect(() => compare(signed, [...found, file('prompts/\u202eevil\n')])).toThrow('"prompts/\\u202eevil\\n" is not');
  });
});
