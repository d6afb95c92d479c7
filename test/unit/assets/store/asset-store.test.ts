import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ForgeRequest } from '../../../../src/assets/store/asset-request.ts';
import { type AssetStore, createAssetStore } from '../../../../src/assets/store/asset-store.ts';
import { createClients } from '../clients.ts';
import { type Handler, serve, type TestServer } from '../http-server.ts';
import { credentialFor } from '../loopback.ts';
import { archive, END, entry, GOOD, globalPax, record } from '../tar-builder.ts';
import { requestOf, useGround } from './scene.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const signal = new AbortController().signal;
const ground = useGround();

const serveArchive: Handler = (_request, response) =>
  response.end(archive(entry({ name: 'repo/prompts/a.md', body: 'a\n' })));

function request(server: TestServer, change: Partial<ForgeRequest> = {}): ForgeRequest {
  return { ...requestOf(server, '0'), commit: COMMIT, include: ['config.yaml', 'prompts/**'], ...change };
}

function openStore(): Promise<AssetStore> {
  return createAssetStore({ root: ground.root, maxBytes: 2 ** 30, ...createClients() });
}

describe('asset store', () => {
  it('downloads once for a hundred who ask at the same time, and not again for those who come later', async () => {
    await using server = await serve(serveArchive);
    const store = await openStore();
    const artifacts = await Promise.all(Array.from({ length: 100 }, () => store.ensure(request(server), signal)));
    expect(new Set(artifacts.map(({ digest }) => digest)).size).toBe(1);
    expect(artifacts[0]).toMatchObject({ revision: COMMIT, files: 2, sizeBytes: 10, isCached: false });
    expect(await store.ensure(request(server), signal)).toEqual({ ...artifacts[0], isCached: true });
    expect(await (await openStore()).ensure(request(server), signal)).toEqual({ ...artifacts[0], isCached: true });
    expect(server.requests).toHaveLength(1);
  });

  it('hands out a bundle of the announced size', async () => {
    await using server = await serve(serveArchive);
    const store = await openStore();
    const { digest } = await store.ensure(request(server), signal);
    const bundle = await store.open(digest, signal);
    expect((await buffer(bundle?.stream ?? Readable.from([]))).length).toBe(bundle?.sizeBytes);
    expect(await store.open(`sha256:${'0'.repeat(64)}`, signal)).toBeUndefined();
  });

  it('reads a revision again for everything that its tree or the right to it depends on', async () => {
    await using server = await serve(serveArchive);
    const store = await openStore();
    const base = request(server);
    const variants: ForgeRequest[] = [
      base,
      { ...base, commit: 'f'.repeat(40) },
      { ...base, include: ['config.yaml'] },
      { ...base, limits: { assetBytes: 1000 } },
      { ...base, credential: credentialFor('one', base.source.baseURL) },
      { ...base, credential: credentialFor('two', base.source.baseURL) },
      { ...base, source: { ...base.source, repo: 'other' } },
      { ...base, source: { ...base.source, owner: 'other' } },
      { ...base, source: { ...base.source, baseURL: `${server.url}/` } },
    ];
    for (const variant of variants) await store.ensure(variant, signal);
    for (const variant of variants) expect(await store.ensure(variant, signal)).toMatchObject({ isCached: true });
    expect(server.requests).toHaveLength(variants.length);
    await store.ensure({ ...base, source: { ...base.source, ref: 'other-name-of-the-commit' } }, signal);
    expect(server.requests).toHaveLength(variants.length);
  });

  it('is no way to a private repository: only a credential that may read it is given what it holds', async () => {
    await using server = await serve((call, response) => {
      if (call.headers.authorization === 'token alices') serveArchive(call, response);
      else response.writeHead(404).end();
    });
    const store = await openStore();
    const base = request(server);
    const alices = { ...base, credential: credentialFor('alices', server.url) };
    expect(await store.ensure(alices, signal)).toMatchObject({ files: 2 });
    const nothing = expect.objectContaining({ name: 'FetchError' });
    for (const other of [base, { ...base, credential: credentialFor('bobs', server.url) }])
      await expect(store.ensure(other, signal)).rejects.toEqual(nothing);
    expect(await (await openStore()).ensure(alices, signal)).toMatchObject({ isCached: true });
    await expect((await openStore()).ensure(base, signal)).rejects.toEqual(nothing);
  });

  it.each([
    ['a flipped byte of content', (bytes: Buffer) => bytes.fill('X', bytes.length - 1)],
    [
      'a changed manifest',
      (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace('prompts/a.md', 'prompts/b.md'), 'latin1'),
    ],
    ['a cut', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1)],
    ['a tail', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')])],
    ['nothing', () => Buffer.alloc(0)],
  ])('notices %s on disk and downloads again', async (_what, damage) => {
    await using server = await serve(serveArchive);
    const store = await openStore();
    const { digest } = await store.ensure(request(server), signal);
    const path = join(ground.root, 'bundles', digest.slice('sha256:'.length));
    await writeFile(path, damage(await readFile(path)));
    expect(await store.ensure(request(server), signal)).toMatchObject({ digest, isCached: false });
    expect(server.requests).toHaveLength(2);
  });

  it('breaks off a stream whose bytes are not those of the digest, before the last of them', async () => {
    await using server = await serve(serveArchive);
    const { digest } = await (await openStore()).ensure(request(server), signal);
    const store = await openStore();
    const path = join(ground.root, 'bundles', digest.slice('sha256:'.length));
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill('X', bytes.length - 1));
    const bundle = await store.open(digest, signal);
    await expect(buffer(bundle?.stream ?? Readable.from([]))).rejects.toThrow('not what its manifest says');
    expect(await store.open(digest, signal)).toBeUndefined();
  });

  it('keeps nothing of an archive that is refused, nor of a transfer that broke', async () => {
    await using server = await serve((_request, response) =>
      response.end(archive(entry({ name: 'repo/prompts/x', type: '2', linkName: '/' }))),
    );
    const store = await openStore();
    await expect(store.ensure(request(server), signal)).rejects.toMatchObject({
      name: 'ArchiveError',
      code: 'EntryNotAllowed',
    });
    await using broken = await serve((_request, response) =>
      response
        .writeHead(200, { 'content-length': '999' })
        .write(archive().subarray(0, 50), () => response.socket?.end()),
    );
    await expect(store.ensure(request(broken), signal)).rejects.toMatchObject({
      name: 'FetchError',
      code: 'Unreachable',
    });
    for (const directory of ['bundles', 'revisions', 'tmp'])
      expect(await readdir(join(ground.root, directory))).toEqual([]);
  });

  it('refuses an archive that says that it is of another commit', async () => {
    const bytes = gzipSync(Buffer.concat([globalPax(record('comment', 'f'.repeat(40))), GOOD, END]));
    await using server = await serve((_request, response) => response.end(bytes));
    await expect((await openStore()).ensure(request(server), signal)).rejects.toMatchObject({ code: 'WrongCommit' });
  });

  it('clears away what a crash left behind', async () => {
    await openStore();
    for (const name of ['old', 'young']) await writeFile(join(ground.root, 'tmp', name), 'half');
    const longAgo = new Date(Date.now() - 301_000);
    await utimes(join(ground.root, 'tmp', 'old'), longAgo, longAgo);
    await writeFile(join(ground.root, 'revisions', 'bad.json'), 'half');
    const store = await openStore();
    expect(await readdir(join(ground.root, 'tmp'))).toEqual(['young']);
    await utimes(join(ground.root, 'tmp', 'young'), longAgo, longAgo);
    await store.sweep(new Set());
    expect(await readdir(join(ground.root, 'tmp'))).toEqual([]);
    expect(await readdir(join(ground.root, 'revisions'))).toEqual([]);
  });

  it.each([
    [{ commit: 'main' }],
    [{ include: [] }],
    [{ include: ['*'] }],
    [
      {
        source: { forge: 'gitea', baseURL: 'http://127.0.0.1:1', owner: 'o', repo: 'r', ref: 'm', subPath: '../x' },
      } as const,
    ],
  ])('refuses a request that makes no sense: %j', async (change) => {
    await using server = await serve(serveArchive);
    await expect((await openStore()).ensure(request(server, change), signal)).rejects.toThrow(RangeError);
    expect(server.requests).toEqual([]);
  });
});

describe('giving up', () => {
  it('one of several does not disturb the others', async () => {
    const gate = Promise.withResolvers<void>();
    await using server = await serve(
      (request, response) => void gate.promise.then(() => serveArchive(request, response)),
    );
    const store = await openStore();
    const impatient = new AbortController();
    const first = store.ensure(request(server), impatient.signal);
    const second = store.ensure(request(server), signal);
    impatient.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    gate.resolve();
    await expect(second).resolves.toMatchObject({ isCached: false });
    expect(server.requests).toHaveLength(1);
  });

  it('all of them ends the download, and the next one starts anew', async () => {
    const closed = Promise.withResolvers<void>();
    let isFirst = true;
    await using server = await serve((request, response) => {
      if (!isFirst) return serveArchive(request, response);
      isFirst = false;
      response.once('close', () => closed.resolve());
      request.socket.once('close', () => closed.resolve());
      response.writeHead(200).write(archive().subarray(0, 20));
    });
    const store = await openStore();
    const only = new AbortController();
    const call = store.ensure(request(server), only.signal);
    while (server.requests.length === 0) await new Promise(setImmediate);
    only.abort(new Error('gone'));
    await expect(call).rejects.toThrow('gone');
    await closed.promise;
    await expect(store.ensure(request(server), signal)).resolves.toMatchObject({ files: 2 });
  });
});
