import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type Http2Session,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Clock } from '../platform/clock.ts';
import type { Credentials } from './credentials.ts';
import { untilAborted } from './deadline.ts';
import { TransportError } from './errors.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** A dead peer is noticed after at most PING_EVERY_MS + PING_TIMEOUT_MS, however quiet its watches are. */
const PING_EVERY_MS = 15_000;
const PING_TIMEOUT_MS = 10_000;
/** A certificate that was read so lately is not read again. */
const FRESH_MS = 10_000;
/** Node's default of 64 KiB makes a large list crawl. */
const WINDOW_BYTES = 4 * 1024 * 1024;

export interface SessionOptions {
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly onConnection?: () => void;
}

/**
 * One HTTP/2 connection that is made when needed and made anew when it broke. Callers share one attempt to connect.
 * Streams of a broken connection fail with a TransportError; what to do about it is their business.
 */
export class Session {
  readonly #options: SessionOptions;
  #current: Promise<ClientHttp2Session> | undefined;
  /** What `#current` has come to. */
  #established: { readonly session: ClientHttp2Session; readonly sinceMs: number } | undefined;
  #isClosed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Rejects with the signal's reason when aborted while it connects; the connection is then the next caller's. */
  async open(
    headers: OutgoingHttpHeaders,
    { endStream, signal }: { readonly endStream: boolean; readonly signal: AbortSignal },
  ): Promise<ClientHttp2Stream> {
    const session = await untilAborted(this.#connected(), signal);
    try {
      return session.request(headers, { endStream });
    } catch (cause) {
      throw new TransportError('Cannot reach the apiserver: the connection is closing', { cause });
    }
  }

  /** New streams get another connection than this; its own may end. Many callers may say so of one. */
  retire(connection: Http2Session | undefined): void {
    if (connection === undefined || this.#established?.session !== connection) return;
    this.#current = undefined;
    this.#established = undefined;
    connection.close();
  }

  /** The same for one whose client certificate may have been replaced since; a storm of refusals makes no storm of these. */
  renew(connection: Http2Session | undefined): void {
    const sinceMs = this.#established?.sinceMs ?? Number.POSITIVE_INFINITY;
    if (this.#options.clock.monotonicMs() - sinceMs >= FRESH_MS) this.retire(connection);
  }

  close(): void {
    this.#isClosed = true;
    // A connection that failed is gone already, and whoever asked for it was told.
    this.#current?.then(
      (session) => session.destroy(),
      () => undefined,
    );
    this.#current = undefined;
  }

  async #connected(): Promise<ClientHttp2Session> {
    if (this.#isClosed) throw new TransportError('Cannot reach the apiserver: this client is closed');
    if (this.#current === undefined) {
      this.#established = undefined;
      this.#current = this.#connect();
    }
    const attempt = this.#current;
    try {
      const session = await attempt;
      if (!session.closed && !session.destroyed) return session;
    } catch (error) {
      if (this.#current === attempt) this.#current = undefined;
      throw error;
    }
    if (this.#current === attempt) this.#current = undefined;
    return this.#connected();
  }

  async #connect(): Promise<ClientHttp2Session> {
    const { credentials, clock, onConnection } = this.#options;
    const { server } = credentials;
    const tls = await credentials.tlsOptions();
    const session = connect(new URL(server).origin, {
      ...tls,
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    });
    await new Promise<void>((resolve, reject) => {
      const fail = (cause?: Error): void => {
        session.destroy();
        reject(
          new TransportError(`Cannot reach the apiserver at ${server}: ${cause?.message ?? 'no connection in time'}`, {
            cause,
          }),
        );
      };
      const cancel = clock.schedule(CONNECT_TIMEOUT_MS, fail);
      session.once('error', fail);
      session.once('connect', () => {
        cancel();
        session.removeListener('error', fail);
        resolve();
      });
      session.once('close', () => {
        cancel();
        fail(new Error('closed'));
      });
    });
    // Streams hear of it themselves; without a listener it would end the process. After a GOAWAY Node closes by itself.
    session.on('error', () => session.destroy());
    session.setLocalWindowSize(WINDOW_BYTES);
    keepAlive(session, clock);
    this.#established = { session, sinceMs: clock.monotonicMs() };
    onConnection?.();
    return session;
  }
}

function keepAlive(session: ClientHttp2Session, clock: Clock): void {
  const expire = (): void => session.destroy(new Error('no answer to a ping'));
  const ping = (): void => {
    // Ended, and its peer has not closed the socket yet: a ping would throw.
    if (session.destroyed) return;
    cancel = clock.schedule(PING_TIMEOUT_MS, expire);
    session.ping((error) => {
      // Once its peer has said GOAWAY Node sends no pings: what is still open then has no longer than an answer to one may take.
      if (error !== null) return;
      cancel();
      cancel = clock.schedule(PING_EVERY_MS, ping);
    });
  };
  let cancel = clock.schedule(PING_EVERY_MS, ping);
  session.once('close', () => cancel());
}
