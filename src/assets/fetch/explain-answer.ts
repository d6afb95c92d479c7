import type { Dispatcher } from 'undici';
import { FetchError } from './forge.ts';

/** GitHub's windows are an hour long; a mistaken or hostile forge cannot ask for more silence than that. */
const LONGEST_WAIT_MS = 3_600_000;

/** An answer that is not what was asked for, in words; nothing of its body is in them. */
export function explainAnswer(
  answer: Dispatcher.ResponseData,
  { origin, hasToken, nowMs }: { readonly origin: string; readonly hasToken: boolean; readonly nowMs: number },
): FetchError {
  const { statusCode } = answer;
  const who = hasToken ? 'the token may not read it' : 'it is private and no token was given';
  const retryAfterMs = retryAfterOf(answer, nowMs);
  const options = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (isRateLimit(answer))
    return new FetchError('RateLimited', `Cannot fetch from ${origin}: too many requests`, options);
  switch (statusCode) {
    case 401:
      return new FetchError('Unauthorized', `Cannot fetch from ${origin}: the token is not accepted (401)`);
    case 403:
      return new FetchError('Unauthorized', `Cannot fetch from ${origin}: forbidden, ${who} (403)`);
    case 404:
      return new FetchError('NotFound', `Cannot fetch from ${origin}: not found, or ${who} (404)`);
    case 409:
      return new FetchError('RepositoryEmpty', `Cannot fetch from ${origin}: the repository is empty (409)`);
    case 422:
      return new FetchError('RefNotFound', `Cannot fetch from ${origin}: the repository has no such ref (422)`);
    default:
      return statusCode >= 500
        ? new FetchError('Unreachable', `Cannot fetch from ${origin}: it answered ${statusCode}`, options)
        : new FetchError('BadResponse', `Cannot fetch from ${origin}: it answered ${statusCode}`);
  }
}

/** GitHub says 403 as well: with no requests left, or with a time to wait when it finds them too many at once. */
function isRateLimit(answer: Dispatcher.ResponseData): boolean {
  if (answer.statusCode === 429) return true;
  return (
    answer.statusCode === 403 &&
    (headerOf(answer, 'x-ratelimit-remaining') === '0' || headerOf(answer, 'retry-after') !== undefined)
  );
}

function retryAfterOf(answer: Dispatcher.ResponseData, nowMs: number): number | undefined {
  const waitMs = announcedWait(answer, nowMs);
  return waitMs === undefined || Number.isNaN(waitMs) ? undefined : Math.min(Math.max(0, waitMs), LONGEST_WAIT_MS);
}

function announcedWait(answer: Dispatcher.ResponseData, nowMs: number): number | undefined {
  const after = headerOf(answer, 'retry-after');
  if (after !== undefined) return /^\d{1,9}$/.test(after) ? Number(after) * 1000 : Date.parse(after) - nowMs;
  const reset = headerOf(answer, 'x-ratelimit-reset');
  return reset !== undefined && /^\d{1,12}$/.test(reset) ? Number(reset) * 1000 - nowMs : undefined;
}

export function headerOf(answer: Dispatcher.ResponseData, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
