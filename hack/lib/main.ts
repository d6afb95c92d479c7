/**
 * Runs a command line tool: an error becomes one line on standard error and exit code 1; SIGINT and SIGTERM abort the
 * signal, so that what was half started is stopped again, and end with 130 or 143 as shells expect.
 */
export async function runMain(main: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
  for (const [name, code] of Object.entries(exitCodes)) {
    process.once(name, () => {
      process.exitCode = code;
      controller.abort(new Error(`Stopped by ${name}`));
    });
  }
  try {
    await main(controller.signal);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode ??= 1;
  }
}
