import type { Style } from './style.ts';

const GAP = '  ';

/** Objects may hold anything; a terminal must not obey it. One line of printable text. */
export function printable(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').replace(/[\p{Cf}\p{Zl}\p{Zp}]/gu, '');
}

/** Rows as lines with their cells below each other. A row of one cell is a heading, which may be wider than its column. */
export function alignRows(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<number[]>(
    (widest, cells) =>
      cells.length === 1 ? widest : cells.map((cell, index) => Math.max(widest[index] ?? 0, cell.length)),
    [],
  );
  return rows.map((cells) =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join(GAP)
      .trimEnd(),
  );
}

/** Cuts a line at the width of the terminal, where there is one. */
export function cut(line: string, { width, hasUnicode }: Style): string {
  const characters = [...line];
  if (width === undefined || characters.length <= width) return line;
  const ellipsis = hasUnicode ? '…' : '...';
  return characters.slice(0, Math.max(0, width - ellipsis.length)).join('') + ellipsis;
}

/** `1 node`, `2 nodes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A word of a command line that a shell takes as it is. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
