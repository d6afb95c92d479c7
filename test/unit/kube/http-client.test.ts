import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError, isConflict, isNotServed, TransportError } from '../../../src/kube/errors.ts';
import { HttpKubeClient } from '../../../src/kube/http-client.ts';
import type { KubeObject, Resource } from '../../../src/kube/objects.ts';
import { Transport } from '../../../src/kube/transport.ts';
import { createSystemClock } from '../../../src/platform/clock.ts';
import { failure, reply, type ScriptedServer, startServer } from './scripted-server.ts';

const PODS: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
const WIDGETS: Resource = {
  group: 'example.test',
  version: 'v1beta1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
};
const KEY = { namespace: 'ns', name: 'a' };
const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'ns', name: 'a' } } satisfies KubeObject;
const { signal } = new AbortController();
const WRITE = { fieldManager: 'me', signal };

let server: ScriptedServer;
let client: HttpKubeClient;

beforeEach(async () => {
  server = await startServer((stream) => reply(stream, 200, POD));
  const clock = createSystemClock();
  const transport = new Transport({ credentials: server.credentials, clock, userAgent: 'test/1' });
  client = new HttpKubeClient(transport, { clock, random: () => 0 });
});

afterEach(async () => {
  client.close();
  await server[Symbol.asyncDispose]();
});

const CALLS: readonly {
  readonly title: string;
  readonly call: (client: KubeClient) => Promise<unknown>;
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: unknown;
}[] = [
  { title: 'get', call: (c) => c.get(PODS, KEY, { signal }), method: 'GET', path: '/api/v1/namespaces/ns/pods/a' },
  {
    title: 'create',
    call: (c) => c.create(PODS, POD, WRITE),
    method: 'POST',
    path: '/api/v1/namespaces/ns/pods?fieldManager=me&fieldValidation=Strict',
    type: 'application/json',
    body: POD,
  },
  {
    title: 'apply',
    call: (c) => c.apply(WIDGETS, POD, WRITE),
    method: 'PATCH',
    path: '/apis/example.test/v1beta1/namespaces/ns/widgets/a?fieldManager=me&force=true&fieldValidation=Strict',
    type: 'application/apply-patch+yaml',
    body: POD,
  },
  {
    title: 'create in a dry run',
    call: (c) => c.create(PODS, POD, { ...WRITE, dryRun: true }),
    method: 'POST',
    path: '/api/v1/namespaces/ns/pods?fieldManager=me&fieldValidation=Strict&dryRun=All',
    type: 'application/json',
    body: POD,
  },
  {
    title: 'merge patch of a subresource',
    call: (c) => c.patch(WIDGETS, KEY, { status: { a: null } }, { ...WRITE, subresource: 'status' }),
    method: 'PATCH',
    path: '/apis/example.test/v1beta1/namespaces/ns/widgets/a/status?fieldManager=me&fieldValidation=Strict',
    type: 'application/merge-patch+json',
    body: { status: { a: null } },
  },
  {
    title: 'JSON patch',
    call: (c) => c.patch(PODS, KEY, [{ op: 'test', path: '/a', value: null }], WRITE),
    method: 'PATCH',
    path: '/api/v1/namespaces/ns/pods/a?fieldManager=me&fieldValidation=Strict',
    type: 'application/json-patch+json',
    body: [{ op: 'test', path: '/a', value: null }],
  },
  {
    title: 'delete',
    call: (c) => c.delete(PODS, KEY, { uid: 'u', resourceVersion: '7', gracePeriodSeconds: 0, signal }),
    method: 'DELETE',
    path: '/api/v1/namespaces/ns/pods/a',
    type: 'application/json',
    body: {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u', resourceVersion: '7' },
    },
  },
  {
    title: 'get of a cluster-scoped object',
    call: (c) => c.get({ ...PODS, plural: 'nodes' }, { namespace: '', name: 'n 1' }, { signal }),
    method: 'GET',
    path: '/api/v1/nodes/n%201',
  },
];

describe('the request of', () => {
  it.each(CALLS)('$title', async ({ call, method, path, type, body }) => {
    await call(client);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({ method, path });
    expect(server.requests[0]?.headers).toMatchObject({
      'user-agent': 'test/1',
      authorization: 'Bearer first',
      accept: 'application/json',
    });
    expect(server.requests[0]?.headers['content-type']).toBe(type);
    if (body !== undefined) expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual(body);
  });
});

describe('a list', () => {
  it('asks for one page of one selection and fills in what its items are', async () => {
    const raw = { metadata: { resourceVersion: '9', continue: 'more' }, items: [{ metadata: { name: 'a' } }] };
    server.handle = (stream) => reply(stream, 200, raw);
    const page = await client.list(WIDGETS, {
      namespace: 'ns',
      labelSelector: 'a=b',
      fieldSelector: 'c=d',
      limit: 5,
      continue: 'token',
      signal,
    });
    expect(page).toEqual({
      items: [{ apiVersion: 'example.test/v1beta1', kind: 'Widget', metadata: { name: 'a' } }],
      resourceVersion: '9',
      continue: 'more',
    });
    expect(server.requests[0]?.path).toBe(
      '/apis/example.test/v1beta1/namespaces/ns/widgets?labelSelector=a%3Db&fieldSelector=c%3Dd&limit=5&continue=token',
    );
  });

  it('of all namespaces, whose last page has no more', async () => {
    server.handle = (stream) => reply(stream, 200, { metadata: { resourceVersion: '9', continue: '' }, items: null });
    expect(await client.list(PODS, { metadataOnly: true, signal })).toEqual({ items: [], resourceVersion: '9' });
    expect(server.requests[0]?.path).toBe('/api/v1/pods');
    expect(server.requests[0]?.headers.accept).toContain('as=PartialObjectMetadataList');
  });
});

describe('a watch', () => {
  const collect = async (options: Parameters<KubeClient['watch']>[1]): Promise<unknown[]> => {
    const events: unknown[] = [];
    for await (const event of client.watch(PODS, options)) events.push(event);
    return events;
  };

  it('streams events until the server ends it', async () => {
    server.handle = (stream) => reply(stream, 200, `${JSON.stringify({ type: 'ADDED', object: POD })}\n`);
    expect(await collect({ resourceVersion: '7', timeoutSeconds: 300, signal })).toEqual([
      { type: 'ADDED', object: POD },
    ]);
    expect(server.requests[0]?.path).toBe(
      '/api/v1/pods?watch=true&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=300',
    );
  });

  it('asks for the present state as a stream', async () => {
    server.handle = (stream) => reply(stream, 200, '');
    await collect({ sendInitialEvents: true, signal });
    expect(server.requests[0]?.path).toContain('sendInitialEvents=true&resourceVersionMatch=NotOlderThan');
  });

  it('that is refused is not repeated here, because the reflector has its own backoff', async () => {
    server.handle = (stream) => reply(stream, 429, failure(429, 'TooManyRequests'), { 'retry-after': '3' });
    await expect(collect({ signal })).rejects.toMatchObject({ code: 429, retryAfterMs: 3_000 });
    expect(server.requests).toHaveLength(1);
  });

  it('whose connection breaks throws, it does not end', async () => {
    server.handle = (stream) => {
      stream.respond({ ':status': 200 });
      stream.write(`${JSON.stringify({ type: 'ADDED', object: POD })}\n`, () => server.sockets.at(-1)?.destroy());
    };
    await expect(collect({ signal })).rejects.toBeInstanceOf(TransportError);
  });

  it('whose stream is reset throws, it does not end', async () => {
    server.handle = (stream) => {
      stream.respond({ ':status': 200 });
      stream.write(`${JSON.stringify({ type: 'ADDED', object: POD })}\n`, () => stream.destroy(new Error('panic')));
    };
    await expect(collect({ signal })).rejects.toBeInstanceOf(TransportError);
  });

  it('that is aborted rejects with the reason of the signal', async () => {
    const controller = new AbortController();
    server.handle = (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('\n', () => controller.abort(new Error('stopping')));
    };
    await expect(collect({ signal: controller.signal })).rejects.toThrow('stopping');
  });
});

describe('a failure', () => {
  it('is told in the words of the server', async () => {
    server.handle = (stream) => reply(stream, 403, failure(403, 'Forbidden', 'no right to get pods'));
    const error = await client.get(PODS, KEY, { signal }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message: 'no right to get pods',
      retryAfterMs: undefined,
    });
  });

  it('of something that is no apiserver is told as its code', async () => {
    server.handle = (stream) => reply(stream, 404, '<html>');
    await expect(client.get(PODS, KEY, { signal })).rejects.toMatchObject({
      code: 404,
      reason: '',
      message: 'The apiserver answered with HTTP 404',
    });
  });

  it('to delete what is of a kind that is not served is one: that does not say that it is gone', async () => {
    server.handle = (stream) => reply(stream, 404, '404 page not found');
    await expect(client.delete(PODS, KEY, { uid: 'u', signal })).rejects.toSatisfy(isNotServed);
  });

  it('to delete what is gone is none, a failed precondition is', async () => {
    server.handle = (stream) => reply(stream, 404, failure(404, 'NotFound'));
    await client.delete(PODS, KEY, { uid: 'u', signal });
    server.handle = (stream) => reply(stream, 409, failure(409, 'Conflict'));
    await expect(client.delete(PODS, KEY, { uid: 'u', signal })).rejects.toSatisfy(isConflict);
  });
});

describe('a repetition', () => {
  const once = { create: 1, 'delete without a uid': 1, 'JSON patch': 1 };
  const verbs: readonly { readonly verb: string; readonly call: () => Promise<unknown> }[] = [
    { verb: 'get', call: () => client.get(PODS, KEY, { signal }) },
    { verb: 'list', call: () => client.list(PODS, { signal }) },
    { verb: 'apply', call: () => client.apply(PODS, POD, WRITE) },
    { verb: 'merge patch', call: () => client.patch(PODS, KEY, {}, WRITE) },
    { verb: 'delete with a uid', call: () => client.delete(PODS, KEY, { uid: 'u', signal }) },
    { verb: 'delete without a uid', call: () => client.delete(PODS, KEY, { signal }) },
    { verb: 'JSON patch', call: () => client.patch(PODS, KEY, [], WRITE) },
    { verb: 'create', call: () => client.create(PODS, POD, WRITE) },
  ];
  const body = { ...POD, metadata: { ...POD.metadata, resourceVersion: '1' }, items: [] };

  it.each(verbs)('of $verb follows an overload only where it is harmless', async ({ verb, call }) => {
    server.handle = (stream) =>
      server.requests.length === 1
        ? reply(stream, 503, failure(503, 'ServiceUnavailable'), { 'retry-after': '0' })
        : reply(stream, 200, body);
    const outcome = await call().then(
      () => 'done',
      (error: ApiError) => error.code,
    );
    expect({ outcome, requests: server.requests.length }).toEqual(
      verb in once ? { outcome: 503, requests: 1 } : { outcome: 'done', requests: 2 },
    );
  });

  it.each(verbs)('of $verb follows a lost connection only where it is harmless', async ({ verb, call }) => {
    server.handle = (stream) =>
      server.requests.length === 1 ? server.sockets.at(-1)?.destroy() : reply(stream, 200, body);
    const outcome = await call().then(
      () => 'done',
      (error: Error) => error.name,
    );
    expect({ outcome, requests: server.requests.length }).toEqual(
      verb in once ? { outcome: 'TransportError', requests: 1 } : { outcome: 'done', requests: 2 },
    );
  });

  it.each([400, 403, 404, 409, 422, 500])('never follows an answer of %i', async (code) => {
    server.handle = (stream) => reply(stream, code, failure(code, 'No'));
    await expect(client.get(PODS, KEY, { signal })).rejects.toMatchObject({ code });
    expect(server.requests).toHaveLength(1);
  });

  it('ends after five attempts', async () => {
    server.handle = (stream) => reply(stream, 429, failure(429, 'TooManyRequests'), { 'retry-after': '0' });
    await expect(client.get(PODS, KEY, { signal })).rejects.toMatchObject({ code: 429 });
    expect(server.requests).toHaveLength(5);
  });

  it('is left to the caller where the server asks for a long patience', async () => {
    server.handle = (stream) => reply(stream, 429, failure(429, 'TooManyRequests'), { 'retry-after': '3600' });
    await expect(client.get(PODS, KEY, { signal })).rejects.toMatchObject({ retryAfterMs: 3_600_000 });
    expect(server.requests).toHaveLength(1);
  });

  it('is not waited for after an abort', async () => {
    const controller = new AbortController();
    server.handle = (stream) => {
      reply(stream, 429, failure(429, 'TooManyRequests'), { 'retry-after': '30' });
      setImmediate(() => controller.abort(new Error('stopping')));
    };
    await expect(client.get(PODS, KEY, { signal: controller.signal })).rejects.toThrow('stopping');
  });
});
