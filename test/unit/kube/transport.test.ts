import { mkdtempDisposable, readFile } from 'node:fs/promises';
import type { ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureAuthority } from '../../../hack/lib/certificates.ts';
import { waitFor } from '../../../hack/lib/wait.ts';
import type { Credentials } from '../../../src/kube/credentials.ts';
import { TransportError } from '../../../src/kube/errors.ts';
import { Transport, type TransportRequest } from '../../../src/kube/transport.ts';
import { QuietNetwork } from '../../memory-api/quiet-network.ts';
import { startRelay } from '../../memory-api/relay.ts';
import { VirtualClock } from '../runtime/virtual-clock.ts';
import { startHastyServer } from './hasty-server.ts';
import { failure, reply, type ScriptedServer, startServer } from './scripted-server.ts';

let server: ScriptedServer;
let transport: Transport;
let responses: string[];
let network: QuietNetwork;
let clock: VirtualClock;
const { signal } = new AbortController();
const GET: TransportRequest = { method: 'GET', path: '/api/v1/pods', signal };
const POST: TransportRequest = { ...GET, method: 'POST', body: { contentType: 'application/json', text: '{"a":1}' } };

beforeEach(async () => {
  responses = [];
  server = await startServer((stream) => reply(stream, 200, {}));
  network = new QuietNetwork();
  clock = new VirtualClock(() => network.settle());
  transport = connectTo(server.credentials);
});

afterEach(async () => {
  transport.close();
  await server[Symbol.asyncDispose]();
  await network.settle();
  network[Symbol.dispose]();
  expect({ timers: clock.timers, sockets: network.sockets }).toEqual({ timers: 0, sockets: 0 });
});

function connectTo(credentials: Credentials): Transport {
  const onResponse = (method: string, code: number): void => void responses.push(`${method} ${code}`);
  return new Transport({ credentials, clock, userAgent: 'test', onResponse });
}

async function until(what: string, ask: () => boolean): Promise<void> {
  await waitFor(async () => ask(), { what, timeoutMs: 5_000, intervalMs: 5 });
}

describe('connections', () => {
  it('are two for calls and one of their own for watches, whatever the number of calls', async () => {
    await Promise.all(Array.from({ length: 40 }, () => transport.call(GET)));
    expect(server.sessions).toHaveLength(2);
    const watches = await Promise.all(Array.from({ length: 5 }, () => transport.stream(GET)));
    for (const { chunks } of watches) for await (const chunk of chunks) expect(chunk.toString()).toBe('{}');
    expect(server.sessions).toHaveLength(3);
    expect(responses).toEqual(Array.from({ length: 45 }, () => 'GET 200'));
  });

  it('are made anew when the server says that it goes away, and open streams on the old one end in peace', async () => {
    const open: ServerHttp2Stream[] = [];
    server.handle = (stream) => {
      stream.respond({ ':status': 200 });
      open.push(stream);
    };
    const watch = await transport.stream(GET);
    for (const session of server.sessions) session.goaway();
    await until('the second connection', () => {
      void transport.stream(GET).catch(() => undefined);
      return server.sessions.length >= 2;
    });
    await clock.advance(10_000);
    open[0]?.end('last words');
    const parts: Buffer[] = [];
    for await (const chunk of watch.chunks) parts.push(chunk);
    expect(Buffer.concat(parts).toString()).toBe('last words');
  });

  it('whose peer goes away and leaves its end open do no harm', async () => {
    await transport.call(GET);
    for (const session of server.sessions) session.goaway();
    await clock.advance(60_000);
    expect((await transport.call(GET)).code).toBe(200);
  });

  it('are made anew after they broke', async () => {
    await transport.call(GET);
    await transport.call(GET);
    for (const socket of server.sockets) socket.destroy();
    await until('an answer over a new connection', () => {
      void transport.call(GET).catch(() => undefined);
      return server.sockets.length > 2;
    });
    expect((await transport.call(GET)).code).toBe(200);
  });

  it('that do not come about are a TransportError, for every caller that waited', async () => {
    await server[Symbol.asyncDispose]();
    const outcomes = await Promise.allSettled([
      transport.call(GET),
      transport.call(GET),
      transport.call(GET),
      transport.stream(GET),
    ]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(TransportError) });
    expect(responses).toEqual(['GET 0', 'GET 0', 'GET 0', 'GET 0']);
    server = await startServer((stream) => reply(stream, 200, {}));
  });

  it('are not made any more once the transport is closed', async () => {
    await transport.call(GET);
    transport.close();
    await expect(transport.call(GET)).rejects.toThrow('this client is closed');
  });

  it('whose peer is silent are given up within half a minute', async () => {
    await using relay = await startRelay(Number(new URL(server.credentials.server).port));
    transport.close();
    transport = connectTo({ ...server.credentials, server: `http://127.0.0.1:${relay.port}` });
    server.handle = (stream) => stream.respond({ ':status': 200 });
    const { chunks } = await transport.stream(GET);
    const ended = (async () => {
      for await (const _chunk of chunks) expect.unreachable();
    })();
    const outcome = Promise.allSettled([ended]);
    await clock.advance(20_000);
    relay.silence();
    await clock.advance(25_000);
    expect(await outcome).toMatchObject([{ status: 'rejected', reason: expect.any(TransportError) }]);
  });

  it('whose peer answers pings live on, however quiet they are', async () => {
    let open: ServerHttp2Stream | undefined;
    server.handle = (stream) => {
      open = stream;
      stream.respond({ ':status': 200 });
    };
    const { chunks } = await transport.stream(GET);
    await clock.advance(3_600_000);
    open?.end('still here');
    for await (const chunk of chunks) expect(chunk.toString()).toBe('still here');
  });
});

describe('calls', () => {
  it('give up an answer without end once it is longer than wanted', async () => {
    let isClosed = false;
    server.handle = (stream) => {
      stream.respond({ ':status': 200 });
      const more = (): void => void stream.write(Buffer.alloc(1024), () => isClosed || more());
      stream.on('error', () => undefined);
      stream.on('close', () => {
        isClosed = true;
      });
      more();
    };
    await expect(transport.call({ ...GET, maxBytes: 10_000 })).rejects.toThrow('it has more than 10000 bytes');
    await until('the answer be given up', () => isClosed);
  });

  it('take one that is exactly as long', async () => {
    server.handle = (stream) => reply(stream, 200, {});
    expect((await transport.call({ ...GET, maxBytes: 2 })).text).toBe('{}');
  });

  it('are at most sixteen in flight; the rest waits its turn', async () => {
    const open: ServerHttp2Stream[] = [];
    server.handle = (stream) => void open.push(stream);
    const calls = Promise.all(Array.from({ length: 20 }, () => transport.call(GET)));
    await until('sixteen calls', () => open.length === 16);
    for (let turn = 0; turn < 20; turn += 1) {
      await until(`call ${turn}`, () => open[turn] !== undefined);
      expect(open.length - turn).toBeLessThanOrEqual(16);
      const stream = open[turn];
      if (stream !== undefined) reply(stream, 200, {});
    }
    expect(await calls).toHaveLength(20);
  });

  it('without an answer within thirty seconds are a TransportError', async () => {
    server.handle = () => undefined;
    const outcome = Promise.allSettled([transport.call(GET)]);
    await clock.advance(29_999);
    expect(responses).toEqual([]);
    await clock.advance(1);
    expect(await outcome).toMatchObject([{ status: 'rejected', reason: expect.any(TransportError) }]);
    expect(responses).toEqual(['GET 0']);
  });

  it('that were not answered in time are followed by others on another connection', async () => {
    server.handle = () => undefined;
    const outcome = Promise.allSettled([transport.call(GET), transport.call(GET)]);
    await clock.advance(30_000);
    await outcome;
    server.handle = (stream) => reply(stream, 200, {});
    await Promise.all([transport.call(GET), transport.call(GET)]);
    expect(server.sessions).toHaveLength(4);
  });

  it.each([
    { title: 'before they began', isLate: false },
    { title: 'under way', isLate: true },
  ])('that are aborted $title reject with the reason', async ({ isLate }) => {
    const controller = new AbortController();
    server.handle = () => controller.abort(new Error('stopping'));
    if (!isLate) controller.abort(new Error('stopping'));
    await expect(transport.call({ ...GET, signal: controller.signal })).rejects.toThrow('stopping');
    expect(responses).toEqual([]);
  });

  it('whose answer, its end and a reset come at once have that answer', async () => {
    await using dir = await mkdtempDisposable(join(tmpdir(), 'tls-'));
    const { certFile, keyFile } = await ensureAuthority(dir.path);
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
    await using hasty = await startHastyServer('refused', { cert, key });
    const tlsOptions = async () => ({ ca: cert, checkServerIdentity: () => undefined });
    const secure = connectTo({ ...server.credentials, server: hasty.url, tlsOptions });
    const answers = await Promise.allSettled(Array.from({ length: 1_000 }, () => secure.call(POST)));
    secure.close();
    expect(
      new Set(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.text : answer.reason))),
    ).toEqual(new Set(['refused']));
  });

  it('leave no listener on a signal that lives as long as the process', async () => {
    const controller = new AbortController();
    const added = vi.spyOn(controller.signal, 'addEventListener');
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    await transport.call({ ...GET, signal: controller.signal });
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
  });

  it('are sent below the path of the server', async () => {
    const below = connectTo({ ...server.credentials, server: `${server.credentials.server}/k8s/clusters/c` });
    await below.call(GET);
    below.close();
    expect(server.requests[0]?.path).toBe('/k8s/clusters/c/api/v1/pods');
  });
});

describe('a rotated token', () => {
  const checking = (stream: ServerHttp2Stream, authorization: string | undefined): void =>
    authorization === 'Bearer second' ? reply(stream, 200, {}) : reply(stream, 401, failure(401, 'Unauthorized'));

  it.each([GET, POST])('is read after a refusal, and the $method is sent again with it', async (request) => {
    server.handle = (stream, { headers }) => checking(stream, headers.authorization);
    await transport.call(GET);
    server.credentials.token = 'second';
    expect(await transport.call(request)).toMatchObject({ code: 200 });
    expect(server.requests.at(-1)?.body).toBe(request.body?.text ?? '');
  });

  it('is read for a watch, too', async () => {
    server.handle = (stream, { headers }) => checking(stream, headers.authorization);
    await transport.call(GET);
    server.credentials.token = 'second';
    expect(await transport.stream(GET)).toMatchObject({ code: 200 });
  });

  it('that stays refused is asked about twice, not for ever', async () => {
    server.handle = (stream) => reply(stream, 401, failure(401, 'Unauthorized'));
    expect(await transport.call(GET)).toMatchObject({ code: 401 });
    expect(server.requests).toHaveLength(2);
  });

  it('refused to many at once costs one new connection for each of the two, and leaves none behind', async () => {
    await Promise.all(Array.from({ length: 16 }, () => transport.call(GET)));
    await clock.advance(10_000);
    server.handle = (stream) => reply(stream, 401, failure(401, 'Unauthorized'));
    await Promise.all(Array.from({ length: 64 }, () => transport.call(GET)));
    await network.settle();
    expect({ made: server.sessions.length, open: network.sockets / 2 }).toEqual({ made: 4, open: 2 });
  });

  it('refused on a connection that is ending leaves the one alone that is being made', async () => {
    let answer = (): void => undefined;
    server.handle = (stream) => {
      answer = () => reply(stream, 401, failure(401, 'Unauthorized'));
    };
    const gate = Promise.withResolvers<void>();
    const tlsOptions = async (): Promise<object> => (server.sessions.length === 0 ? {} : gate.promise.then(() => ({})));
    const slow = connectTo({ ...server.credentials, tlsOptions });
    const late = slow.stream(GET);
    await network.settle();
    for (const session of server.sessions) session.goaway();
    await clock.advance(10_000);
    const next = slow.stream(GET);
    answer();
    await network.settle();
    server.handle = (stream) => reply(stream, 200, {});
    gate.resolve();
    for (const { chunks } of await Promise.all([late, next]))
      for await (const chunk of chunks) expect(chunk.toString()).toBe('{}');
    expect(server.sessions).toHaveLength(2);
    slow.close();
  });

  it('is sent over a new connection, because certificates belong to those', async () => {
    await Promise.all([transport.call(GET), transport.call(GET)]);
    expect(server.sessions).toHaveLength(2);
    await clock.advance(10_000);
    server.handle = (stream, { headers }) => checking(stream, headers.authorization);
    server.credentials.token = 'second';
    await transport.call(GET);
    expect(server.sessions).toHaveLength(3);
  });
});
