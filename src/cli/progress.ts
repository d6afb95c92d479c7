import type { CommandIO } from './io.ts';
import { styleOf } from './style.ts';
import { cut, printable } from './text.ts';

/** What a command says while it waits. Standard error takes it, so that the result can be piped on. */
export interface Progress {
  /** Says what is waited for now; the same text again says nothing. */
  report(text: string): void;
  /** Leaves a clean line behind. */
  stop(): void;
}

const FRAMES = { unicode: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'], ascii: ['|', '/', '-', '\\'] };
const FRAME_MS = 100;
const CLEAR_LINE = '\r\u001B[K';

/** One line that turns on a terminal, a line per change everywhere else. */
export function createProgress({ stderr, env }: CommandIO, isColorWanted: boolean): Progress {
  const style = styleOf(stderr, { env, isColorWanted });
  let said = '';
  if (stderr.isTTY !== true || env.TERM === 'dumb') {
    return {
      report: (text) => {
        if (text !== said) stderr.write(`${printable(text)}\n`);
        said = text;
      },
      stop: () => undefined,
    };
  }
  const frames = style.hasUnicode ? FRAMES.unicode : FRAMES.ascii;
  let turn = 0;
  const draw = (): void => {
    if (said === '') return;
    turn = (turn + 1) % frames.length;
    stderr.write(CLEAR_LINE + cut(`${frames[turn]} ${printable(said)}`, style));
  };
  const timer = setInterval(draw, FRAME_MS);
  return {
    report: (text) => {
      said = text;
      draw();
    },
    stop: () => {
      clearInterval(timer);
      if (said !== '') stderr.write(CLEAR_LINE);
    },
  };
}
