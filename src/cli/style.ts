import type { CommandIO, Output } from './io.ts';
import type { State } from './standing.ts';

/** How lines look on this terminal. Programs that read them get neither colour nor cut messages. */
export interface Style {
  readonly hasColor: boolean;
  readonly hasUnicode: boolean;
  /** Columns of the terminal; lines are not cut when it is undefined. */
  readonly width?: number;
}

/** Colour on terminals alone, unless NO_COLOR or TERM=dumb says no; Unicode where the locale is UTF-8. */
export function styleOf(
  output: Output,
  { env, isColorWanted }: Pick<CommandIO, 'env'> & { readonly isColorWanted: boolean },
): Style {
  const isTerminal = output.isTTY === true;
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== '') ?? '';
  return {
    hasColor: isTerminal && isColorWanted && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    hasUnicode: /utf-?8/i.test(locale),
    ...(isTerminal && output.columns !== undefined ? { width: output.columns } : {}),
  };
}

export interface Branches {
  readonly middle: string;
  readonly last: string;
  readonly through: string;
  readonly blank: string;
}

export function branches({ hasUnicode }: Style): Branches {
  return hasUnicode
    ? { middle: '├─ ', last: '└─ ', through: '│  ', blank: '   ' }
    : { middle: '|- ', last: '`- ', through: '|  ', blank: '   ' };
}

export type Color = 'green' | 'yellow' | 'red' | 'grey';

const CODES: Readonly<Record<Color, number>> = { green: 32, yellow: 33, red: 31, grey: 90 };

const MARKS: Readonly<Record<State, { readonly unicode: string; readonly ascii: string; readonly color: Color }>> = {
  Ready: { unicode: '✔', ascii: '+', color: 'green' },
  Progressing: { unicode: '●', ascii: '*', color: 'yellow' },
  Waiting: { unicode: '●', ascii: '*', color: 'yellow' },
  Deleting: { unicode: '●', ascii: '*', color: 'yellow' },
  Failed: { unicode: '✖', ascii: 'x', color: 'red' },
  Missing: { unicode: '✖', ascii: 'x', color: 'red' },
  Suspended: { unicode: '○', ascii: 'o', color: 'grey' },
  Unknown: { unicode: '○', ascii: 'o', color: 'grey' },
};

export function mark(state: State, { hasUnicode }: Style): string {
  return hasUnicode ? MARKS[state].unicode : MARKS[state].ascii;
}

export function colored(text: string, state: State, style: Style): string {
  return paint(text, MARKS[state].color, style);
}

export function paint(text: string, color: Color, { hasColor }: Style): string {
  return hasColor ? `\u001B[${CODES[color]}m${text}\u001B[0m` : text;
}
