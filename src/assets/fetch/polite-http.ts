import { LruMap } from '../../runtime/lru-map.ts';
import { FetchError } from './forge.ts';
import type { ForgeGet, ForgeHttp } from './forge-http.ts';

/** When a forge asks for fewer requests without saying for how long. */
const DEFAULT_SILENCE_MS = 60_000;
const MAX_REMEMBERED = 4096;

/**
 * Leaves a forge alone for as long as it asked to be: until then every request with the same credential to the same origin
 * fails at once, whichever repository it is about, because limits count per credential.
 */
export function respectRateLimits(http: ForgeHttp, now: () => number): ForgeHttp {
  const silentUntil = new LruMap<string, number>(MAX_REMEMBERED);
  return {
    get: async (call) => {
      const caller = callerOf(call);
      const waitMs = (silentUntil.get(caller) ?? 0) - now();
      if (waitMs > 0)
        throw new FetchError('RateLimited', `Cannot fetch from ${call.url.origin}: too many requests`, {
          retryAfterMs: waitMs,
        });
      try {
        return await http.get(call);
      } catch (error) {
        if (error instanceof FetchError && error.code === 'RateLimited')
          silentUntil.set(caller, now() + (error.retryAfterMs ?? DEFAULT_SILENCE_MS));
        throw error;
      }
    },
  };
}

/** Reads small answers as text. */
export interface TextReader {
  /** @throws FetchError BadResponse when the answer is not small */
  read(call: ForgeGet, limitBytes: number): Promise<string>;
}

/**
 * Asks again only whether an answer still holds, where the forge gives answers an ETag (GitHub does, and does not count
 * such a request against its limit; Gitea does not). What was said to one credential is never taken as said to another.
 */
export function createTextReader(http: ForgeHttp): TextReader {
  const known = new LruMap<string, { readonly etag: string; readonly text: string }>(MAX_REMEMBERED);
  return {
    read: async (call, limitBytes) => {
      const key = `${callerOf(call)} ${call.url.href} ${call.accept ?? ''}`;
      const before = known.get(key);
      const answer = await http.get(before === undefined ? call : { ...call, etag: before.etag });
      if (answer.isUnchanged && before !== undefined) {
        await answer.discard();
        return before.text;
      }
      const text = await readText(answer.body, limitBytes);
      if (answer.etag === undefined) known.delete(key);
      else known.set(key, { etag: answer.etag, text });
      return text;
    },
  };
}

/** @throws FetchError BadResponse when it is not small */
export async function readText(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > limitBytes)
      throw new FetchError('BadResponse', `Cannot read answer: it is larger than ${limitBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function callerOf({ url, authorization }: ForgeGet): string {
  return `${url.origin} ${authorization?.credential.id ?? ''}`;
}
