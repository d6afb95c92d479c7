import { FetchError } from './forge.ts';
import type { ForgeAnswer } from './forge-http.ts';

/** A small answer as text. @throws FetchError TooLarge when it is not small */
export async function readText(answer: ForgeAnswer, limitBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer.body) {
    length += part.length;
    if (length > limitBytes)
      throw new FetchError('TooLarge', `Cannot read answer: it is larger than ${limitBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
