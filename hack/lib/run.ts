import { spawn } from 'node:child_process';
import { constants } from 'node:os';

export interface RunOptions {
  readonly cwd?: string | undefined;
  /** Added to this process's environment. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly input?: string | Uint8Array | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Kills the program; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface RunResult {
  /** The exit code, or 128 + N when signal N ended the program, as shells count. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program ran and failed; what it wrote to standard error is in the message. */
export class ProgramError extends Error {
  readonly result: RunResult;

  constructor(action: string, result: RunResult) {
    super(`Cannot ${action}: ${result.stderr.trim() || result.stdout.trim() || `exit code ${result.code}`}`);
    this.name = 'ProgramError';
    this.result = result;
  }
}

/** Runs a program to its end and collects its output. A failing program is a result; one that cannot be started rejects. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  options.signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      uid: options.uid,
      gid: options.gid,
      stdio: ['pipe', 'pipe', 'pipe'],
      signal: options.signal,
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program that exits without reading its input closes the pipe; its exit code tells what happened.
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(options.input ?? '');
    child.on('error', (cause) =>
      reject(
        options.signal?.aborted
          ? options.signal.reason
          : new Error(`Cannot run ${program}: ${cause.message}`, { cause }),
      ),
    );
    child.on('close', (code, signal) =>
      resolve({
        code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]),
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      }),
    );
  });
}

export interface RunOrThrowOptions extends RunOptions {
  /** Completes "Cannot …" in the error's text. @default run PROGRAM FIRST-ARGUMENT */
  readonly action?: string | undefined;
}

/** Like run, but an exit code other than 0 throws a ProgramError. Returns what the program wrote to standard output. */
export async function runOrThrow(
  program: string,
  args: readonly string[],
  options: RunOrThrowOptions = {},
): Promise<string> {
  const result = await run(program, args, options);
  if (result.code !== 0) throw new ProgramError(options.action ?? `run ${program} ${args[0] ?? ''}`.trim(), result);
  return result.stdout;
}
