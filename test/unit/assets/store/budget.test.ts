import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { ForgeRequest } from '../../../../src/assets/store/asset-request.ts';
import { type AssetStore, createAssetStore } from '../../../../src/assets/store/asset-store.ts';
import { createClients } from '../clients.ts';
import { type Handler, serve, type TestServer } from '../http-server.ts';
import { archive, entry } from '../tar-builder.ts';
import { requestOf, useGround } from './scene.ts';

const MIB = 2 ** 20;
/** What a download may need of the disk: the files twice, and the longest list of them. */
const DOWNLOAD = 2 * MIB + 8 * MIB;
const TREE = 100_000;
const { signal } = new AbortController();
const ground = useGround();

/** Each commit has a tree of its own, of TREE bytes and a little. */
const serveArchives: Handler = ({ url = '' }, response) =>
  response.end(archive(entry({ name: 'repo/prompts/a.md', body: url.padEnd(TREE, '.') })));

/** Has room for one download beside so many trees. */
function openStore(trees: number): Promise<AssetStore> {
  const maxBytes = DOWNLOAD + trees * (TREE + 1000);
  return createAssetStore({
    root: ground.root,
    maxBytes,
    maxDownloads: 8,
    ...createClients(),
    now: () => ground.nowMs,
  });
}

function request(server: TestServer, letter: string): ForgeRequest {
  return { ...requestOf(server, letter), limits: { assetBytes: MIB } };
}

/** Puts these there, one per hour, the first first. */
async function fill(store: AssetStore, server: TestServer, letters: string): Promise<readonly string[]> {
  const digests: string[] = [];
  for (const letter of letters) {
    const { digest } = await store.ensure(request(server, letter), signal);
    digests.push(digest);
    ground.nowMs += 600_000;
  }
  return digests;
}

describe('the room of a store', () => {
  it('is made by the trees that nobody publishes, the one that was wanted the longest ago first', async () => {
    await using server = await serve(serveArchives);
    const store = await openStore(2);
    const [first = '', second = '', third = ''] = await fill(store, server, 'abc');
    await store.sweep(new Set());
    await store.ensure(request(server, 'a'), signal);
    ground.nowMs += 600_000;
    const { digest } = await store.ensure(request(server, 'd'), signal);
    const kept = await Promise.all([first, second, third, digest].map((each) => store.has(each, signal)));
    expect(kept).toEqual([true, false, true, true]);
  });

  it('is never made by what is published: the download is refused, and everything else goes on', async () => {
    await using server = await serve(serveArchives);
    const store = await openStore(2);
    const digests = await fill(store, server, 'abc');
    await store.sweep(new Set(digests));
    await expect(store.ensure(request(server, 'd'), signal)).rejects.toMatchObject({
      name: 'StoreFullError',
      message: 'Cannot keep assets: the store is full of trees that are in use',
    });
    expect(server.requests).toHaveLength(3);
    for (const digest of digests) {
      const bundle = await store.open(digest, signal);
      if (bundle === undefined) throw new Error('It is published');
      expect((await buffer(bundle.stream)).length).toBe(bundle.sizeBytes);
    }
    expect(await store.ensure(request(server, 'a'), signal)).toMatchObject({ isCached: true });
    await store.sweep(new Set(digests.slice(1)));
    ground.nowMs += 120_001;
    expect(await store.ensure(request(server, 'd'), signal)).toMatchObject({ isCached: false });
  });

  it('is not made before it is known what is published, nor by what is about to be', async () => {
    await using server = await serve(serveArchives);
    await fill(await openStore(9), server, 'ab');
    const restarted = await openStore(1);
    const full = expect.objectContaining({ name: 'StoreFullError' });
    await expect(restarted.ensure(request(server, 'c'), signal)).rejects.toEqual(full);
    await restarted.sweep(new Set());
    await restarted.ensure(request(server, 'a'), signal);
    await restarted.ensure(request(server, 'b'), signal);
    ground.nowMs += 120_000;
    await expect(restarted.ensure(request(server, 'c'), signal)).rejects.toEqual(full);
    ground.nowMs += 1;
    await expect(restarted.ensure(request(server, 'c'), signal)).resolves.toMatchObject({ isCached: false });
  });

  it('makes downloads wait for each other where there is room for one, and not fail', async () => {
    await using server = await serve(serveArchives);
    const store = await openStore(9);
    const busy = await Promise.all([...'abcdef'].map((letter) => store.ensure(request(server, letter), signal)));
    expect(new Set(busy.map(({ digest }) => digest)).size).toBe(6);
  });

  it('is given back by one that fails and by one that gives up while it waits', async () => {
    const gate = Promise.withResolvers<void>();
    await using server = await serve((call, response) => {
      if (call.url?.includes('bbbb')) response.end('no archive');
      else void gate.promise.then(() => serveArchives(call, response));
    });
    const store = await openStore(2);
    await expect(store.ensure(request(server, 'b'), signal)).rejects.toMatchObject({ code: 'NotGzip' });
    const running = store.ensure(request(server, 'a'), signal);
    while (server.requests.length < 2) await new Promise(setImmediate);
    const impatient = new AbortController();
    const waiting = store.ensure(request(server, 'c'), impatient.signal);
    const last = store.ensure(request(server, 'd'), signal);
    impatient.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    gate.resolve();
    await expect(Promise.all([running, last])).resolves.toHaveLength(2);
    expect(server.requests).toHaveLength(3);
  });

  it('is refused to a template whose limit the store could never meet, and nothing goes for it', async () => {
    await using server = await serve(serveArchives);
    const store = await openStore(1);
    const [digest = ''] = await fill(store, server, 'a');
    await store.sweep(new Set());
    ground.nowMs += 120_001;
    await expect(store.ensure({ ...request(server, 'b'), limits: { assetBytes: 20 * MIB } }, signal)).rejects.toThrow(
      'a template with this limit needs more room than the store has',
    );
    expect(await store.has(digest, signal)).toBe(true);
    expect(await readdir(join(ground.root, 'tmp'))).toEqual([]);
  });
});
