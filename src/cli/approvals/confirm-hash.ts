import type { CommandIO, Input } from '../io.ts';
import { readLine } from '../read-line.ts';
import { isHashPrefix, LEAST_CHARACTERS } from './hash-prefix.ts';

/** Lets a person type the first characters of the hash that is on the screen, which nobody does without having looked there. */
export async function confirmHash(
  hash: string,
  { input, io, signal }: { readonly input: Input; readonly io: CommandIO; readonly signal: AbortSignal },
): Promise<void> {
  io.stderr.write(`Type the first ${LEAST_CHARACTERS} characters of the hash to approve: `);
  const typed = await readLine(input, signal);
  if (isHashPrefix(typed) && hash.startsWith(typed)) return;
  throw new Error('That is not the hash of this record; nothing was decided');
}
