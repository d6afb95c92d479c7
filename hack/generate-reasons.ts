/**
 * docs/reasons.md from the comments in src/apis/v1alpha1/{conditions,reasons}.ts: `node hack/generate-reasons.ts [--check]`.
 * A condition or reason without a comment ends in exit code 1, because nobody could look it up.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acceptGenerated } from './lib/generated.ts';
import { runMain } from './lib/main.ts';
import { CHECKOUT_DIR } from './lib/paths.ts';

const TARGET = 'docs/reasons.md';
const SOURCE = 'src/apis/v1alpha1';

interface Section {
  readonly title: string;
  readonly rows: readonly { readonly word: string; readonly meaning: string }[];
}

const HEADER = `# Conditions and reasons

Every word that \`status.conditions\` and Events of ours can carry. They are API: alerts and scripts may match them, and none
changes its meaning. The sentence for people is in the condition's message, together with what to do; \`kubectl molecule status\`
shows the next command. Generated from \`${SOURCE}\` by \`make generate\`.

\`Ready\` is derived: True when every other condition is, else it has the reason and message of the first one that is not.
\`Reconciling\` and \`Stalled\` are present only while they are True, and never both: the operator is at work on a change, or
only somebody's edit can help. Neither of them beside a Ready that is False: something outside has to happen first.
`;

/**
 * Reads `// Section` lines, and entries `key: 'Word',` with the doc comment before them. Throws on an entry without one.
 */
export function readWords(text: string, firstTitle: string): readonly Section[] {
  const sections: { title: string; rows: { word: string; meaning: string }[] }[] = [{ title: firstTitle, rows: [] }];
  const pattern = /^ {2}\/\/ (?<title>.+)$|^ {2}(?:\/\*\*(?<comment>[\s\S]*?)\*\/\s*)?\w+: '(?<word>[A-Z]\w+)',$/gm;
  for (const { groups = {} } of text.matchAll(pattern)) {
    const { title, comment, word } = groups;
    if (title !== undefined) sections.push({ title, rows: [] });
    if (word === undefined) continue;
    if (comment === undefined) throw new Error(`Cannot explain ${word}: it has no comment in ${SOURCE}`);
    const meaning = comment
      .split('\n')
      .map((line) => line.replace(/^\s*\*? ?/, '').trim())
      .filter((line) => line !== '')
      .join(' ');
    sections.at(-1)?.rows.push({ word, meaning });
  }
  return sections.filter(({ rows }) => rows.length > 0);
}

function render({ title, rows }: Section, heading: string): string {
  const lines = rows.map(({ word, meaning }) => `| \`${word}\` | ${meaning.replaceAll('|', '\\|')} |`);
  return `\n## ${title}\n\n| ${heading} | |\n|---|---|\n${lines.join('\n')}\n`;
}

async function main(): Promise<void> {
  const [conditions, reasons] = await Promise.all(
    ['conditions.ts', 'reasons.ts'].map((name) => readFile(join(CHECKOUT_DIR, SOURCE, name), 'utf8')),
  );
  const content = [
    HEADER,
    ...readWords(conditions ?? '', 'Conditions').map((section) => render(section, 'condition')),
    ...readWords(reasons ?? '', 'Reasons').map((section) =>
      render({ ...section, title: `Reasons: ${section.title}` }, 'reason'),
    ),
  ].join('');
  await acceptGenerated({ file: TARGET, source: SOURCE, content, isCheck: process.argv.includes('--check') });
}

if (import.meta.main) await runMain(main);
