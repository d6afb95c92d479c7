import { type Color, paint, type Style } from '../style.ts';
import { printable } from '../text.ts';
import type { ComparedVersion, KeptVersionList } from './diff-versions.ts';

/** The versions as a patch for the template's repository; what is no patch is a comment before it, as git and patch allow. */
export function renderDiff({ object, items, omitted }: KeptVersionList, style: Style): readonly string[] {
  const { kind, namespace, name } = object;
  const none =
    items.length === 0 && omitted === 0 ? [`Nothing is kept aside on the volume of ${kind} ${namespace}/${name}`] : [];
  const more = omitted === 0 ? [] : [`# ${omitted} more or so are kept and not shown: too many, or under odd names`];
  return [...none, ...items.flatMap((item) => itemLines(item, style)), ...more];
}

function itemLines({ path, keptAt, diff, reason }: ComparedVersion, style: Style): readonly string[] {
  const head = `# ${printable(path)}, kept at ${printable(keptAt)}`;
  if (diff === null) return [`${head}: no diff, because ${reason}`];
  return [
    head,
    ...diff
      .trimEnd()
      .split('\n')
      .map((line) => colored(visible(line), style)),
  ];
}

/** A terminal must not obey what somebody else wrote into a file. */
function visible(line: string): string {
  return line.replace(
    /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

const COLORS: Readonly<Record<string, Color>> = { '+': 'green', '-': 'red', '@': 'grey' };

function colored(line: string, style: Style): string {
  const color = COLORS[line[0] ?? ''];
  return color === undefined ? line : paint(line, color, style);
}
