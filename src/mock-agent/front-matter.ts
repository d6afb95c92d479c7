import { parse } from 'yaml';

const BLOCK = /^\uFEFF?---[ \t]*\r?\n(?<yaml>[\s\S]*?)^---[ \t]*$/m;

/** The YAML between the `---` lines that a Markdown file starts with; undefined when it starts with none. Throws on bad YAML. */
export function parseFrontMatter(markdown: string): unknown {
  const match = BLOCK.exec(markdown);
  return match?.index === 0 ? parse(match.groups?.yaml ?? '') : undefined;
}
