import type { HttpTransport } from '../../src/kube/http-client.ts';
import type { TransportRequest, TransportResponse, TransportStream } from '../../src/kube/transport.ts';
import { type ApiRequest, type ApiResponse, type ApiWatch, isWatch } from './rest.ts';

/** Hands the requests of a client to an API in the same process. Nothing here waits for anything but the API. */
export function createMemoryTransport(api: { handle(request: ApiRequest): ApiResponse | ApiWatch }): HttpTransport {
  return {
    call: async (request): Promise<TransportResponse> => {
      request.signal.throwIfAborted();
      const answer = api.handle(asApiRequest(request));
      if (isWatch(answer)) throw new Error('A watch was asked for by a call');
      return answer;
    },
    stream: async (request): Promise<TransportStream> => {
      request.signal.throwIfAborted();
      const answer = api.handle(asApiRequest(request));
      if (isWatch(answer)) return { code: 200, headers: {}, chunks: readLines(answer, request.signal) };
      return { ...answer, chunks: once(answer.text) };
    },
    close: () => undefined,
  };
}

function asApiRequest({ method, path, accept, body }: TransportRequest): ApiRequest {
  return {
    method,
    path,
    ...(accept === undefined ? {} : { accept }),
    ...(body === undefined ? {} : { contentType: body.contentType, body: body.text }),
  };
}

async function* readLines(watch: ApiWatch, signal: AbortSignal): AsyncGenerator<Buffer> {
  const close = (): void => watch.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    for await (const line of watch.lines) {
      signal.throwIfAborted();
      yield Buffer.from(line);
    }
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', close);
    watch.close();
  }
}

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
