import { fstatSync, lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Interceptor } from './file-calls.ts';
import { namesBelow } from './names-below.ts';

export interface Watch {
  /** Makes every call and looks at what it opened or looked at. */
  readonly interceptor: Interceptor;
  /** Calls that opened something. */
  readonly opens: () => number;
  /** Opens and looks that reached something outside of the volume. */
  readonly escapes: readonly string[];
}

/** Knows every inode outside of the volume, so that a single open of one of them shows, whatever came of it. */
export function watchOutside(outside: readonly string[]): Watch {
  const inodes = new Map<string, string>();
  for (const path of outside) {
    inodes.set(identity(lstatSync(path)), path);
    if (!lstatSync(path).isDirectory()) continue;
    for (const name of namesBelow(path)) {
      inodes.set(identity(lstatSync(join(path, name))), join(path, name));
    }
  }
  const escapes: string[] = [];
  let opens = 0;
  const check = (stats: Stats, how: string): void => {
    const path = inodes.get(identity(stats));
    if (path !== undefined) escapes.push(`${how} ${path}`);
  };
  return {
    interceptor: ({ name }, perform) => {
      const result = perform();
      if (name === 'openSync' && typeof result === 'number') {
        opens += 1;
        check(fstatSync(result), 'opened');
      }
      if (name === 'lstatSync' && isStats(result)) check(result, 'looked at');
      return result;
    },
    opens: () => opens,
    escapes,
  };
}

function isStats(value: unknown): value is Stats {
  return typeof value === 'object' && value !== null && 'ino' in value;
}

function identity({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
