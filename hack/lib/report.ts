/** Takes one line for a person who waits: what was done or is about to take long. Libraries never print by themselves. */
export type Report = (line: string) => void;

/** The reporter of command line tools: plain lines on standard output, no colours. */
export function reportToStdout(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** For callers that want silence, such as tests. */
export function reportNothing(_line: string): void {
  return;
}

/** Milliseconds as `4.2 s`. */
export function formatSeconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
