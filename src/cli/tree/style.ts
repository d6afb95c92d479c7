import type { CommandIO } from '../io.ts';
import type { State } from './org-tree.ts';

/** How lines look on this terminal. Programs that read them get neither colour nor cut messages. */
export interface Style {
  readonly hasColor: boolean;
  readonly hasUnicode: boolean;
  /** Columns of the terminal; lines are not cut when it is undefined. */
  readonly width?: number;
}

/** Colour on terminals alone, unless NO_COLOR or TERM=dumb says no; Unicode where the locale is UTF-8. */
export function styleOf({ stdout, env }: CommandIO, isColorWanted: boolean): Style {
  const isTerminal = stdout.isTTY === true;
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== '') ?? '';
  return {
    hasColor: isTerminal && isColorWanted && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    hasUnicode: /utf-?8/i.test(locale),
    ...(isTerminal && stdout.columns !== undefined ? { width: stdout.columns } : {}),
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

const GREEN = 32;
const YELLOW = 33;
const RED = 31;
const GREY = 90;

const MARKS: Readonly<Record<State, { readonly unicode: string; readonly ascii: string; readonly color: number }>> = {
  Ready: { unicode: '✔', ascii: '+', color: GREEN },
  Progressing: { unicode: '●', ascii: '*', color: YELLOW },
  Waiting: { unicode: '●', ascii: '*', color: YELLOW },
  Deleting: { unicode: '●', ascii: '*', color: YELLOW },
  Failed: { unicode: '✖', ascii: 'x', color: RED },
  Missing: { unicode: '✖', ascii: 'x', color: RED },
  Suspended: { unicode: '○', ascii: 'o', color: GREY },
  Unknown: { unicode: '○', ascii: 'o', color: GREY },
};

export function mark(state: State, { hasUnicode }: Style): string {
  return hasUnicode ? MARKS[state].unicode : MARKS[state].ascii;
}

export function colored(text: string, state: State, { hasColor }: Style): string {
  return hasColor ? `\u001B[${MARKS[state].color}m${text}\u001B[0m` : text;
}
