import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { REASONS } from '../../../../src/apis/v1alpha1/reasons.ts';

const text = await readFile('docs/assets.md', 'utf8');

interface Row {
  readonly id: string;
  readonly where: string;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

const rows: readonly Row[] = [...text.matchAll(/^\| (TA-\d+) \| (.*) \| (.*) \| (.*) \|$/gm)].map(
  ([, id = '', , where = '', shownBy = '']) => ({
    id,
    where,
    tests: [...shownBy.matchAll(/`(test\/[^`]+)`: "([^"]+)"/g)].map(([, file = '', title = '']) => ({ file, title })),
  }),
);

describe('docs/assets.md', () => {
  it('has a row for each of TA-1 to TA-26, in order', () => {
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 26 }, (_, index) => `TA-${index + 1}`));
  });

  it.each(rows)('names files that exist, and tests that are in them, for $id', async ({ where, tests }) => {
    const files = [...where.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file);
    expect(files).not.toEqual([]);
    for (const file of files) expect((await readFile(file, 'utf8')).length).toBeGreaterThan(0);
    expect(tests).not.toEqual([]);
    for (const { file, title } of tests) {
      const source = await readFile(file, 'utf8');
      const isThere = [`'${title}'`, `\`${title}\``, `"${title}"`].some((quoted) => source.includes(quoted));
      expect(isThere, `${file} has a test "${title}"`).toBe(true);
    }
  });

  it('says what to do about every reason that a TemplateAsset can have', async () => {
    const sources = ['explain-failure', 'credential', 'status', 'artifact-keeper'].map((name) =>
      readFile(`src/controllers/template-asset/${name}.ts`, 'utf8'),
    );
    const used = (await Promise.all(sources)).flatMap((source) => [...source.matchAll(/REASONS\.(\w+)/g)]);
    const names = new Set(used.map(([, name = '']) => REASONS[name as keyof typeof REASONS]));
    const isGood = new Set<string>([REASONS.artifactStored, REASONS.suspended]);
    for (const name of names) if (!isGood.has(name)) expect(text).toContain(`\`${name}\``);
  });
});
