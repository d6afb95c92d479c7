import { createServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Credentials, Headers } from '../../../src/kube/credentials.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers one request on its stream. */
export type Handler = (stream: ServerHttp2Stream, request: Request) => void;

/** An apiserver that does what a test says, over HTTP/2 without TLS. */
export interface ScriptedServer extends AsyncDisposable {
  readonly credentials: Credentials & { token: string };
  readonly requests: readonly Request[];
  readonly sessions: readonly ServerHttp2Session[];
  /** Every TCP connection that was ever made. */
  readonly sockets: readonly Socket[];
  handle: Handler;
}

export async function startServer(handle: Handler): Promise<ScriptedServer> {
  const http = createServer();
  const requests: Request[] = [];
  const sessions: ServerHttp2Session[] = [];
  const sockets: Socket[] = [];
  http.on('connection', (socket: Socket) => sockets.push(socket));
  http.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => session.destroy());
  });
  http.on('stream', async (stream, headers) => {
    stream.on('error', () => stream.destroy());
    const parts: Buffer[] = [];
    for await (const chunk of stream) parts.push(chunk as Buffer);
    const request = {
      method: headers[':method'] ?? '',
      path: headers[':path'] ?? '',
      headers,
      body: Buffer.concat(parts).toString('utf8'),
    };
    requests.push(request);
    server.handle(stream, request);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server = {
    credentials: createCredentials(`http://127.0.0.1:${(http.address() as AddressInfo).port}`),
    requests,
    sessions,
    sockets,
    handle,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}

/** A bearer token that a test may change; `renew` makes the change visible, as reading a file anew would. */
function createCredentials(server: string): Credentials & { token: string } {
  let current: Headers | undefined;
  const credentials = {
    server,
    namespace: 'default',
    token: 'first',
    tlsOptions: async () => ({}),
    headers: async () => {
      current ??= { authorization: `Bearer ${credentials.token}` };
      return current;
    },
    renew: (refused: Headers) => {
      if (refused === current) current = undefined;
    },
  };
  return credentials;
}

/** Answers with JSON; a body of undefined is an empty one. */
export function reply(
  stream: ServerHttp2Stream,
  code: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  stream.respond({ ':status': code, 'content-type': 'application/json', ...headers });
  stream.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export function failure(code: number, reason: string, message = reason): Readonly<Record<string, unknown>> {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}
