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

/** The first line, empty when the input ends before. */
/** One line of what a person types; empty at the end of the input. */
export async function readLine(input: Input, signal: AbortSignal): Promise<string> {
  for await (const line of createInterface({ input, signal })) return line.trim();
  signal.throwIfAborted();
  return '';
}
