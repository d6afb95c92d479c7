import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from './anchored.ts';

/** The init container's own directory: an emptyDir that no other container mounts. What lies here can be trusted. */
export interface StateDirectory {
  pathOf(name: StateFile): string;
  read(name: StateFile): Promise<string | undefined>;
  /** Atomic and durable; does nothing when the text is there already. */
  write(name: StateFile, text: string): Promise<void>;
}

export type StateFile = 'bundle' | 'bundle.new' | 'manifest.json' | 'backoff.json';

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
  return {
    pathOf,
    read,
    write: async (name, text) => {
      if ((await read(name)) === text) return;
      const temporary = pathOf(`${name}.tmp`);
      {
        await using file = await open(temporary, 'w', 0o600);
        await file.writeFile(text);
        await file.sync();
      }
      await rename(temporary, pathOf(name));
    },
  };
}
