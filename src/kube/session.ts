import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import type { Credentials } from './credentials.ts';
import { untilAborted } from './deadline.ts';
import { TransportError } from './errors.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** A dead peer is noticed after at most PING_EVERY_MS + PING_TIMEOUT_MS, however quiet its watches are. */
const PING_EVERY_MS = 15_000;
const PING_TIMEOUT_MS = 10_000;
/** Node's default of 64 KiB makes a large list crawl. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/**
 * One HTTP/2 connection that is made when needed and made anew when it broke. Callers share one attempt to connect.
 * Streams of a broken connection fail with a TransportError; what to do about it is their business.
 */
export class Session {
  readonly #credentials: Credentials;
  #current: Promise<ClientHttp2Session> | undefined;
  #isClosed = false;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
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

  /** New streams get a new connection, made with the credentials of then; streams of the old one may end. */
  renew(): void {
    this.#letGo((session) => session.close());
  }

  close(): void {
    this.#isClosed = true;
    this.#letGo((session) => session.destroy());
  }

  #letGo(end: (session: ClientHttp2Session) => void): void {
    const current = this.#current;
    this.#current = undefined;
    // A connection that failed is gone already, and whoever asked for it was told.
    current?.then(end, () => undefined);
  }

  async #connected(): Promise<ClientHttp2Session> {
    if (this.#isClosed) throw new TransportError('Cannot reach the apiserver: this client is closed');
    this.#current ??= this.#connect();
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
    const { server } = this.#credentials;
    const tls = await this.#credentials.tlsOptions();
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
      const timer = setTimeout(fail, CONNECT_TIMEOUT_MS);
      session.once('error', fail);
      session.once('connect', () => {
        clearTimeout(timer);
        session.removeListener('error', fail);
        resolve();
      });
      session.once('close', () => {
        clearTimeout(timer);
        fail(new Error('closed'));
      });
    });
    // Streams hear of it themselves; without a listener it would end the process. After a GOAWAY Node closes by itself.
    session.on('error', () => session.destroy());
    session.setLocalWindowSize(WINDOW_BYTES);
    keepAlive(session);
    return session;
  }
}

function keepAlive(session: ClientHttp2Session): void {
  let deadline: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    clearTimeout(deadline);
    deadline = setTimeout(() => session.destroy(new Error('no answer to a ping')), PING_TIMEOUT_MS);
    deadline.unref();
    session.ping(() => clearTimeout(deadline));
  }, PING_EVERY_MS);
  timer.unref();
  session.once('close', () => {
    clearInterval(timer);
    clearTimeout(deadline);
  });
}
