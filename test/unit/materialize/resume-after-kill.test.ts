import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAssetServer } from '../../../src/assets/server/asset-server.ts';
import { createBundleShelf } from '../../../src/assets/store/bundle-shelf.ts';
import { runInPod } from '../../../src/materialize/run-in-pod.ts';
import { openStateDirectory } from '../../../src/materialize/state-directory.ts';
import { type Ending, endAt, endingsAt } from '../../torture/volume/endings.ts';
import { type FileCalls, type Interceptor, interceptFileCalls } from '../../torture/volume/file-calls.ts';
import { serve } from '../assets/http-server.ts';
import {
  bundleOf,
  type Files,
  listing,
  makePlace,
  type TemporaryPlace,
  type TestBundle,
  wantedListing,
} from './fixture.ts';

const BIG: Files = Object.fromEntries([...'abcdef'].map((name) => [`prompts/${name}.md`, name.repeat(100_000)]));
const BUNDLE = bundleOf(BIG);
const NEXT_FILES: Files = { ...BIG, 'prompts/a.md': 'next' };
const NEXT = bundleOf(NEXT_FILES);
const { signal } = new AbortController();

let calls: FileCalls;
let server: AssetServer;
let place: TemporaryPlace;
let state: string;
let starts = 0;

beforeAll(async () => {
  calls = await interceptFileCalls();
});
afterAll(() => calls[Symbol.dispose]());
beforeEach(async () => {
  await renewPlace();
  server = await serveBundles(BUNDLE, NEXT);
});
afterEach(async () => {
  await server.close();
  await place.remove();
});

async function renewPlace(): Promise<void> {
  place = await makePlace();
  state = join(place.root, 'state');
  mkdirSync(state);
  writeFileSync(join(place.root, 'token'), 'a.b.c');
}

interface AssetServer {
  readonly url: string;
  /** How many bytes of a bundle were sent in answer to each request for one, in their order. */
  readonly sent: number[];
  close(): Promise<void>;
}

/** The real asset server over the real shelf, for a Pod that may have what it asks for. */
async function serveBundles(...bundles: readonly TestBundle[]): Promise<AssetServer> {
  const directory = join(place.root, 'shelf');
  await mkdir(directory);
  const shelf = createBundleShelf(directory);
  for (const { digest, bytes } of bundles) await writeFile(shelf.pathOf(digest), bytes);
  const sent: number[] = [];
  let asked = '';
  const app = createAssetServer({
    reviewToken: async () => ({ namespace: 'ns', podName: 'p', podUID: 'uid', serviceAccount: 'agent' }),
    authorize: () => ({ workspace: { namespace: 'ns', name: 'w', uid: 'w', podUID: 'uid' }, digest: asked }),
    openBundle: async (digest, until, from) => {
      const bundle = await shelf.open(digest, until, from);
      const index = sent.push(0) - 1;
      bundle?.stream.on('data', (chunk: Buffer) => {
        sent[index] = (sent[index] ?? 0) + chunk.length;
      });
      return bundle;
    },
    onReport: () => undefined,
    onMissing: () => undefined,
    onError: () => undefined,
  });
  app.server.prependListener('request', ({ url = '' }) => {
    asked = decodeURIComponent(url.replace(/^.*\//, ''));
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, sent, close: () => app.close() };
}

function start({ digest }: TestBundle = BUNDLE, serverURL = server.url) {
  starts += 1;
  return runInPod({
    env: { ASSETS_DIGEST: digest, ASSETS_INCLUDE: '["prompts/**"]', ASSET_SERVER_URL: serverURL },
    nowMs: starts * 3_600_000,
    log: () => undefined,
    signal,
    places: { target: place.target, stateDirectory: state, tokenFile: join(place.root, 'token') },
  });
}

type Killed = Ending & { readonly kind: 'killed' };

/** At the n-th call, counted from 0, at which a run can be killed in this way. */
function killedAt(nth: number, position: Killed['position']): Interceptor {
  let seen = 0;
  let dead: Interceptor | undefined;
  return (call, perform) => {
    const isPlace = endingsAt(call).some((ending) => ending.kind === 'killed' && ending.position === position);
    if (isPlace && seen++ === nth) dead = endAt(0, { kind: 'killed', position });
    return dead === undefined ? perform() : dead(call, perform);
  };
}

function partials(): readonly string[] {
  return readdirSync(state).filter((name) => name.endsWith('.part'));
}

function bytesHere(): number {
  return partials().reduce((sum, name) => sum + statSync(join(state, name)).size, 0);
}

/** As a run that was killed leaves it. */
async function leave(bytes: Buffer, { digest }: TestBundle = BUNDLE): Promise<void> {
  writeFileSync(await openStateDirectory(state).partialOf(digest), bytes);
}

describe('a transfer in whose midst the init container was killed', () => {
  it.each(['before', 'half', 'after'] as const)(
    'is gone on with at the next start, and only the rest is sent, wherever it was (%s a change)',
    { timeout: 60_000 },
    async (position) => {
      const left = new Set<number>();
      for (let nth = 0; ; nth++) {
        await calls.intercept(killedAt(nth, position), () => start());
        if (existsSync(join(state, 'bundle'))) break;
        left.add(bytesHere());
        const before = server.sent.length;
        const missing = BUNDLE.bytes.length - bytesHere();
        const { exitCode } = await start();
        expect({ nth, exitCode, sent: server.sent.slice(before) }).toEqual({ nth, exitCode: 0, sent: [missing] });
        expect(listing(place.target)).toEqual(wantedListing(BIG));
        expect(partials()).toEqual([]);
        await place.remove();
        await renewPlace();
        await server.close();
        server = await serveBundles(BUNDLE);
      }
      expect(left.size).toBeGreaterThan(4);
    },
  );

  it('comes to its end also when every run is killed after a few bytes', async () => {
    const before: number[] = [];
    while (bytesHere() < BUNDLE.bytes.length) {
      before.push(bytesHere());
      await calls.intercept(killedAt(1, 'after'), () => start());
    }
    expect(before.length).toBeGreaterThan(3);
    expect(before).toEqual([...new Set(before)].sort((a, b) => a - b));
    expect((await start()).exitCode).toBe(0);
    expect(readFileSync(join(state, 'bundle')).equals(BUNDLE.bytes)).toBe(true);
  });

  it('is gone on with after a disk that was full', async () => {
    let writes = 0;
    const full: Interceptor = ({ name, args }, perform) => {
      if (name !== 'FileHandle.writeFile' || ++writes < 3) return perform();
      const written = perform([(args[0] as Buffer).subarray(0, 1000)]) as Promise<void>;
      return written.then(() => {
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
      });
    };
    const { exitCode, report } = await calls.intercept(full, () => start());
    expect({ exitCode, reason: report.reason }).toEqual({
      exitCode: 75,
      reason: expect.stringMatching(/^Cannot use the init container's own directory: it is full; /),
    });
    const missing = BUNDLE.bytes.length - bytesHere();
    expect(missing).toBeLessThan(BUNDLE.bytes.length - 1000);
    expect((await start()).exitCode).toBe(0);
    expect(server.sent.slice(1)).toEqual([missing]);
  });
});

describe('what is there of a transfer', () => {
  const half = BUNDLE.bytes.subarray(0, 300_000);

  it.each([
    ['damaged at its beginning', Buffer.concat([Buffer.alloc(10), half.subarray(10)]), 300_000],
    ['damaged in a file', Buffer.concat([half.subarray(0, 200_000), Buffer.alloc(100_000)]), 300_000],
    ['complete and damaged', Buffer.concat([BUNDLE.bytes.subarray(0, -1), Buffer.alloc(1)]), undefined],
    ['longer than what is wanted', Buffer.concat([BUNDLE.bytes, BUNDLE.bytes]), undefined],
  ] as const)('is thrown away when it is %s, and all is sent once', async (_what, bytes, from) => {
    await leave(Buffer.from(bytes));
    expect((await start()).exitCode).toBe(0);
    const { length } = BUNDLE.bytes;
    expect(server.sent.filter((sent) => sent > 0)).toEqual(from === undefined ? [length] : [length - from, length]);
    expect(listing(place.target)).toEqual(wantedListing(BIG));
    expect(partials()).toEqual([]);
  });

  it('is all there is to send when it is complete: nothing', async () => {
    await leave(BUNDLE.bytes);
    expect((await start()).exitCode).toBe(0);
    expect(server.sent).toEqual([0]);
    expect(listing(place.target)).toEqual(wantedListing(BIG));
  });

  it('is deleted when another revision is wanted by now, and nothing of it is used', async () => {
    await leave(half);
    expect((await start(NEXT)).exitCode).toBe(0);
    expect(server.sent).toEqual([NEXT.bytes.length]);
    expect(listing(place.target)).toEqual(wantedListing(NEXT_FILES));
    await leave(half);
    expect((await start(NEXT)).report.outcome).toBe('unchanged');
    expect(partials()).toEqual([]);
  });

  it('is asked for twice and no more where the server sends something else', async () => {
    await leave(half);
    const forged = Buffer.from(BUNDLE.bytes).fill('X', BUNDLE.bytes.length - 10);
    const { length } = forged;
    await using liar = await serve((request, response) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const range = { 'content-range': `bytes ${from}-${length - 1}/${length}` };
      response.writeHead(from > 0 ? 206 : 200, range).end(forged.subarray(from));
    });
    const asked = () => liar.requests.filter(({ line }) => line.startsWith('GET')).length;
    const { exitCode, report } = await start(BUNDLE, liar.url);
    expect({ exitCode, reason: report.reason, asked: asked() }).toEqual({
      exitCode: 75,
      reason: 'Cannot take bundle: the asset server sent another one than wanted',
      asked: 2,
    });
    expect([partials(), listing(place.target)]).toEqual([[], {}]);
    await start(BUNDLE, liar.url);
    expect(asked()).toBe(3);
  });
});
