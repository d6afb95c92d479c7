import { type Command, CommanderError } from 'commander';
import { coerceError } from '../platform/errors.ts';
import { type CommandIO, EXIT } from './io.ts';
import { printable } from './text.ts';

/** A program whose output goes to `io`, and which returns instead of ending the process. Configure it before adding commands. */
export function captureOutput(program: Command, io: CommandIO): Command {
  return program.exitOverride().configureOutput({
    writeOut: (text) => void io.stdout.write(text),
    writeErr: (text) => void io.stderr.write(text),
    getOutHelpWidth: () => io.stdout.columns ?? 80,
    getErrHelpWidth: () => io.stdout.columns ?? 80,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
}

/** Nothing failed, and nothing can go on before a human has decided. The command has said so itself. */
export class WaitsForDecision extends Error {}

export interface RunOptions {
  readonly io: CommandIO;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/**
 * Runs it to its exit code. What an action throws becomes one line on standard error: what failed and what to do. After an
 * interruption whatever it throws is a consequence of that and no failure of its own.
 */
export async function runCommand(
  program: Command,
  argv: readonly string[],
  { io, signal }: RunOptions,
): Promise<number> {
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof WaitsForDecision) return EXIT.waiting;
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (signal.aborted) {
      io.stderr.write('Interrupted\n');
      return EXIT.interrupted;
    }
    io.stderr.write(`Error: ${printable(coerceError(error).message)}\n`);
    return EXIT.failed;
  }
}
