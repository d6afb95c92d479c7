import { closeSync, constants, type Dir } from 'node:fs';
import type { FileCall, Interceptor, Perform } from './file-calls.ts';

/**
 * What becomes of a run at one call to the file system. Killed: nothing that it would do from there on happens, also not
 * what it does to clean up; `half` of a write is on the disk by then. An error: the call fails, and with `isLasting` every
 * later one of its kind as well.
 */
export type Ending =
  | { readonly kind: 'killed'; readonly position: 'before' | 'half' | 'after' }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly isLasting: boolean };

const ERROR_CODES = ['EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'EACCES'] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

const WRITES: readonly string[] = ['writeSync', 'FileHandle.writeFile'];
const CHANGES: readonly string[] = [
  ...WRITES,
  ...['chmodSync', 'fchmodSync', 'linkSync', 'mkdirSync', 'renameSync', 'rmdirSync', 'unlinkSync', 'rename', 'rm'],
];
const SYNCS: readonly string[] = ['fsyncSync', 'FileHandle.sync'];

/** All that can happen at a call, in a fixed order. */
export function endingsAt(call: FileCall): readonly Ending[] {
  const killed = (position: 'before' | 'half' | 'after'): Ending => ({ kind: 'killed', position });
  const isChange = isChanging(call);
  return [
    ...(isChange || SYNCS.includes(call.name) ? [killed('before'), killed('after')] : []),
    ...(WRITES.includes(call.name) ? [killed('half')] : []),
    ...ERROR_CODES.filter((code) => code === 'EIO' || isChange).flatMap((code): readonly Ending[] => [
      { kind: 'error', code, isLasting: false },
      { kind: 'error', code, isLasting: true },
    ]),
  ];
}

export function describeEnding(ending: Ending): string {
  if (ending.kind === 'killed') return `killed ${ending.position === 'half' ? 'half through' : ending.position}`;
  return `${ending.code} ${ending.isLasting ? 'from' : 'at'}`;
}

/** Ends the run at its call with this index, counted from 0. */
export function endAt(index: number, ending: Ending): Interceptor {
  let calls = 0;
  return (call, perform) => {
    const at = calls;
    calls += 1;
    if (at < index) return perform();
    if (ending.kind === 'killed') {
      if (at === index) return dieAt(call, { perform, position: ending.position });
      throw new Error('killed');
    }
    const fails = at === index || (ending.isLasting && (ending.code === 'EIO' || isChanging(call)));
    if (fails)
      throw Object.assign(new Error(`${ending.code}: injected, ${call.name}`), {
        code: ending.code,
        syscall: call.name,
      });
    return perform();
  };
}

function dieAt(
  call: FileCall,
  { perform, position }: { readonly perform: Perform; readonly position: 'before' | 'half' | 'after' },
): unknown {
  if (position === 'before') throw new Error('killed');
  const result = perform(position === 'half' ? halfOf(call) : call.args);
  if (result instanceof Promise) return result.then(dieWith);
  // What the killed run had just opened is closed, as the kernel does it.
  if (call.name === 'openSync') closeSync(result as number);
  if (call.name === 'opendirSync') (result as Dir).closeSync();
  throw new Error('killed');
}

async function dieWith(result: unknown): Promise<never> {
  if (typeof result === 'object' && result !== null && Symbol.asyncDispose in result) {
    await using _handle = result as AsyncDisposable;
  }
  throw new Error('killed');
}

/** The arguments of a write of half as many bytes. */
function halfOf({ name, args }: FileCall): readonly unknown[] {
  const [first, second, third] = args;
  if (name === 'FileHandle.writeFile') {
    const bytes = Buffer.from(first as string | Buffer);
    return [bytes.subarray(0, bytes.length >> 1)];
  }
  const [chunk, offset] = [second as Buffer, third as number];
  return [first, chunk, offset, (chunk.length - offset) >> 1];
}

function isChanging({ name, args }: FileCall): boolean {
  if (name === 'openSync') return ((args[1] as number) & constants.O_CREAT) !== 0;
  return name === 'open' ? args[1] !== 'r' : CHANGES.includes(name);
}
