import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ForgeRequest } from '../../../../src/assets/store/asset-request.ts';
import { type AssetStore, createAssetStore } from '../../../../src/assets/store/asset-store.ts';
import { IN_MEMORY } from '../../../support/in-memory.ts';
import { createClients } from '../clients.ts';
import { serve, type TestServer } from '../http-server.ts';
import { archive, entry } from '../tar-builder.ts';
import type { createFaultyDisk } from './faulty-disk.ts';
import { requestOf } from './scene.ts';

const disk = vi.hoisted(() => ({ current: undefined as ReturnType<typeof createFaultyDisk> | undefined }));
vi.mock('node:fs/promises', async (importOriginal) => {
  const { createFaultyDisk } = await import('./faulty-disk.ts');
  disk.current = createFaultyDisk();
  return disk.current.wrap(await importOriginal());
});

const { signal } = new AbortController();
let server: TestServer;
let root: string;

beforeAll(async () => {
  server = await serve(({ url = '' }, response) =>
    response.end(archive(entry({ name: 'repo/prompts/a.md', body: url.repeat(5_000) }))),
  );
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  root = mkdtempSync(join(IN_MEMORY, 'store-'));
});
afterEach(() => {
  faulty().heal();
  rmSync(root, { recursive: true, force: true });
});

function faulty(): ReturnType<typeof createFaultyDisk> {
  if (disk.current === undefined) throw new Error('The mock of the disk was never loaded');
  return disk.current;
}

function openStore(): Promise<AssetStore> {
  return createAssetStore({ root, maxBytes: 2 ** 30, ...createClients() });
}

function request(letter: string): ForgeRequest {
  return requestOf(server, letter);
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: scripted`), { code, syscall: 'write' });
}

/** Proves the bundle to its last byte by reading it as the asset server does. */
async function readWhole(store: AssetStore, digest: string): Promise<Buffer> {
  const bundle = await store.open(digest, signal);
  if (bundle === undefined) throw new Error(`${digest} is not there`);
  const bytes = await buffer(bundle.stream);
  expect(bytes.length).toBe(bundle.sizeBytes);
  return bytes;
}

/** The steps of an undisturbed download. */
async function stepsOfDownload(): Promise<readonly string[]> {
  const store = await openStore();
  faulty().heal();
  await store.ensure(request('f'), signal);
  const { steps } = faulty();
  rmSync(root, { recursive: true });
  return steps;
}

/** Only what writes can find a disk full. */
const WRITES = /^(mkdir|mkdtemp|open|rename|handle\.(write|writev|writeFile|sync|datasync))$/;

describe('an operator that is killed', () => {
  it('at any step of a download finds the old trees whole, nothing by halves, and downloads at most once more', async () => {
    const { length } = await stepsOfDownload();
    expect(length).toBeGreaterThan(15);
    for (let step = 0; step < length; step++) {
      const before = await openStore();
      const old = await before.ensure(request('a'), signal);
      const bytes = await readWhole(before, old.digest);
      const { length: asked } = server.requests;
      faulty().failAt(step, new Error('killed'), { goesOn: true });
      await expect(before.ensure(request('b'), signal)).rejects.toThrow('killed');
      faulty().heal();

      for (const name of readdirSync(join(root, 'bundles')))
        expect((await readWhole(await openStore(), `sha256:${name}`)).length).toBeGreaterThan(0);
      const after = await openStore();
      expect(await after.ensure(request('a'), signal)).toMatchObject({ digest: old.digest, isCached: true });
      expect((await readWhole(after, old.digest)).equals(bytes)).toBe(true);
      const again = await after.ensure(request('b'), signal);
      await readWhole(after, again.digest);
      expect(server.requests.length - asked).toBeLessThanOrEqual(2);
      rmSync(root, { recursive: true });
    }
  });
});

describe('a disk without room', () => {
  it.each(['ENOSPC', 'EDQUOT'])(
    'at any write of a download (%s) is a reason, keeps nothing by halves and lets others be served',
    async (code) => {
      const steps = await stepsOfDownload();
      const writes = steps.flatMap((name, step) => (WRITES.test(name) ? [step] : []));
      expect(writes.length).toBeGreaterThan(8);
      for (const step of writes) {
        const store = await openStore();
        const old = await store.ensure(request('a'), signal);
        faulty().failAt(step, failure(code), { goesOn: false });
        await expect(store.ensure(request('b'), signal), steps[step]).rejects.toMatchObject({
          name: 'StoreFullError',
          message: 'Cannot keep assets: the disk of the store is full',
        });
        faulty().heal();
        await readWhole(store, old.digest);
        for (const bundle of readdirSync(join(root, 'bundles'))) await readWhole(store, `sha256:${bundle}`);
        for (const index of readdirSync(join(root, 'revisions')))
          expect(JSON.parse(readFileSync(join(root, 'revisions', index), 'utf8'))).toMatchObject({ ignored: 0 });
        await readWhole(store, (await store.ensure(request('b'), signal)).digest);
        rmSync(root, { recursive: true });
      }
    },
  );

  it('asks for nothing that it has no place to write down', async () => {
    const store = await openStore();
    const { length } = server.requests;
    faulty().failEach('mkdtemp', failure('ENOSPC'));
    await expect(store.ensure(request('b'), signal)).rejects.toMatchObject({ name: 'StoreFullError' });
    expect(server.requests).toHaveLength(length);
  });

  it('gives up the trees that nobody needs, so that the next attempt finds room', async () => {
    let nowMs = Date.now();
    const store = await createAssetStore({ root, maxBytes: 2 ** 30, ...createClients(), now: () => nowMs });
    const unused = await store.ensure(request('a'), signal);
    const published = await store.ensure(request('c'), signal);
    await store.sweep(new Set([published.digest]));
    nowMs += 600_000;
    faulty().failEach('handle.write', failure('ENOSPC'));
    await expect(store.ensure(request('b'), signal)).rejects.toThrow('the disk of the store is full');
    faulty().heal();
    expect([await store.has(unused.digest, signal), await store.has(published.digest, signal)]).toEqual([false, true]);
  });
});
