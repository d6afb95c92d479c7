import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { findProgram, readIfExists, writeAtomically } from './files.ts';
import { waitFor } from './wait.ts';

export interface DaemonSpec {
  readonly name: string;
  readonly program: string;
  /** Must hold something that no other process of the machine has, such as a path of its own: it proves whose it is. */
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Standard output and error are appended here. */
  readonly logFile: string;
  /** Remembers the process, so that a later run can stop it or clean up after a crash. */
  readonly pidFile: string;
  /** `parent`: dies with this process, also when that is killed. `detached`: lives on until stopped by its pid file. */
  readonly lifetime: 'parent' | 'detached';
  /** What a `parent` daemon gets when this process dies. @default SIGKILL */
  readonly deathSignal?: NodeJS.Signals;
}

export interface Daemon {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  isRunning(): boolean;
  /** Asks it to end, kills it after the grace period, and returns when it is gone. */
  stop(options?: StopOptions): Promise<void>;
}

export interface StopOptions {
  /** @default 5000 */
  readonly graceMs?: number;
  /** How to ask. @default SIGTERM */
  readonly stopSignal?: NodeJS.Signals;
}

const DEFAULT_GRACE_MS = 5_000;

const pidRecordSchema = z.object({ pid: z.number().int().positive(), args: z.array(z.string()) });

/** Starts a background process. It has only just begun: whether it serves is for the caller to wait for. */
export async function startDaemon(spec: DaemonSpec): Promise<Daemon> {
  const { deathSignal = 'SIGKILL' } = spec;
  await mkdir(dirname(spec.logFile), { recursive: true });
  // Killed by the kernel with its parent, even when the parent got SIGKILL. Elsewhere only the exit listener is left.
  const setpriv = spec.lifetime === 'parent' ? await findProgram('setpriv') : undefined;
  const argv = setpriv === undefined ? [] : [setpriv, '--pdeathsig', deathSignal.slice('SIG'.length), '--'];
  const [program = spec.program, ...args] = [...argv, spec.program, ...spec.args];
  const log = openSync(spec.logFile, 'a');
  try {
    const child = spawn(program, args, {
      cwd: spec.cwd,
      env: { ...process.env, ...spec.env },
      uid: spec.uid,
      gid: spec.gid,
      detached: spec.lifetime === 'detached',
      stdio: ['ignore', log, log],
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', (cause) => reject(new Error(`Cannot start ${spec.name}: ${cause.message}`, { cause })));
      child.once('spawn', () => resolve(child.pid ?? 0));
    });
    const killWithUs = (): void => void child.kill(deathSignal);
    if (spec.lifetime === 'detached') child.unref();
    else if (setpriv === undefined) process.once('exit', killWithUs);
    await writeAtomically(spec.pidFile, `${JSON.stringify({ pid, args: spec.args })}\n`);
    return {
      name: spec.name,
      pid,
      logFile: spec.logFile,
      isRunning: () => child.exitCode === null && child.signalCode === null,
      stop: async (options) => {
        process.removeListener('exit', killWithUs);
        await stopRecorded(spec.pidFile, options);
      },
    };
  } finally {
    closeSync(log);
  }
}

/** The process behind a pid file, if it still is the one that was recorded there and not another with its number. */
export async function findRecorded(pidFile: string): Promise<number | undefined> {
  const text = await readIfExists(pidFile);
  if (text === undefined) return undefined;
  const record = pidRecordSchema.safeParse(parseJson(text));
  if (!record.success) return undefined;
  const argv = await readArgv(record.data.pid);
  // The wrapper that ties a process to its parent puts words before, never behind.
  const isOurs = argv.length > 0 && argv.slice(-record.data.args.length).join('\0') === record.data.args.join('\0');
  return isOurs ? record.data.pid : undefined;
}

/** Stops the recorded process, if it runs, and forgets it. True when one was running. */
export async function stopRecorded(pidFile: string, options: StopOptions = {}): Promise<boolean> {
  const pid = await findRecorded(pidFile);
  if (pid !== undefined) await stopProcess(pid, options);
  await rm(pidFile, { force: true });
  return pid !== undefined;
}

async function stopProcess(pid: number, options: StopOptions): Promise<void> {
  const { graceMs = DEFAULT_GRACE_MS, stopSignal = 'SIGTERM' } = options;
  const isGone = async (): Promise<boolean> => (await readArgv(pid)).length === 0;
  sendSignal(pid, stopSignal);
  const deadline = performance.now() + graceMs;
  await waitFor(
    async () => {
      if (await isGone()) return true;
      if (performance.now() > deadline) sendSignal(pid, 'SIGKILL');
      return false;
    },
    { what: `process ${pid} end`, timeoutMs: graceMs + 10_000, intervalMs: 20 },
  );
}

/** Sends a signal to a process that may be gone already. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The process's argument list; empty when it is gone, a zombie, or the machine has no /proc. */
export async function readArgv(pid: number): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

/** The last lines of a log file, for error texts. */
export async function logTail(logFile: string, lines = 8): Promise<string> {
  const text = (await readIfExists(logFile)) ?? '';
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
