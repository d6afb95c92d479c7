import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Credentials, Headers } from '../../src/kube/credentials.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { FaultSchedule } from './fault-schedule.ts';
import { type Fault, matches, type Subject, type Verb } from './faults.ts';
import { isForWatches, OpenWatch } from './open-watch.ts';
import { answer, failureStatus } from './refusal.ts';
import { type Relay, startRelay } from './relay.ts';
import { type ApiRequest, type ApiResponse, type ApiWatch, isWatch } from './rest.ts';

export interface HttpServerOptions {
  /** What is served; a MemoryApi, or something around one that looks at what passes. */
  readonly api: {
    handle(request: ApiRequest, user: string): ApiResponse | ApiWatch;
    compact(): void;
  };
  readonly clock: Clock;
  readonly random: () => number;
  /** How long a write takes. */
  readonly writeMs: number;
}

/** A Kubernetes API over HTTP/2 on loopback, without TLS, behind a network that fails as it is told. */
export interface HttpServer extends AsyncDisposable {
  /** A user whose token lies in a file: read once, and anew when the server refused it. */
  credentialsOf(user: string): Credentials;
  /** The fault begins at its time; at once where that has come. */
  inject(fault: Fault): void;
  /** Paths of the watches that are open now; on a connection that fell silent they are not, whatever this end thinks. */
  readonly openWatches: readonly string[];
  readonly openSessions: number;
  /** How often a fault has met a request, a watch or a connection. */
  hitsOf(fault: Fault): number;
}

interface Received extends ApiRequest, Subject {
  /** How often tokens had been rotated when the one that came with it was made. */
  readonly generation: number;
}

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = new Server(options);
  await server.listen();
  return server;
}

class Server implements HttpServer {
  readonly #options: HttpServerOptions;
  readonly #http = createServer();
  /** By session the port that its connection comes from. */
  readonly #sessions = new Map<ServerHttp2Session, number | undefined>();
  readonly #watches = new Set<OpenWatch>();
  readonly #faults: FaultSchedule;
  readonly #tokens = { valid: 1, inFiles: 1 };
  #relay: Relay | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#faults = new FaultSchedule({
      ...options,
      onBegin: (fault) => this.#begin(fault),
      onMoment: (fault) => this.#happen(fault),
      onEnd: (fault) => this.#end(fault),
    });
    this.#http.on('session', (session) => {
      this.#sessions.set(session, session.socket.remotePort);
      session.on('error', () => session.destroy()).once('close', () => this.#sessions.delete(session));
    });
    this.#http.on('stream', (stream, headers) => {
      stream.on('error', () => stream.destroy());
      void this.#receive(stream, headers).catch(() => stream.destroy());
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    this.#relay = await startRelay((this.#http.address() as AddressInfo).port);
  }

  get openWatches(): readonly string[] {
    return this.#reachable.map(({ path }) => path);
  }

  get #reachable(): readonly OpenWatch[] {
    return [...this.#watches].filter(({ port }) => this.#relay?.isSilent(port) !== true);
  }

  get openSessions(): number {
    return [...this.#sessions.values()].filter((port) => this.#relay?.isSilent(port) !== true).length;
  }

  hitsOf(fault: Fault): number {
    return this.#faults.hitsOf(fault);
  }

  credentialsOf(user: string): Credentials {
    let current: Headers | undefined;
    return {
      server: `http://127.0.0.1:${this.#relay?.port}`,
      namespace: 'default',
      tlsOptions: async () => ({}),
      headers: async () => {
        current ??= { authorization: `Bearer ${user} ${this.#tokens.inFiles}` };
        return current;
      },
      renew: (refused) => {
        if (refused === current) current = undefined;
      },
    };
  }

  inject(fault: Fault): void {
    this.#faults.inject(fault);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const watch of this.#watches) watch.close();
    await this.#relay?.[Symbol.asyncDispose]();
    for (const session of this.#sessions.keys()) session.destroy();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #begin(fault: Fault): void {
    if (fault.kind === 'token rotation') this.#tokens.valid += 1;
    if (fault.kind === 'silence') this.#faults.count(fault, this.#relay?.silence() ?? 0);
  }

  #end(fault: Fault): void {
    if (fault.kind === 'token rotation') this.#tokens.inFiles = this.#tokens.valid;
    if (fault.kind === 'silence') this.#relay?.speak();
  }

  /** What a fault does to what is open; what it does to requests is asked when they come. */
  #happen(fault: Fault): void {
    if (fault.kind === 'goaway') {
      this.#faults.count(fault, this.#sessions.size);
      for (const session of this.#sessions.keys()) session.close();
    }
    if (fault.kind === 'compaction') this.#options.api.compact();
    if (fault.kind === 'kind gone') for (const watch of this.#watches) if (matches(fault.where, watch)) watch.end();
    if (!isForWatches(fault)) return;
    for (const watch of this.#reachable) if (this.#faults.meets(fault, watch)) watch.suffer(fault);
  }

  async #receive(stream: ServerHttp2Stream, headers: Readonly<Record<string, unknown>>): Promise<void> {
    const parts: Buffer[] = [];
    for await (const chunk of stream) parts.push(chunk as Buffer);
    const text = (name: string): string => String(headers[name] ?? '');
    const request = {
      method: text(':method'),
      path: text(':path'),
      contentType: text('content-type'),
      accept: text('accept'),
      body: Buffer.concat(parts).toString('utf8'),
    };
    const [user = '', generation] = text('authorization')
      .replace(/^Bearer /, '')
      .split(' ');
    await this.#serve(stream, { ...request, ...nameOf(request), user, generation: Number(generation) });
  }

  async #serve(stream: ServerHttp2Stream, request: Received): Promise<void> {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return reply(stream, refusal);
    const reset = this.#faults.find('reset', request)?.when;
    if (reset === 'before') return this.#reset(stream);
    if (request.method !== 'GET') await this.#sleep(this.#options.writeMs);
    const served = this.#options.api.handle(request, request.user);
    if (reset === 'after') {
      if (isWatch(served)) served.close();
      return this.#reset(stream);
    }
    if (isWatch(served)) return this.#follow(stream, request, served);
    if (request.verb === 'list') return this.#dribble(stream, request, served);
    reply(stream, served);
  }

  #refusal(request: Received): ApiResponse | undefined {
    if (request.generation !== this.#tokens.valid) {
      this.#faults.find('token rotation', request);
      return refused(401, 'Unauthorized');
    }
    const said = this.#faults.find('refusal', request);
    if (said !== undefined) return refused(said.code, said.reason, said.retryAfterSeconds);
    if (this.#faults.find('kind gone', request) !== undefined) return NOT_SERVED;
    if (request.method !== 'GET' && this.#faults.find('conflict', request) !== undefined)
      return refused(409, 'Conflict');
    return undefined;
  }

  #reset(stream: ServerHttp2Stream): void {
    this.#relay?.cut(stream.session?.socket.remotePort);
  }

  async #follow(stream: ServerHttp2Stream, request: Received, served: ApiWatch): Promise<void> {
    const watch = new OpenWatch({ stream, served, request });
    this.#watches.add(watch);
    stream.once('close', () => {
      this.#watches.delete(watch);
      watch.close();
    });
    let isListing = request.path.includes('sendInitialEvents=true');
    for await (const line of served.lines) {
      if (isListing) await this.#pause(request);
      if (line.includes('k8s.io/initial-events-end')) isListing = false;
      watch.say(line);
    }
    watch.end();
  }

  async #dribble(stream: ServerHttp2Stream, request: Received, { code, headers, text }: ApiResponse): Promise<void> {
    stream.respond({ ':status': code, ...headers });
    const half = text.length >> 1;
    for (const part of [text.slice(0, half), text.slice(half)]) {
      await this.#pause(request);
      stream.write(part);
    }
    stream.end();
  }

  async #pause(request: Received): Promise<void> {
    const slow = this.#faults.find('slow list', request);
    if (slow !== undefined) await this.#sleep(slow.everyMs);
  }

  async #sleep(delayMs: number): Promise<void> {
    if (delayMs > 0) await new Promise<void>((resolve) => void this.#options.clock.schedule(delayMs, resolve));
  }
}

const NOT_SERVED: ApiResponse = { code: 404, headers: { 'content-type': 'text/plain' }, text: '404 page not found\n' };

function refused(code: number, reason: string, retryAfterSeconds?: number): ApiResponse {
  const response = answer(code, failureStatus({ code, reason, message: reason }));
  if (retryAfterSeconds === undefined) return response;
  return { ...response, headers: { ...response.headers, 'retry-after': String(retryAfterSeconds) } };
}

function reply(stream: ServerHttp2Stream, { code, headers, text }: ApiResponse): void {
  if (stream.destroyed) return;
  stream.respond({ ':status': code, ...headers });
  stream.end(text);
}

const VERBS: Readonly<Record<string, Verb>> = { POST: 'create', PATCH: 'patch', DELETE: 'delete' };

function nameOf({ method, path }: ApiRequest): { readonly verb: Verb; readonly plural: string } {
  const { pathname, searchParams } = new URL(path, 'http://memory');
  const parts = pathname.split('/').slice(pathname.startsWith('/api/') ? 3 : 4);
  const [plural = '', name] = parts[0] === 'namespaces' && parts.length > 2 ? parts.slice(2) : parts;
  const read = name !== undefined ? 'get' : searchParams.get('watch') === 'true' ? 'watch' : 'list';
  return { verb: VERBS[method] ?? read, plural };
}
