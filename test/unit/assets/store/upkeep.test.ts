import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { type AssetStore, createAssetStore } from '../../../../src/assets/store/asset-store.ts';
import { createClients } from '../clients.ts';
import { type Handler, serve } from '../http-server.ts';
import { archive, entry } from '../tar-builder.ts';
import { requestOf, useGround } from './scene.ts';

const HOUR_MS = 3_600_000;
const { signal } = new AbortController();
const ground = useGround();

/** Each commit has a tree of its own. */
const serveArchives: Handler = ({ url = '' }, response) =>
  response.end(archive(entry({ name: 'repo/prompts/a.md', body: url })));

function openStore(): Promise<AssetStore> {
  return createAssetStore({ root: ground.root, maxBytes: 2 ** 30, ...createClients(), now: () => ground.nowMs });
}

describe('sweeping the store', () => {
  it('removes what nobody publishes once nobody wanted it for an hour, and no sooner', async () => {
    await using server = await serve(serveArchives);
    const store = await openStore();
    const old = await store.ensure(requestOf(server, 'a'), signal);
    ground.nowMs += HOUR_MS;
    const current = await store.ensure(requestOf(server, 'b'), signal);
    await store.sweep(new Set([current.digest]));
    expect(await store.has(old.digest, signal)).toBe(true);
    ground.nowMs += 1;
    await store.sweep(new Set([current.digest]));
    expect([await store.has(old.digest, signal), await store.has(current.digest, signal)]).toEqual([false, true]);
    expect(await readdir(join(ground.root, 'bundles'))).toHaveLength(1);
    expect(await readdir(join(ground.root, 'revisions'))).toHaveLength(1);
  });

  it('keeps what is published however old it is, and gives it its hour when it no longer is', async () => {
    await using server = await serve(serveArchives);
    const store = await openStore();
    const { digest } = await store.ensure(requestOf(server, 'a'), signal);
    ground.nowMs += 100 * HOUR_MS;
    await store.sweep(new Set([digest]));
    ground.nowMs += HOUR_MS;
    await store.sweep(new Set());
    expect(await store.has(digest, signal)).toBe(true);
    ground.nowMs += 1;
    await store.sweep(new Set());
    expect(await store.has(digest, signal)).toBe(false);
  });

  it('counts the hour anew after a restart, because nobody knows who wanted it last', async () => {
    await using server = await serve(serveArchives);
    const { digest } = await (await openStore()).ensure(requestOf(server, 'a'), signal);
    ground.nowMs += 100 * HOUR_MS;
    const restarted = await openStore();
    await restarted.sweep(new Set());
    ground.nowMs += HOUR_MS;
    await restarted.sweep(new Set());
    expect(await restarted.has(digest, signal)).toBe(true);
    ground.nowMs += 1;
    await restarted.sweep(new Set());
    expect(await restarted.has(digest, signal)).toBe(false);
  });

  it('keeps what somebody came back to, before its status says so', async () => {
    await using server = await serve(serveArchives);
    const store = await openStore();
    await store.ensure(requestOf(server, 'a'), signal);
    ground.nowMs += HOUR_MS + 1;
    const { digest } = await store.ensure(requestOf(server, 'a'), signal);
    await store.sweep(new Set());
    expect(await store.has(digest, signal)).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  it('lets a transfer that runs go on to its end', async () => {
    await using server = await serve(serveArchives);
    const store = await openStore();
    const { digest } = await store.ensure(requestOf(server, 'a'), signal);
    const bundle = await store.open(digest, signal);
    ground.nowMs += HOUR_MS + 1;
    await store.sweep(new Set());
    expect(await store.has(digest, signal)).toBe(false);
    if (bundle === undefined) throw new Error('The bundle was there');
    expect((await buffer(bundle.stream)).length).toBe(bundle.sizeBytes);
  });

  it('gives the tree back that was swept away, by one download', async () => {
    await using server = await serve(serveArchives);
    const store = await openStore();
    const { digest } = await store.ensure(requestOf(server, 'a'), signal);
    ground.nowMs += HOUR_MS + 1;
    await store.sweep(new Set());
    expect(await store.ensure(requestOf(server, 'a'), signal)).toMatchObject({ digest, isCached: false });
    expect(server.requests).toHaveLength(2);
  });
});

describe('a store that is thrown away', () => {
  it('between two requests is built anew by one download', async () => {
    await using server = await serve(serveArchives);
    const store = await openStore();
    const { digest } = await store.ensure(requestOf(server, 'a'), signal);
    await rm(ground.root, { recursive: true });
    expect(await store.has(digest, signal)).toBe(false);
    expect(await store.open(digest, signal)).toBeUndefined();
    await store.sweep(new Set([digest]));
    const again = await Promise.all([1, 2, 3].map(() => store.ensure(requestOf(server, 'a'), signal)));
    expect(new Set(again.map((artifact) => artifact.digest))).toEqual(new Set([digest]));
    expect(await store.has(digest, signal)).toBe(true);
    expect(server.requests).toHaveLength(2);
  });
});

it('a tree that the disk does not give is not there, and asking for it again tells what the disk says', async () => {
  await using server = await serve(serveArchives);
  const store = await openStore();
  const { digest } = await store.ensure(requestOf(server, 'a'), signal);
  const place = join(ground.root, 'bundles', digest.replace('sha256:', ''));
  await rm(place);
  await mkdir(join(place, 'something'), { recursive: true });
  expect(await store.has(digest, signal)).toBe(false);
  await expect(store.ensure(requestOf(server, 'a'), signal)).rejects.toMatchObject({ syscall: 'read' });
});

describe('two stores on one directory', () => {
  it('share what is there, and neither breaks off the work of the other by starting', async () => {
    const gate = Promise.withResolvers<void>();
    await using server = await serve(
      (request, response) => void gate.promise.then(() => serveArchives(request, response)),
    );
    const first = await openStore();
    const running = first.ensure(requestOf(server, 'a'), signal);
    while (server.requests.length === 0) await new Promise(setImmediate);
    const second = await openStore();
    await second.sweep(new Set());
    gate.resolve();
    const { digest } = await running;
    expect(await second.ensure(requestOf(server, 'a'), signal)).toMatchObject({ digest, isCached: true });
    expect(server.requests).toHaveLength(1);
  });

  it('lose nothing but a download when one sweeps away what the other publishes', async () => {
    await using server = await serve(serveArchives);
    const first = await openStore();
    const { digest } = await first.ensure(requestOf(server, 'a'), signal);
    const second = await openStore();
    await second.sweep(new Set());
    ground.nowMs += HOUR_MS + 1;
    await second.sweep(new Set());
    expect(await first.has(digest, signal)).toBe(false);
    expect(await first.ensure(requestOf(server, 'a'), signal)).toMatchObject({ digest, isCached: false });
  });
});

describe('a revision that was refused', () => {
  it('is not downloaded again for five minutes, whoever wants it', async () => {
    await using server = await serve((_request, response) => response.end('no archive'));
    const store = await openStore();
    const refused = expect.objectContaining({ name: 'ArchiveError', code: 'NotGzip' });
    for (let user = 0; user < 10; user++)
      await expect(store.ensure(requestOf(server, 'a'), signal)).rejects.toEqual(refused);
    expect(server.requests).toHaveLength(1);
    ground.nowMs += 300_000;
    await expect(store.ensure(requestOf(server, 'a'), signal)).rejects.toEqual(refused);
    expect(server.requests).toHaveLength(2);
  });

  it('does not keep another from being tried', async () => {
    await using server = await serve((call, response) =>
      call.url?.includes('aaaa') ? response.end('no archive') : serveArchives(call, response),
    );
    const store = await openStore();
    await expect(store.ensure(requestOf(server, 'a'), signal)).rejects.toMatchObject({ name: 'ArchiveError' });
    await expect(store.ensure(requestOf(server, 'b'), signal)).resolves.toMatchObject({ isCached: false });
  });
});
