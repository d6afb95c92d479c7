import { readdir, readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { createNamespace, kubectl } from '../../support/control-plane.ts';

const OURS = 'moleculesai.app/v1alpha1';

interface Example {
  readonly page: string;
  readonly line: number;
  readonly text: string;
}

const pages = ['README.md', ...(await readdir('docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);
const examples = (await Promise.all(pages.map(examplesOf))).flat();

/** What people copy from the pages has to work as it stands there, but for the namespace. */
describe('the apiserver takes the example', () => {
  let namespace: string;
  beforeAll(async () => {
    namespace = await createNamespace('docs');
  });

  it.each(examples)('of $page, line $line', async ({ text }) => {
    const input = text.replaceAll(/namespace: acme/g, `namespace: ${namespace}`);
    const applied = await kubectl(['apply', '--server-side', '--dry-run=server', '-f', '-'], { input, namespace });
    expect(applied).toMatchObject({ code: 0 });
  });
});

it.each(['docs/org.md', 'docs/workspace.md', 'docs/template-asset.md'])('%s has examples', (page) => {
  expect(examples.filter((example) => example.page === page).length).toBeGreaterThan(1);
});

async function examplesOf(page: string): Promise<readonly Example[]> {
  const content = await readFile(page, 'utf8');
  return [...content.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)]
    .map((match) => ({ page, line: content.slice(0, match.index).split('\n').length, text: match[1] ?? '' }))
    .filter(({ text }) => parseAllDocuments(text).some((document) => document.get('apiVersion') === OURS));
}
