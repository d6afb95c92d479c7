import type { CommandIO } from './io.ts';

export type Main = (argv: readonly string[], io: CommandIO, signal: AbortSignal) => Promise<number>;

/** Runs a command line program on this process: SIGINT and SIGTERM abort it, a reader that went away (`| head`) ends it. */
export async function runProgram(main: Main): Promise<void> {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // Once: the second signal ends the process at once.
    process.once(name, () => controller.abort(new Error(`Interrupted by ${name}`)));
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  process.exitCode = await main(process.argv.slice(2), process, controller.signal);
}
