import { on } from 'node:events';
import type { ClientHttp2Stream, Http2Session, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import type { Clock } from '../platform/clock.ts';
import { coerceError } from '../platform/errors.ts';
import type { Credentials, Headers } from './credentials.ts';
import { withDeadline } from './deadline.ts';
import { TransportError } from './errors.ts';
import { Semaphore } from './semaphore.ts';
import { Session } from './session.ts';

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With query. */
  readonly path: string;
  readonly body?: { readonly contentType: string; readonly text: string };
  readonly accept?: string;
  /** An answer that is longer, which may be an agent's and without end, is given up. @default as long as it is */
  readonly maxBytes?: number;
  readonly signal: AbortSignal;
}

export interface TransportResponse {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface TransportStream {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  /** Ends when the server ends it; throws a TransportError when the connection breaks, the signal's reason when aborted. */
  readonly chunks: AsyncIterable<Buffer>;
}

/** An answer, and the connection that it came over. */
interface Answer extends TransportStream {
  readonly connection: Http2Session | undefined;
}

export interface TransportOptions {
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly userAgent: string;
  /** Told of every answer and of the time until it began; code 0 when there was none. */
  readonly onResponse?: (method: string, code: number, tookMs: number) => void;
  /** Told of every connection that was made. */
  readonly onConnection?: () => void;
}

const REQUEST_TIMEOUT_MS = 30_000;
const CALL_SESSIONS = 2;
/** More only queue in the apiserver, which sheds load by priority, not by patience. */
const CALLS_IN_FLIGHT = 16;
/** A stream pauses while so many chunks of it wait for their reader, and goes on when they are read. */
const CHUNKS_WAITING = { highWaterMark: 64, lowWaterMark: 1 };

/**
 * HTTP/2 towards one apiserver: a connection for watches alone, because frames of a watch behind a burst of writes arrive
 * a second late, and two for everything else, with bounded calls in flight.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #basePath: string;
  readonly #watches: Session;
  readonly #calls: readonly Session[];
  readonly #inFlight = new Semaphore(CALLS_IN_FLIGHT);
  #turn = 0;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#basePath = new URL(options.credentials.server).pathname.replace(/\/$/, '');
    this.#watches = new Session(options);
    this.#calls = Array.from({ length: CALL_SESSIONS }, () => new Session(options));
  }

  /** One call, its whole answer. Rejects with a TransportError when there is none within 30 s. */
  async call(request: TransportRequest): Promise<TransportResponse> {
    const complete = async (signal: AbortSignal): Promise<TransportResponse> => {
      this.#turn = (this.#turn + 1) % this.#calls.length;
      const { chunks, ...head } = await this.#send(this.#calls[this.#turn] ?? this.#watches, { ...request, signal });
      return { ...head, text: await readText(chunks, request.maxBytes) };
    };
    const { signal } = request;
    const { clock } = this.#options;
    return this.#inFlight.run(() => withDeadline({ clock, signal, timeoutMs: REQUEST_TIMEOUT_MS }, complete), signal);
  }

  /** One answer that does not end for minutes. */
  async stream(request: TransportRequest): Promise<TransportStream> {
    return this.#send(this.#watches, request);
  }

  close(): void {
    for (const session of [this.#watches, ...this.#calls]) session.close();
  }

  /** A 401 says that nothing was done, so that even a POST may be sent again with credentials that were read anew. */
  async #send(session: Session, request: TransportRequest): Promise<TransportStream> {
    const { credentials } = this.#options;
    const used = await credentials.headers();
    const answer = await this.#exchange(session, request, used);
    if (answer.code !== 401) return answer;
    credentials.renew(used);
    await readText(answer.chunks);
    // A connection keeps the client certificate that it was made with.
    session.renew(answer.connection);
    return this.#exchange(session, request, await credentials.headers());
  }

  async #exchange(session: Session, request: TransportRequest, used: Headers): Promise<Answer> {
    const { method, signal } = request;
    const { clock, onResponse } = this.#options;
    const startedMs = clock.monotonicMs();
    try {
      const headers = {
        ':method': method,
        ':path': `${this.#basePath}${request.path}`,
        'user-agent': this.#options.userAgent,
        accept: request.accept ?? 'application/json',
        ...used,
        ...(request.body === undefined ? {} : { 'content-type': request.body.contentType }),
      };
      const stream = await session.open(headers, { endStream: request.body === undefined, signal });
      if (request.body !== undefined) stream.end(request.body.text);
      const connection = stream.session;
      followSignal(stream, signal, () => {
        // Out of time: what holds this stream up, a lost frame or a full window, may hold up the next ones too.
        if (signal.reason instanceof TransportError) session.retire(connection);
      });
      const { headers: answer, received } = await answerOf(stream);
      const code = answer[':status'] ?? 0;
      onResponse?.(method, code, clock.monotonicMs() - startedMs);
      return { code, headers: answer, chunks: readChunks(stream, received, signal), connection };
    } catch (error) {
      const failure: unknown = signal.aborted ? signal.reason : asTransportError(error);
      if (failure instanceof TransportError) onResponse?.(method, 0, clock.monotonicMs() - startedMs);
      throw failure;
    }
  }
}

/** Ends the stream when the signal is aborted, however long it lives. */
function followSignal(stream: ClientHttp2Stream, signal: AbortSignal, onAbort: () => void): void {
  const abort = (): void => {
    stream.destroy(coerceError(signal.reason));
    onAbort();
  };
  signal.addEventListener('abort', abort, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', abort));
  if (signal.aborted) abort();
}

interface AnswerBegun {
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  /** Each event's arguments. */
  readonly received: AsyncIterable<unknown[]>;
}

/**
 * Its body is collected from the moment its headers are told of, because all of it and the end of the stream may have come with
 * them: an iteration of a stream that is closed already fails, whatever it holds.
 */
function answerOf(stream: ClientHttp2Stream): Promise<AnswerBegun> {
  return new Promise((resolve, reject) => {
    stream.once('response', (headers) => {
      resolve({ headers, received: on(stream, 'data', { close: ['end', 'close'], ...CHUNKS_WAITING }) });
    });
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('the stream was closed without an answer')));
  });
}

async function* readChunks(
  stream: ClientHttp2Stream,
  received: AsyncIterable<unknown[]>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    for await (const [chunk] of received) yield chunk as Buffer;
    // A reset without an error code ends the iteration like a proper end does.
    if (!stream.readableEnded || stream.rstCode !== 0)
      throw new Error(`the stream was reset with code ${stream.rstCode}`);
  } catch (error) {
    signal.throwIfAborted();
    throw asTransportError(error);
  } finally {
    stream.destroy();
  }
}

function asTransportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  const cause = coerceError(error);
  return new TransportError(`Cannot get an answer of the apiserver: ${cause.message}`, { cause });
}

/** The whole of a body that is known to end. */
export async function readText(chunks: AsyncIterable<Buffer>, maxBytes = Number.POSITIVE_INFINITY): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    length += chunk.length;
    if (length > maxBytes) throw new Error(`Cannot take the answer: it has more than ${maxBytes} bytes`);
  }
  return Buffer.concat(parts).toString('utf8');
}
