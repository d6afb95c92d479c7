/**
 * node:fs/promises that fails on command, for `vi.mock('node:fs/promises', …)`. Every call that reaches the disk is a step,
 * those of file handles as well.
 */
type FileSystem = typeof import('node:fs/promises');

export interface FaultyDisk {
  /** The module as the code under test imports it. */
  wrap(original: FileSystem): FileSystem;
  /** The n-th step from now on fails so, and all behind it if `goesOn`, as for a process that is no more. */
  failAt(step: number, error: Error, options: { readonly goesOn: boolean }): void;
  /** Steps of one kind fail so until `heal`. */
  failEach(name: string, error: Error): void;
  heal(): void;
  /** Names of the steps since the last `failAt` or `heal`. */
  readonly steps: readonly string[];
}

export function createFaultyDisk(): FaultyDisk {
  let steps: string[] = [];
  let fault: ((step: number, name: string) => Error | undefined) | undefined;

  const step = (name: string): void => {
    const error = fault?.(steps.length, name);
    steps.push(name);
    if (error !== undefined) throw error;
  };
  /** Handles are closed whatever happens: a dead process holds none either. */
  const isFree = (name: string): boolean => name === 'handle.close';

  const wrapMembers = <T extends object>(target: T, prefix: string): T =>
    new Proxy(target, {
      get: (object, key) => {
        const member: unknown = Reflect.get(object, key, object);
        if (typeof member !== 'function') return member;
        const name = `${prefix}${String(key)}`;
        return async (...args: unknown[]): Promise<unknown> => {
          if (!isFree(name) && typeof key === 'string') step(name);
          const result: unknown = await Reflect.apply(member, object, args);
          return name === 'open' ? wrapMembers(result as object, 'handle.') : result;
        };
      },
    });

  return {
    wrap: (original) => ({ ...wrapMembers({ ...original }, '') }),
    failAt: (nth, error, { goesOn }) => {
      steps = [];
      fault = (index) => ((goesOn ? index >= nth : index === nth) ? error : undefined);
    },
    failEach: (wanted, error) => {
      steps = [];
      fault = (_index, name) => (name === wanted ? error : undefined);
    },
    heal: () => {
      steps = [];
      fault = undefined;
    },
    get steps() {
      return steps;
    },
  };
}
