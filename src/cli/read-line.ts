import { createInterface } from 'node:readline';
import type { Input } from './io.ts';

/** One line of what a person types; empty at the end of the input. */
export async function readLine(input: Input, signal: AbortSignal): Promise<string> {
  for await (const line of createInterface({ input, signal })) return line.trim();
  signal.throwIfAborted();
  return '';
}
