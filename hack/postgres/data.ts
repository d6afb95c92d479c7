import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfExists } from '../lib/files.ts';

/** In a server's directory: names the directory with its data, where that could not be inside. */
export const ELSEWHERE_FILE = 'postgres-data-elsewhere';

/** Removes a server's directory, and its data also where they had to lie elsewhere. */
export async function removePostgresData(dir: string): Promise<void> {
  const elsewhere = await readIfExists(join(dir, ELSEWHERE_FILE));
  for (const path of [elsewhere?.trim(), dir]) if (path) await rm(path, { recursive: true, force: true });
}
