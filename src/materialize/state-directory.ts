import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, isFileError } from './anchored.ts';
import { EXIT, MaterializeError } from './exit-codes.ts';
import { explainFileError } from './explain-file-error.ts';

/** The init container's own directory: an emptyDir that no other container mounts. What lies here can be trusted. */
export interface StateDirectory {
  pathOf(name: StateFile): string;
  read(name: StateFile): Promise<string | undefined>;
  /** Atomic and durable; does nothing when the text is there already. */
  write(name: StateFile, text: string): Promise<void>;
  /**
   * Where the bundle of this digest comes together, by as many runs as it takes. What is there of another one nobody wants
   * any more, and it is deleted. Two digests may have one place: what comes together is proven as a whole.
   */
  partialOf(digest: string): Promise<string>;
}

export type StateFile = 'bundle' | 'bundle.new' | 'manifest.json' | 'backoff.json';

const PARTIAL = '.part';

export function openStateDirectory(directory: string): StateDirectory {
  const pathOf = (name: string): string => join(directory, name);
  const read = async (name: StateFile): Promise<string | undefined> => {
    try {
      return await readFile(pathOf(name), 'utf8');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  };
  const write = async (name: StateFile, text: string): Promise<void> => {
    if ((await read(name)) === text) return;
    const temporary = pathOf(`${name}.tmp`);
    {
      await using file = await open(temporary, 'w', 0o600);
      await file.writeFile(text);
      await file.sync();
    }
    await rename(temporary, pathOf(name));
  };
  const partialOf = async (digest: string): Promise<string> => {
    const name = `bundle-${digest.replace(/^sha256:/, '').slice(0, 12)}${PARTIAL}`;
    for (const other of await readdir(directory))
      if (other.endsWith(PARTIAL) && other !== name) await rm(pathOf(other), { force: true });
    return pathOf(name);
  };
  return {
    pathOf,
    partialOf: (digest) => ofStateDirectory(partialOf(digest)),
    read: (name) => ofStateDirectory(read(name)),
    write: (name, text) => ofStateDirectory(write(name, text)),
  };
}

/**
 * Says of a failing file-system call that it was about our own directory. That one lies on the node's disk, so the volume
 * is not to blame, and it may be well again at the next start.
 */
export async function ofStateDirectory<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw new MaterializeError(
      EXIT.tryAgain,
      `Cannot use the init container's own directory: ${explainFileError(error)}`,
      { cause: error },
    );
  }
}
