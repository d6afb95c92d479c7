import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { CommandIO, Input } from '../io.ts';

const CHARACTERS = 8;

/** Lets a person type the first characters of the hash that is on the screen, which nobody does without having looked there. */
export async function confirmHash(
  hash: string,
  { input, io, signal }: { readonly input: Input; readonly io: CommandIO; readonly signal: AbortSignal },
): Promise<void> {
  io.stderr.write(`Type the first ${CHARACTERS} characters of the hash to approve: `);
  const typed = await readLine(input, signal);
  if (typed.length >= CHARACTERS && hash.startsWith(typed)) return;
  throw new Error('That is not the hash of this record; nothing was decided');
}

/** One line; what there is when the input ends before. */
export async function readLine(input: Input, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input });
  try {
    const [line] = await Promise.race([
      once(lines, 'line', { signal }) as Promise<readonly string[]>,
      once(lines, 'close', { signal }).then((): readonly string[] => ['']),
    ]);
    return (line ?? '').trim();
  } finally {
    lines.close();
  }
}
