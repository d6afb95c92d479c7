import type { ServerHttp2Stream } from 'node:http2';
import type { Fault, FaultKind, Subject, Verb } from './faults.ts';
import { failureStatus } from './refusal.ts';
import type { ApiWatch } from './rest.ts';

const FOR_WATCHES = ['cut watch', 'stuck watch', 'garbage', 'error event'] as const;

/** What can happen to a watch that is open. */
export type WatchFault = Extract<FaultKind, { readonly kind: (typeof FOR_WATCHES)[number] }>;

export function isForWatches(fault: Fault): fault is Fault & WatchFault {
  return FOR_WATCHES.some((kind) => kind === fault.kind);
}

/** One watch that a client follows over HTTP, and what happens to it. */
export class OpenWatch implements Subject {
  readonly verb: Verb;
  readonly plural: string;
  readonly user: string;
  readonly path: string;
  /** Where its connection comes from. */
  readonly port: number | undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #served: ApiWatch;
  #isStuck = false;

  constructor(options: {
    readonly stream: ServerHttp2Stream;
    readonly served: ApiWatch;
    readonly request: Subject & { readonly path: string };
  }) {
    const { stream, served, request } = options;
    this.verb = request.verb;
    this.plural = request.plural;
    this.user = request.user;
    this.path = request.path;
    this.port = stream.session?.socket.remotePort;
    this.#stream = stream;
    this.#served = served;
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
  }

  say(text: string): void {
    if (!this.#isStuck && this.#stream.writable) this.#stream.write(text);
  }

  end(): void {
    this.close();
    if (!this.#isStuck && this.#stream.writable) this.#stream.end();
  }

  /** Half a line, then the stream is reset. */
  #cut(): void {
    this.say('{"type":"MODIFIED","obj');
    this.close();
    setImmediate(() => this.#stream.destroy(new Error('cut')));
  }

  suffer(fault: WatchFault): void {
    switch (fault.kind) {
      case 'cut watch':
        this.#cut();
        break;
      case 'stuck watch':
        this.#isStuck = true;
        break;
      case 'garbage':
        this.say('{"type":"MODIFIED","object":{"kind":\n');
        break;
      case 'error event': {
        const { code, reason } = fault;
        const object = failureStatus({ code, reason, message: reason });
        this.say(`${JSON.stringify({ type: 'ERROR', object })}\n`);
        this.end();
        break;
      }
      default:
        fault satisfies never;
    }
  }

  close(): void {
    this.#served.close();
  }
}
