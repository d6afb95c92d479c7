import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MaterializeReport } from '../../../../src/assets/report.ts';
import { type AssetServerOptions, createAssetServer } from '../../../../src/assets/server/asset-server.ts';
import type { WorkspaceIdentity } from '../../../../src/assets/server/identity.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;
const POD = { namespace: 'tenant', podName: 'ws-1', podUID: 'uid-1', serviceAccount: 'agent' };
const WORKSPACE = { namespace: 'tenant', name: 'ws', uid: 'ws-uid', podUID: POD.podUID };
const REPORT: MaterializeReport = {
  outcome: 'changed',
  wantedDigest: DIGEST,
  files: 3,
  changes: [{ path: 'config.yaml', action: 'healed', wanted: '0123456789ab', found: 'symlink' }],
  changesTotal: 1,
};

let reports: [WorkspaceIdentity, MaterializeReport][];
let errors: Error[];
let missing: WorkspaceIdentity[];
let apps: FastifyInstance[];

beforeEach(() => {
  reports = [];
  errors = [];
  missing = [];
  apps = [];
});
afterEach(() => Promise.all(apps.map((app) => app.close())));

function build(change: Partial<AssetServerOptions> = {}): FastifyInstance {
  const app = createAssetServer({
    reviewToken: async (token) => {
      if (token === 'unreachable') throw new Error('apiserver is away');
      return token === 'good' ? POD : 'rejected';
    },
    authorize: (pod) => (pod.podUID === POD.podUID ? { workspace: WORKSPACE, digest: DIGEST } : undefined),
    openBundle: async (digest) =>
      digest === DIGEST ? { stream: Readable.from([Buffer.from('bundle')]), sizeBytes: 6 } : undefined,
    onReport: (workspace, report) => reports.push([workspace, report]),
    onMissing: (workspace) => missing.push(workspace),
    onError: (error) => errors.push(error),
    ...change,
  });
  apps.push(app);
  return app;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('fetching a tree', () => {
  it('gives a Pod the bundle it is meant to have', async () => {
    const answer = await build().inject({ url: `/v1/assets/${DIGEST}`, headers: bearer('good') });
    expect([answer.statusCode, answer.body, answer.headers['content-length']]).toEqual([200, 'bundle', '6']);
  });

  it.each([
    ['no token', {}, {}, 401],
    ['another scheme', { authorization: 'Basic good' }, {}, 401],
    ['an empty token', { authorization: 'Bearer ' }, {}, 401],
    ['a token that the apiserver rejects', bearer('bad'), {}, 401],
    ['an apiserver that cannot be asked', bearer('unreachable'), {}, 503],
    ['a Pod that is not live or not ours', bearer('good'), { authorize: () => undefined }, 403],
    [
      'a Pod that is meant to have another tree',
      bearer('good'),
      { authorize: () => ({ workspace: WORKSPACE, digest: OTHER }) },
      403,
    ],
    [
      'a lookup that fails',
      bearer('good'),
      {
        authorize: () => {
          throw new Error('store is empty');
        },
      },
      503,
    ],
    ['a tree that is not here yet', bearer('good'), { openBundle: async () => undefined }, 404],
    [
      'a store that fails',
      bearer('good'),
      {
        openBundle: async () => {
          throw new Error('disk /var/secret');
        },
      },
      500,
    ],
  ])('answers %s with a problem and no byte of the bundle', async (_case, headers, change, status) => {
    const answer = await build(change).inject({ url: `/v1/assets/${DIGEST}`, headers });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.json()).toMatchObject({
      type: 'about:blank',
      status,
      title: expect.any(String),
      detail: expect.any(String),
    });
    expect(answer.body).not.toMatch(/bundle|secret|apiserver is away/);
    expect(answer.headers['retry-after'] !== undefined).toBe(status === 503 || status === 404);
  });

  it('gives the same answer for somebody else’s tree, an unknown one and nonsense', async () => {
    const app = build();
    const answers = await Promise.all(
      [OTHER, `sha256:${'0'.repeat(64)}`, 'nonsense', '..%2f..%2fetc'].map((digest) =>
        app.inject({ url: `/v1/assets/${digest}`, headers: bearer('good') }),
      ),
    );
    expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1);
    expect(answers[0]?.statusCode).toBe(403);
  });

  it('tells nobody without a token which addresses exist', async () => {
    const app = build();
    expect((await app.inject({ url: '/v1/nothing' })).statusCode).toBe(401);
    expect((await app.inject({ url: '/v1/nothing', headers: bearer('good') })).statusCode).toBe(404);
  });

  it('says which Workspace misses its tree, so that it is fetched again', async () => {
    const app = build({ openBundle: async () => undefined });
    const answer = await app.inject({ url: `/v1/assets/${DIGEST}`, headers: bearer('good') });
    expect([answer.statusCode, missing]).toEqual([404, [WORKSPACE]]);
  });

  it('lets one Pod hold no more than two transfers, however many others could run', async () => {
    const app = build({
      openBundle: async () => ({ stream: new Readable({ read: () => undefined }), sizeBytes: 6 }),
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const ask = () => httpRequest({ port, path: `/v1/assets/${DIGEST}`, headers: bearer('good') }).end();
    const calls = Array.from({ length: 5 }, ask);
    for (const call of calls) call.on('error', () => undefined);
    const codes: number[] = [];
    for (const call of calls) call.once('response', (response) => codes.push(response.statusCode ?? 0));
    while (codes.filter((code) => code === 503).length < 3) await new Promise(setImmediate);
    for (const call of calls) call.destroy();
    expect(codes.filter((code) => code !== 503)).toHaveLength(codes.length - 3);
  });

  it('keeps no place for a caller that went away while its token was reviewed', async () => {
    const reviews: (() => void)[] = [];
    let isSlow = true;
    const app = build({
      reviewToken: async () => {
        if (isSlow) await new Promise<void>((resolve) => reviews.push(resolve));
        return POD;
      },
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const ask = () => httpRequest({ port, path: `/v1/assets/${DIGEST}`, headers: bearer('good') }).end();
    const calls = Array.from({ length: 3 }, ask);
    for (const call of calls) call.on('error', () => undefined);
    while (reviews.length < 3) await new Promise(setImmediate);
    for (const call of calls) call.destroy();
    await expect
      .poll(() => new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count))))
      .toBe(0);
    for (const finish of reviews) finish();
    isSlow = false;
    const answer = await app.inject({ url: `/v1/assets/${DIGEST}`, headers: bearer('good') });
    expect(answer.statusCode).toBe(200);
  });

  it('lets no more than its limit transfer at once, makes some wait and sends the rest away', async () => {
    const streams: Readable[] = [];
    let pods = 0;
    const app = build({
      maxStreams: 1,
      // Every call comes from another Pod.
      authorize: () => ({ workspace: { ...WORKSPACE, podUID: `pod-${pods++}` }, digest: DIGEST }),
      openBundle: async () => {
        const stream = new Readable({ read: () => undefined });
        streams.push(stream);
        return { stream, sizeBytes: 6 };
      },
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const ask = () => httpRequest({ port, path: `/v1/assets/${DIGEST}`, headers: bearer('good') }).end();
    const calls = Array.from({ length: 12 }, ask);
    for (const call of calls) call.on('error', () => undefined);
    const refused = await Promise.race(calls.map((call) => once(call, 'response').then(([response]) => response)));
    expect(refused.statusCode).toBe(503);
    expect(refused.headers['retry-after']).toBe('1');
    expect(streams).toHaveLength(1);
    streams[0]?.destroy();
    while (streams.length < 2) await new Promise(setImmediate);
    for (const call of calls) call.destroy();
  });
});

describe('reporting', () => {
  const send = (payload: unknown, headers: Record<string, string> = bearer('good')) =>
    build().inject({
      method: 'POST',
      url: '/v1/reports',
      headers: { ...headers, 'content-type': 'application/json' },
      payload: payload as object,
    });

  it('is credited to the Workspace of the Pod behind the token', async () => {
    expect((await send(REPORT)).statusCode).toBe(204);
    expect(reports).toEqual([[WORKSPACE, REPORT]]);
  });

  it.each([
    ['an unknown member', { ...REPORT, workspace: 'other' }],
    ['an unknown outcome', { ...REPORT, outcome: 'fine' }],
    ['a digest that is none', { ...REPORT, wantedDigest: 'x' }],
    ['a reason of several lines', { ...REPORT, reason: 'a\nb' }],
    ['no path', { ...REPORT, changes: [{ ...REPORT.changes[0], path: '' }] }],
    ['colours in a path', { ...REPORT, changes: [{ ...REPORT.changes[0], path: '\u001b[31m' }] }],
    ['too many changes', { ...REPORT, changes: Array.from({ length: 201 }, () => REPORT.changes[0]) }],
    ['no object', '[]'],
    ['no JSON', '{'],
  ])('refuses %s', async (_what, payload) => {
    expect((await send(payload)).statusCode).toBe(400);
    expect(reports).toEqual([]);
  });

  it('refuses what is too large, and anything at all without a token', async () => {
    expect((await send({ ...REPORT, reason: 'x'.repeat(300 * 1024) })).statusCode).toBe(413);
    expect((await send(REPORT, bearer('bad'))).statusCode).toBe(401);
    expect((await send('{', {})).statusCode).toBe(401);
    expect(reports).toEqual([]);
  });
});
