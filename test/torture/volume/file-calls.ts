import { AsyncLocalStorage } from 'node:async_hooks';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/** One call to the file system, before it is made. Closing is not among them: it always works, so that nothing leaks. */
export interface FileCall {
  /** As `node:fs` names it, or `FileHandle.` and the method. */
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Makes the call as it is or with other arguments. */
export type Perform = (args?: readonly unknown[]) => unknown;

/** Makes the call by `perform`, or throws in its place, or does something else around it. */
export type Interceptor = (call: FileCall, perform: Perform) => unknown;

export interface FileCalls extends Disposable {
  /** Runs the work with every call to the file system going through the interceptor; calls of anybody else do not. */
  intercept<T>(interceptor: Interceptor, work: () => Promise<T>): Promise<T>;
}

const SYNC = [
  ...['chmodSync', 'fchmodSync', 'fstatSync', 'fsyncSync', 'linkSync', 'lstatSync', 'mkdirSync', 'opendirSync'],
  ...['openSync', 'readFileSync', 'readSync', 'readdirSync', 'readlinkSync', 'renameSync', 'rmdirSync', 'unlinkSync'],
  'writeSync',
];
const ASYNC = ['open', 'readFile', 'readdir', 'rename', 'rm', 'stat'];
const HANDLE = ['read', 'stat', 'sync', 'writeFile'];

/**
 * The seam for faults, crashes and hostile neighbours: the functions of `node:fs` themselves, as every module that imported
 * them sees them, so that the code under test is the code that ships.
 */
export async function interceptFileCalls(): Promise<FileCalls> {
  const active = new AsyncLocalStorage<Interceptor>();
  const undo: (() => void)[] = [];

  const wrap = (target: object, prefix: string, name: string): void => {
    const original: unknown = Reflect.get(target, name);
    if (typeof original !== 'function') throw new Error(`Cannot intercept ${name}: there is no such function`);
    Reflect.set(target, name, function (this: unknown, ...args: unknown[]): unknown {
      const perform: Perform = (given = args) => Reflect.apply(original, this, given);
      const interceptor = active.getStore();
      if (interceptor === undefined) return perform(args);
      // What the interceptor itself does on the file system is not intercepted again.
      return active.exit(() => interceptor({ name: `${prefix}${name}`, args }, perform));
    });
    undo.push(() => Reflect.set(target, name, original));
  };

  for (const name of SYNC) wrap(fs, '', name);
  for (const name of ASYNC) wrapAsync(name);
  {
    await using handle = await fsPromises.open('/dev/null');
    for (const name of HANDLE) wrapHandle(Object.getPrototypeOf(handle) as object, name);
  }
  syncBuiltinESMExports();

  /** A promise that rejects instead of a throw, as its caller expects. */
  function wrapAsync(name: string): void {
    wrap(fsPromises, '', name);
    reject(fsPromises, name);
  }
  function wrapHandle(prototype: object, name: string): void {
    wrap(prototype, 'FileHandle.', name);
    reject(prototype, name);
  }
  function reject(target: object, name: string): void {
    const throwing: unknown = Reflect.get(target, name);
    if (typeof throwing !== 'function') return;
    Reflect.set(target, name, async function (this: unknown, ...args: unknown[]): Promise<unknown> {
      return Reflect.apply(throwing, this, args);
    });
  }

  return {
    intercept: (interceptor, work) => active.run(interceptor, work),
    [Symbol.dispose]: () => {
      for (const restore of undo) restore();
      syncBuiltinESMExports();
    },
  };
}
