import type { Dispatcher } from 'undici';
import { coerceError } from '../../platform/errors.ts';
import { FetchError } from './forge.ts';

export interface ForgeHttpOptions {
  /** Decides how and where connections go; the place for address policy. */
  readonly dispatcher?: Dispatcher;
  /** For the whole exchange, body included (TA-11). */
  readonly timeoutMs: number;
}

export interface ForgeGet {
  readonly url: URL;
  readonly accept?: string;
  /** Value of the authorization header; sent to the origin of `url` and to no other. */
  readonly authorization?: string;
  readonly signal: AbortSignal;
}

/** A 200 answer. Errors while the body is read are FetchErrors too. */
export interface ForgeAnswer {
  /** As announced, when it was. */
  readonly contentBytes: number | undefined;
  readonly body: AsyncGenerator<Uint8Array, void, void>;
  /** Instead of reading the body: lets go of the connection. */
  discard(): Promise<void>;
}

export interface ForgeHttp {
  get(call: ForgeGet): Promise<ForgeAnswer>;
}

const MAX_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const ERROR_BODY_BYTES = 4096;

/**
 * GET with the manners that credentials ask for: redirects are followed by hand, at most three, never from https to http,
 * and the credential is dropped for good at the first one that leaves the origin.
 */
export function createForgeHttp({ dispatcher, timeoutMs }: ForgeHttpOptions): ForgeHttp {
  const send = async (call: ForgeGet): Promise<Dispatcher.ResponseData> => {
    const headers = {
      'user-agent': 'molecule-operator',
      ...(call.accept === undefined ? {} : { accept: call.accept }),
      ...(call.authorization === undefined ? {} : { authorization: call.authorization }),
    };
    const { request } = await import('./request.ts');
    return request(call.url, { headers, signal: call.signal, ...(dispatcher === undefined ? {} : { dispatcher }) });
  };

  const follow = async (first: ForgeGet): Promise<ForgeAnswer> => {
    let call = first;
    for (let redirects = 0; ; redirects++) {
      const answer = await send(call);
      if (!REDIRECTS.has(answer.statusCode)) return await accept(answer, first);
      const location = headerOf(answer, 'location');
      await discard(answer);
      if (redirects === MAX_REDIRECTS) throw badResponse(call.url, 'redirects too often');
      call = redirected(call, location);
    }
  };

  return {
    get: async (call) => {
      const timeout = AbortSignal.timeout(timeoutMs);
      const context: Context = { origin: call.url.origin, signal: call.signal, timeout, timeoutMs };
      try {
        const answer = await follow({ ...call, signal: AbortSignal.any([call.signal, timeout]) });
        return { ...answer, body: mapErrors(answer.body, context) };
      } catch (error) {
        throw asFetchError(error, context);
      }
    },
  };
}

function redirected(call: ForgeGet, location: string | undefined): ForgeGet {
  const url = location === undefined ? null : URL.parse(location, call.url.href);
  if (url === null) throw badResponse(call.url, 'redirects to nowhere');
  if (url.protocol !== 'https:' && url.protocol !== call.url.protocol)
    throw badResponse(call.url, 'redirects to an unsafe protocol');
  if (url.username !== '' || url.password !== '')
    throw badResponse(call.url, 'redirects to an address with credentials');
  if (url.origin === call.url.origin) return { ...call, url };
  const { authorization: _dropped, ...rest } = call;
  return { ...rest, url };
}

async function accept(answer: Dispatcher.ResponseData, call: ForgeGet): Promise<ForgeAnswer> {
  if (answer.statusCode !== 200) {
    await discard(answer);
    throw explainStatus(answer, call);
  }
  const encoding = headerOf(answer, 'content-encoding');
  if (encoding !== undefined && encoding !== 'identity') {
    await discard(answer);
    throw badResponse(call.url, 'encodes what must come as it is');
  }
  const length = Number(headerOf(answer, 'content-length') ?? Number.NaN);
  return {
    contentBytes: Number.isSafeInteger(length) ? length : undefined,
    body: iterate(answer.body),
    discard: () => discard(answer),
  };
}

/** Reads a short body away, so that the connection can be used again; closes it under a long one (TA-11: 4 KiB). */
async function discard(answer: Dispatcher.ResponseData): Promise<void> {
  await answer.body.dump({ limit: ERROR_BODY_BYTES });
}

async function* iterate(body: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of body) if (chunk instanceof Uint8Array) yield chunk;
}

/** Forges answer 404 to whoever may not know that a repository exists, so 404 cannot be told from a missing right. */
function explainStatus(answer: Dispatcher.ResponseData, call: ForgeGet): FetchError {
  const { statusCode } = answer;
  const { origin } = call.url;
  const caller =
    call.authorization === undefined ? 'it is private and no token was given' : 'the token may not read it';
  const retryAfterMs = retryAfterOf(answer);
  const isLimited = statusCode === 429 || (statusCode === 403 && headerOf(answer, 'x-ratelimit-remaining') === '0');
  const options = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (isLimited) return new FetchError('RateLimited', `Cannot fetch from ${origin}: too many requests`, options);
  switch (statusCode) {
    case 401:
      return new FetchError('Unauthorized', `Cannot fetch from ${origin}: the token is not accepted (401)`);
    case 403:
      return new FetchError('Unauthorized', `Cannot fetch from ${origin}: forbidden, ${caller} (403)`);
    case 404:
      return new FetchError('NotFound', `Cannot fetch from ${origin}: not found, or ${caller} (404)`);
    case 409:
      return new FetchError('NotFound', `Cannot fetch from ${origin}: the repository is empty (409)`);
    default:
      if (statusCode >= 500)
        return new FetchError('Unreachable', `Cannot fetch from ${origin}: it answered ${statusCode}`, options);
      return new FetchError('BadResponse', `Cannot fetch from ${origin}: it answered ${statusCode}`);
  }
}

function retryAfterOf(answer: Dispatcher.ResponseData): number | undefined {
  const after = headerOf(answer, 'retry-after');
  if (after !== undefined) {
    const ms = /^\d{1,9}$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now();
    return Number.isNaN(ms) ? undefined : Math.max(0, ms);
  }
  const reset = headerOf(answer, 'x-ratelimit-reset');
  return reset !== undefined && /^\d{1,12}$/.test(reset) ? Math.max(0, Number(reset) * 1000 - Date.now()) : undefined;
}

function headerOf(answer: Dispatcher.ResponseData, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

interface Context {
  readonly origin: string;
  readonly signal: AbortSignal;
  readonly timeout: AbortSignal;
  readonly timeoutMs: number;
}

async function* mapErrors(
  body: AsyncGenerator<Uint8Array, void, void>,
  context: Context,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* body;
  } catch (error) {
    throw asFetchError(error, context);
  }
}

/** Only the code of a network error is shown: its text may quote the URL. */
function asFetchError(error: unknown, { origin, signal, timeout, timeoutMs }: Context): unknown {
  if (error instanceof FetchError) return error;
  if (signal.aborted) return signal.reason;
  if (timeout.aborted)
    return new FetchError(
      'Unreachable',
      `Cannot fetch from ${origin}: no complete answer within ${timeoutMs / 1000} s`,
    );
  const cause = coerceError(error);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : 'connection failed';
  return new FetchError('Unreachable', `Cannot fetch from ${origin}: ${code}`, { cause });
}

function badResponse(url: URL, what: string): FetchError {
  return new FetchError('BadResponse', `Cannot fetch from ${url.origin}: it ${what}`);
}
