import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Everything below a directory, in the order of its names. Unlike a recursive `readdir`, which goes through links to folders: two
 * links in a folder that lead back to it would keep that one busy for ever.
 */
export function namesBelow(directory: string): readonly string[] {
  const entries = readdirSync(directory, { withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const deeper = entry.isDirectory() ? namesBelow(join(directory, entry.name)) : [];
      return [entry.name, ...deeper.map((name) => join(entry.name, name))];
    })
    .sort();
}
