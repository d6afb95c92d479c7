import { describe, expect, it, vi } from 'vitest';
import { createProgress } from '../../../src/cli/progress.ts';

function open(options: { readonly isTTY: boolean; readonly env?: Readonly<Record<string, string>> }) {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text), isTTY: options.isTTY, columns: 12 };
  const env = options.env ?? { LANG: 'C.UTF-8' };
  return { written, progress: createProgress({ stdout: stream, stderr: stream, env }, true) };
}

describe('progress', () => {
  it('is a line per change for programs', () => {
    const { written, progress } = open({ isTTY: false });
    for (const text of ['one', 'one', 'two\nlines']) progress.report(text);
    progress.stop();
    expect(written).toEqual(['one\n', 'two lines\n']);
  });

  it('is plain on a terminal that cannot move its cursor', () => {
    const { written, progress } = open({ isTTY: true, env: { TERM: 'dumb' } });
    progress.report('one');
    progress.stop();
    expect(written).toEqual(['one\n']);
  });

  it('turns in one line of a terminal, never wider than it, and leaves nothing behind', () => {
    vi.useFakeTimers();
    try {
      const { written, progress } = open({ isTTY: true });
      progress.report('something long');
      vi.advanceTimersByTime(100);
      progress.stop();
      vi.advanceTimersByTime(1_000);
      expect(written).toEqual(['\r\u001B[K⠙ something…', '\r\u001B[K⠹ something…', '\r\u001B[K']);
    } finally {
      vi.useRealTimers();
    }
  });
});
