import type { Dispatcher } from 'undici';
import { coerceError } from '../../platform/errors.ts';
import { explainAnswer, headerOf } from './explain-answer.ts';
import { explainFault } from './explain-fault.ts';
import { FetchError, type FetchErrorCode } from './forge.ts';
import type { ForgeCredential } from './forge-credential.ts';
import type { Transport, TransportOptions } from './transport.ts';

export interface ForgeHttpOptions extends TransportOptions {
  /** For the whole exchange, body included (TA-11). */
  readonly timeoutMs: number;
  /** Wall clock: forges name points in time. */
  readonly now: () => number;
  /** More are refused. @default 3 */
  readonly maxRedirects?: number;
}

export interface ForgeGet {
  readonly url: URL;
  readonly accept?: string;
  /** Sent to the origin of `url` and to no other, and there only if the credential is for its host. */
  readonly authorization?: { readonly scheme: 'token' | 'Bearer'; readonly credential: ForgeCredential };
  /** What an earlier answer is known by: the forge may say that it still holds. */
  readonly etag?: string;
  readonly signal: AbortSignal;
}

/** A 200 answer, or a 304 without a body where an `etag` was given. Errors while the body is read are FetchErrors too. */
export interface ForgeAnswer {
  readonly isUnchanged: boolean;
  readonly etag: string | undefined;
  /** As announced, when it was. */
  readonly contentBytes: number | undefined;
  readonly body: AsyncGenerator<Uint8Array, void, void>;
  /** Instead of reading the body: lets go of the connection. */
  discard(): Promise<void>;
}

export interface ForgeHttp {
  get(call: ForgeGet): Promise<ForgeAnswer>;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const ERROR_BODY_BYTES = 4096;

/**
 * GET with the manners that credentials ask for: redirects are followed by hand, only so many, never from https to http,
 * and the credential is dropped for good at the first one that leaves the origin.
 */
export function createForgeHttp({ timeoutMs, now, maxRedirects = 3, ...options }: ForgeHttpOptions): ForgeHttp {
  let transport: Promise<Transport> | undefined;
  const send = async ({ url, accept, authorization, etag, signal }: ForgeGet): Promise<Dispatcher.ResponseData> => {
    const headers = {
      'user-agent': 'molecule-operator',
      ...(accept === undefined ? {} : { accept }),
      ...(authorization === undefined ? {} : { authorization: authorize(url, authorization) }),
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
    };
    transport ??= import('./transport.ts').then(({ createTransport }) => createTransport(options));
    return (await transport)(url, { headers, signal });
  };

  const follow = async (first: ForgeGet, context: Context): Promise<ForgeAnswer> => {
    let call = first;
    for (let redirects = 0; ; redirects++) {
      const where = redirects === 0 ? context.origin : `${context.origin}, which redirects`;
      const answer = await send(call).catch((error: unknown) => {
        throw explain(error, { ...context, origin: where });
      });
      if (!REDIRECTS.has(answer.statusCode)) return await accept(answer, first, now());
      const location = headerOf(answer, 'location');
      await discard(answer);
      if (redirects === maxRedirects)
        throw refusal('RedirectRefused', first.url, maxRedirects === 0 ? 'redirects' : 'redirects too often');
      const next = redirected(call, location);
      if (typeof next === 'string') throw refusal('RedirectRefused', first.url, next);
      call = next;
    }
  };

  return {
    get: async (call) => {
      const timeout = AbortSignal.timeout(timeoutMs);
      const context: Context = { origin: call.url.origin, signal: call.signal, timeout, timeoutMs };
      try {
        const answer = await follow({ ...call, signal: AbortSignal.any([call.signal, timeout]) }, context);
        return { ...answer, body: mapErrors(answer.body, context) };
      } catch (error) {
        throw explain(error, context);
      }
    },
  };
}

/** To go without would be another request than the one that was meant (TA-10). */
function authorize(url: URL, { scheme, credential }: NonNullable<ForgeGet['authorization']>): string {
  const value = credential.authorize(url, scheme);
  if (value !== undefined) return value;
  throw new FetchError('HostNotAllowed', `Cannot fetch from ${url.origin}: the token was not made for this host`);
}

/** The next request, or what is wrong with it: in words without the place, which the forge may have chosen to be read. */
function redirected(call: ForgeGet, location: string | undefined): ForgeGet | string {
  const url = location === undefined ? null : URL.parse(location, call.url.href);
  if (url === null) return 'redirects to nowhere';
  if (url.protocol !== 'https:' && url.protocol !== call.url.protocol) return 'redirects to an unsafe protocol';
  if (url.username !== '' || url.password !== '') return 'redirects to an address with credentials';
  if (url.origin === call.url.origin) return { ...call, url };
  const { authorization: _dropped, ...rest } = call;
  return { ...rest, url };
}

async function accept(answer: Dispatcher.ResponseData, call: ForgeGet, nowMs: number): Promise<ForgeAnswer> {
  const isUnchanged = answer.statusCode === 304 && call.etag !== undefined;
  if (answer.statusCode !== 200 && !isUnchanged) {
    await discard(answer);
    throw explainAnswer(answer, { origin: call.url.origin, hasToken: call.authorization !== undefined, nowMs });
  }
  const encoding = headerOf(answer, 'content-encoding');
  if (encoding !== undefined && encoding !== 'identity') {
    await discard(answer);
    throw refusal('BadResponse', call.url, 'encodes what must come as it is');
  }
  const length = Number(headerOf(answer, 'content-length') ?? Number.NaN);
  return {
    isUnchanged,
    etag: headerOf(answer, 'etag'),
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
    throw explain(error, context);
  }
}

function explain(error: unknown, { origin, signal, timeout, timeoutMs }: Context): unknown {
  if (error instanceof FetchError) return error;
  if (signal.aborted) return signal.reason;
  if (timeout.aborted)
    return new FetchError('TimedOut', `Cannot fetch from ${origin}: no complete answer within ${timeoutMs / 1000} s`);
  return explainFault(coerceError(error), origin) ?? error;
}

function refusal(code: FetchErrorCode, url: URL, what: string): FetchError {
  return new FetchError(code, `Cannot fetch from ${url.origin}: it ${what}`);
}
