import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The directory of the migrations, for a program that passes its `import.meta.url`: beside it in a built checkout or
 * an image (dist/migrations), in the source tree when the program runs from src/bin.
 */
export function findMigrations(programURL: string): string {
  const candidates = ['./migrations', '../ledger/migrations'].map((path) => fileURLToPath(new URL(path, programURL)));
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(
      `Cannot find the migrations of the ledger: neither ${candidates.join(' nor ')} exists; build again`,
    );
  }
  return found;
}
