import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ground } from './attacks.ts';

/** Node has no renameat2; the C library's own does it from a dozen lines of Python, as fast as one core can. */
const EXCHANGE = `
import ctypes, os, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
pairs = [tuple(pair.encode().split(b"=")) for pair in sys.argv[1:]]
print("begun", flush=True)
while True:
    for one, other in pairs:
        libc.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE)
`;

export function canExchange(): boolean {
  return spawnSync('python3', ['-c', 'import ctypes; ctypes.CDLL(None).renameat2']).status === 0;
}

/** Processes that attack the volume while we work on it; one of them in one step of the kernel (V1) where that can be had. */
export async function startNeighbour(ground: Ground, seed: number): Promise<AsyncDisposable> {
  await using started = new AsyncDisposableStack();
  const script = fileURLToPath(new URL('neighbour.ts', import.meta.url));
  const args = ['--no-warnings', script, String(seed), ground.target, ...ground.outside];
  started.use(await begin(process.execPath, args));
  if (canExchange()) started.use(await startExchange(ground, ['prompts', 'agent-skills', '.molecule']));
  return started.move();
}

/** Lets each of these folders and a link to what lies outside change places without end (V1). */
export async function startExchange({ target, outside }: Ground, names: readonly string[]): Promise<AsyncDisposable> {
  const pairs = names.map((name, index) => {
    const link = join(target, `exchange-${name}`);
    symlinkSync(outside[index % outside.length] ?? target, link);
    return `${join(target, name)}=${link}`;
  });
  return begin('python3', ['-c', EXCHANGE, ...pairs]);
}

async function begin(command: string, args: readonly string[]): Promise<AsyncDisposable> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  if (child.exitCode !== null) throw new Error(`Cannot attack volume: ${command} ended with ${child.exitCode}`);
  return { [Symbol.asyncDispose]: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.stdin?.end();
  await exit;
}
