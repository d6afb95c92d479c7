import { Readable } from 'node:stream';
import type { CommandIO } from '../../../src/cli/io.ts';

/** What a command printed, and its exit code. */
export interface Captured {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CaptureOptions {
  readonly env?: CommandIO['env'];
  readonly columns?: number;
  /** Of all streams. */
  readonly isTTY?: boolean;
  /** What somebody types. @default nobody is there */
  readonly typed?: string;
}

/** Runs a command on streams of its own. */
export async function capture(
  run: (io: CommandIO) => Promise<number>,
  options: CaptureOptions = {},
): Promise<Captured> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const { env = {}, isTTY = false, columns = 100 } = options;
  const code = await run({
    stdout: { write: (text) => stdout.push(text), isTTY, columns },
    stderr: { write: (text) => stderr.push(text), isTTY, columns },
    env,
    ...(options.typed === undefined ? {} : { stdin: Object.assign(Readable.from([options.typed]), { isTTY }) }),
  });
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}
