import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyBundle } from '../../../../src/assets/bundle/bundle-file.ts';
import { createAssetServer } from '../../../../src/assets/server/asset-server.ts';
import { readFirstByte } from '../../../../src/assets/server/byte-range.ts';
import { type AssetStore, createAssetStore } from '../../../../src/assets/store/asset-store.ts';
import { createAssetClient } from '../../../../src/materialize/asset-client.ts';
import { createClients } from '../clients.ts';
import { serve } from '../http-server.ts';
import { archive, entry } from '../tar-builder.ts';

const { signal } = new AbortController();
const TOKEN = 'a.b.c';
let root: string;
let store: AssetStore;
let app: FastifyInstance;
let digest: string;
let whole: Buffer;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'resume-'));
  store = await createAssetStore({ root: join(root, 'store'), maxBytes: 2 ** 30, ...createClients() });
  const files = ['a', 'b', 'c'].map((name) => entry({ name: `repo/prompts/${name}.md`, body: name.repeat(200_000) }));
  await using forge = await serve((_request, response) => response.end(archive(...files)));
  const source = { forge: 'gitea', baseURL: forge.url, owner: 'molecule', repo: 'tpl', ref: 'main' } as const;
  ({ digest } = await store.ensure({ source, commit: 'a'.repeat(40), include: ['prompts/**'] }, signal));
  app = createAssetServer({
    reviewToken: async () => ({ namespace: 'ns', podName: 'p', podUID: 'uid', serviceAccount: 'agent' }),
    authorize: () => ({ workspace: { namespace: 'ns', name: 'w', uid: 'w', podUID: 'uid' }, digest }),
    openBundle: (wanted, until, from) => store.open(wanted, until, from),
    onReport: () => undefined,
    onMissing: () => undefined,
    onError: () => undefined,
  });
  whole = (await ask({})).rawPayload;
  await writeFile(join(root, 'token'), TOKEN);
});
afterEach(async () => {
  await app.close();
  await rm(root, { recursive: true, force: true });
});

function ask(headers: Record<string, string>) {
  return app.inject({ url: `/v1/assets/${digest}`, headers: { authorization: `Bearer ${TOKEN}`, ...headers } });
}

describe('a bundle that is asked for from a byte on', () => {
  it('has a digest for a strong ETag and takes ranges', async () => {
    const { statusCode, headers } = await ask({});
    expect([statusCode, headers.etag, headers['accept-ranges']]).toEqual([200, `"${digest}"`, 'bytes']);
    expect(headers['content-length']).toBe(String(whole.length));
  });

  it('comes from there to its end, wherever that lies', async () => {
    const head = whole.length - 600_008;
    const places = [
      0,
      1,
      19,
      head - 1,
      head,
      head + 1,
      head + 131_072,
      head + 200_000,
      head + 200_001,
      whole.length - 1,
    ];
    for (const from of places) {
      const { statusCode, headers, rawPayload } = await ask({ range: `bytes=${from}-`, 'if-range': `"${digest}"` });
      expect([statusCode, headers['content-range']], String(from)).toEqual([
        206,
        `bytes ${from}-${whole.length - 1}/${whole.length}`,
      ]);
      expect(headers['content-length']).toBe(String(whole.length - from));
      expect(rawPayload.equals(whole.subarray(from)), String(from)).toBe(true);
    }
  });

  it.each([0, 1, 1000])('is not satisfiable %i bytes behind its end', async (behind) => {
    const answer = await ask({ range: `bytes=${whole.length + behind}-` });
    expect([answer.statusCode, answer.headers['content-range']]).toEqual([416, `bytes */${whole.length}`]);
    expect(answer.json()).toMatchObject({ status: 416, title: 'Range Not Satisfiable' });
  });

  it.each([
    ['another tree is held', { range: 'bytes=5-', 'if-range': `"sha256:${'0'.repeat(64)}"` }],
    ['only a weak tag is held', { range: 'bytes=5-', 'if-range': `W/"sha256:${'0'.repeat(64)}"` }],
    ['a date is held', { range: 'bytes=5-', 'if-range': 'Wed, 21 Oct 2015 07:28:00 GMT' }],
    ['an end is named', { range: 'bytes=5-9' }],
    ['only the end is wanted', { range: 'bytes=-5' }],
    ['several ranges are wanted', { range: 'bytes=0-1,5-' }],
    ['the unit is unknown', { range: 'items=5-' }],
    ['the number is none', { range: 'bytes=0x5-' }],
  ])('is sent whole where %s', async (_what, headers) => {
    const answer = await ask(headers);
    expect([answer.statusCode, answer.headers['content-range']]).toEqual([200, undefined]);
    expect(answer.rawPayload.equals(whole)).toBe(true);
  });

  it('is broken off where a file of which a part is sent was damaged in the part that is not', async () => {
    const path = join(root, 'store', 'bundles', digest.slice('sha256:'.length));
    const bytes = Buffer.from(whole);
    bytes[whole.length - 199_999] = 0;
    await writeFile(path, bytes);
    const answer = await ask({ range: `bytes=${whole.length - 10}-` });
    expect(answer.json()).toMatchObject({ status: 500 });
    expect(answer.headers['content-length']).toBe(String(answer.rawPayload.length));
    expect(await store.open(digest, signal)).toBeUndefined();
  });

  it('is no way round the digest that a Pod may have', async () => {
    const other = await app.inject({
      url: `/v1/assets/sha256:${'0'.repeat(64)}`,
      headers: { authorization: `Bearer ${TOKEN}`, range: 'bytes=5-' },
    });
    expect(other.statusCode).toBe(403);
  });
});

it('reads a range only where it is to be believed', () => {
  expect(readFirstByte({ range: 'bytes=7-', 'if-range': '"x"' }, '"x"')).toBe(7);
  expect(readFirstByte({ range: 'bytes=7-' }, '"x"')).toBe(7);
  expect(readFirstByte({ 'if-range': '"x"' }, '"x"')).toBeUndefined();
});

/** In front of the asset server: ends each transfer after so many bytes, the n-th after the n-th number. */
async function cutting(cuts: readonly number[]) {
  const asked: (string | undefined)[] = [];
  let sent = 0;
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const cut = cuts[asked.length] ?? Number.POSITIVE_INFINITY;
    asked.push(request.headers.range);
    const { range, 'if-range': ifRange } = request.headers;
    const answer = await ask({
      ...(range === undefined ? {} : { range }),
      ...(typeof ifRange === 'string' ? { 'if-range': ifRange } : {}),
    });
    const part = answer.rawPayload.subarray(0, cut);
    sent += part.length;
    response.writeHead(answer.statusCode, answer.headers as Record<string, string>);
    if (part.length === answer.rawPayload.length) response.end(part);
    else response.write(part, () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    bytesSent: () => sent,
    client: createAssetClient({ serverURL: `http://127.0.0.1:${port}`, tokenFile: join(root, 'token') }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function receive(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

describe('a transfer that breaks off', () => {
  it('goes on behind the bytes that came, as often as it breaks, and gives the tree of the digest', async () => {
    await using front = await cutting([5, 100, 1, 150_000, 200_000, 7, 7, 7, 7]);
    const bytes = await receive(await front.client.fetchBundle(digest, 0, signal));
    expect(front.asked.slice(0, 3)).toEqual([undefined, 'bytes=5-', 'bytes=105-']);
    expect(front.asked).toHaveLength(10);
    expect(front.bytesSent()).toBe(whole.length);
    await writeFile(join(root, 'received'), bytes);
    await using file = await open(join(root, 'received'));
    expect((await verifyBundle(file, digest, signal)).digest).toBe(digest);
  });

  it('goes on as well with a server that knows no ranges, without handing on a byte twice', async () => {
    let calls = 0;
    await using server = await serve((_request, response) => {
      calls += 1;
      response.writeHead(200, { 'content-length': whole.length });
      if (calls > 1) response.end(whole);
      else response.write(whole.subarray(0, 1000), () => response.destroy());
    });
    const client = createAssetClient({ serverURL: server.url, tokenFile: join(root, 'token') });
    expect((await receive(await client.fetchBundle(digest, 0, signal))).equals(whole)).toBe(true);
  });

  it('is given up at once when nobody wants it any more', async () => {
    await using front = await cutting([1000, 0, 0, 0, 0]);
    const impatient = new AbortController();
    const bytes = await front.client.fetchBundle(digest, 0, impatient.signal);
    const received = receive(bytes);
    while (front.asked.length < 2) await new Promise(setImmediate);
    impatient.abort(new Error('gone'));
    await expect(received).rejects.toThrow('gone');
  });
});
