import { lstatSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MaterializeReport } from '../../../src/assets/report.ts';
import type { RunResult } from '../../../src/materialize/result.ts';
import { runInPod } from '../../../src/materialize/run-in-pod.ts';
import { type Handler, serve, type TestServer } from '../assets/http-server.ts';
import { bundleOf, identities, listing, makePlace, type TemporaryPlace, WANTED, wantedListing } from './fixture.ts';

// The pauses between attempts to go on with a transfer.
vi.mock('node:timers/promises', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:timers/promises')>()),
  setTimeout: async () => undefined,
}));

const BUNDLE = bundleOf(WANTED);
const INCLUDE = JSON.stringify(['config.yaml', 'prompts/**', 'agent-skills/**']);
let place: TemporaryPlace;
let stateDirectory: string;
let nowMs: number;
let lines: string[];

beforeEach(async () => {
  place = await makePlace();
  stateDirectory = join(place.root, 'state');
  mkdirSync(stateDirectory);
  writeFileSync(join(place.root, 'token'), 'the-token\n');
  nowMs = 1_800_000_000_000;
  lines = [];
});
afterEach(() => place.remove());

async function run(serverURL: string, env: Record<string, string> = {}): Promise<RunResult> {
  nowMs += 3_600_000;
  return start(serverURL, env);
}

async function start(serverURL: string, env: Record<string, string> = {}): Promise<RunResult> {
  return runInPod({
    env: { ASSETS_DIGEST: BUNDLE.digest, ASSETS_INCLUDE: INCLUDE, ASSET_SERVER_URL: serverURL, ...env },
    nowMs,
    log: (line) => lines.push(line),
    signal: new AbortController().signal,
    places: { target: place.target, stateDirectory, tokenFile: join(place.root, 'token') },
  });
}

/** An asset server that has one bundle and keeps the reports. */
async function serveBundle(
  bytes: Buffer = BUNDLE.bytes,
): Promise<TestServer & { readonly reports: MaterializeReport[] }> {
  const reports: MaterializeReport[] = [];
  const handler: Handler = (request, response) => {
    if (request.method === 'GET') return response.end(bytes);
    const parts: Buffer[] = [];
    return request
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => {
        reports.push(JSON.parse(Buffer.concat(parts).toString()) as MaterializeReport);
        response.writeHead(204).end();
      });
  };
  const server = await serve(handler);
  return { ...server, reports, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const AWAY = 'http://127.0.0.1:1';

describe('the init container', () => {
  it('fetches with its token, heals, and reports', async () => {
    await using server = await serveBundle();
    const { exitCode, report } = await run(server.url);
    expect({ exitCode, outcome: report.outcome, files: report.files, changes: report.changes.length }).toEqual({
      exitCode: 0,
      outcome: 'changed',
      files: 4,
      changes: 4,
    });
    expect(listing(place.target)).toEqual(wantedListing(WANTED));
    expect(server.reports).toEqual([report]);
    expect(server.requests).toEqual([
      { line: `GET /v1/assets/${encodeURIComponent(BUNDLE.digest)}`, authorization: 'Bearer the-token' },
      { line: 'POST /v1/reports', authorization: 'Bearer the-token' },
    ]);
  });

  it('heals again without server and writes nothing when there is nothing to heal', async () => {
    {
      await using server = await serveBundle();
      await run(server.url);
    }
    const before = identities(place.target);
    const { report, exitCode } = await run(AWAY);
    expect({ exitCode, outcome: report.outcome, found: report.foundDigest }).toEqual({
      exitCode: 0,
      outcome: 'unchanged',
      found: BUNDLE.digest,
    });
    expect(identities(place.target)).toEqual(before);
    writeFileSync(join(place.target, 'config.yaml'), 'edited');
    expect((await run(AWAY)).report.changes).toEqual([
      {
        path: 'config.yaml',
        action: 'healed',
        wanted: expect.stringMatching(/^[0-9a-f]{12}$/),
        found: expect.stringMatching(/^[0-9a-f]{12} 644$/),
        keptAt: '.molecule/displaced/config.yaml',
      },
    ]);
  });

  it('is not exhausted by a gigabyte that the agent put where our inventory was', async () => {
    await using server = await serveBundle();
    await run(server.url);
    truncateSync(join(place.target, '.molecule/manifest.json'), 1024 ** 3);
    writeFileSync(join(place.target, 'config.yaml'), 'edited');
    const { exitCode } = await run(server.url);
    expect({ exitCode, text: readFileSync(join(place.target, 'config.yaml'), 'utf8') }).toEqual({
      exitCode: 0,
      text: 'name: wanted\n',
    });
    expect(lstatSync(join(place.target, '.molecule/manifest.json')).size).toBeLessThan(10_000);
  });

  it('starts a new Pod from the copy on the volume while the operator is away', async () => {
    {
      await using server = await serveBundle();
      await run(server.url);
    }
    rmSync(stateDirectory, { recursive: true });
    mkdirSync(stateDirectory);
    rmSync(join(place.target, 'config.yaml'));
    const { exitCode } = await run(AWAY);
    expect(exitCode).toBe(0);
    expect(listing(place.target)).toEqual(wantedListing(WANTED));
  });

  it('does not believe a copy on the volume that the agent changed, and repairs it', async () => {
    await using server = await serveBundle();
    await run(server.url);
    const cache = join(place.target, '.molecule/bundle');
    const forged = Buffer.from(readFileSync(cache));
    forged.fill('X', forged.length - 4);
    writeFileSync(cache, forged);
    rmSync(stateDirectory, { recursive: true });
    mkdirSync(stateDirectory);
    expect((await run(AWAY)).exitCode).toBe(75);
    expect((await run(server.url)).exitCode).toBe(0);
    expect(readFileSync(cache)).toEqual(BUNDLE.bytes);
    expect(listing(place.target)).toEqual(wantedListing(WANTED));
  });

  it('goes to a new revision as soon as its Pod says so', async () => {
    const next = bundleOf({ ...WANTED, 'config.yaml': 'name: next\n' });
    await using first = await serveBundle();
    await run(first.url);
    await using second = await serveBundle(next.bytes);
    expect((await run(second.url, { ASSETS_DIGEST: next.digest })).exitCode).toBe(0);
    expect(listing(place.target)['config.yaml']).toBe('644 name: next\n');
    expect((await run(AWAY)).exitCode).toBe(75);
  });

  it.each([
    ['nobody listens', undefined, 'ECONNREFUSED'],
    [
      'the server refuses',
      (_request, response) =>
        response
          .writeHead(403, { 'content-type': 'application/problem+json' })
          .end('{"detail":"This Pod may not have this tree"}'),
      'answered 403: This Pod may not have this tree',
    ],
    [
      'the server refuses the rest',
      (request, response) => {
        if (request.headers.range === undefined)
          response.writeHead(200, { 'content-length': '9999' }).write('x', () => response.socket?.destroy());
        else response.writeHead(403).end('{"detail":"This Pod may not have this tree"}');
      },
      'Cannot fetch bundle: the asset server answered 403: This Pod may not have this tree',
    ],
    [
      'the server breaks off in its refusal',
      (_request, response) => {
        response.writeHead(403, { 'content-length': '99' }).write('{', () => response.socket?.destroy());
      },
      'Cannot fetch bundle: the asset server answered 403',
    ],
    ['the server is ill', (_request, response) => response.writeHead(500).end('<html>'), 'answered 500'],
    [
      'the server sends another tree',
      (_request, response) => response.end(bundleOf({ 'config.yaml': 'other' }).bytes),
      'sent another one',
    ],
    [
      'the server sends half of it',
      (_request, response) => response.end(BUNDLE.bytes.subarray(0, 300)),
      'sent another one',
    ],
    [
      'the transfer breaks off',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '9999' }).write('x', () => response.socket?.destroy());
      },
      'broke off',
    ],
  ] as readonly (readonly [string, Handler | undefined, string])[])(
    'waits and leaves the volume alone when %s',
    async (_case, handler, reason) => {
      await using server = await serve(handler ?? (() => undefined));
      const before = identities(place.target);
      const { exitCode, report } = await run(handler === undefined ? AWAY : server.url);
      expect({ exitCode, outcome: report.outcome }).toEqual({ exitCode: 75, outcome: 'waiting' });
      expect(report.reason).toContain(reason);
      expect(identities(place.target)).toEqual(before);
    },
  );

  it.each([
    ['no template at all', { unset: 'ASSETS_DIGEST' }, 0, 'off'],
    ['a digest that is not known yet', { ASSETS_DIGEST: '' }, 75, 'waiting'],
    ['a digest that is none', { ASSETS_DIGEST: 'latest' }, 2, 'refused'],
    ['no server', { ASSET_SERVER_URL: '' }, 2, 'refused'],
    ['an include list that is none', { ASSETS_INCLUDE: 'config.yaml' }, 2, 'refused'],
    ['an include list that allows all', { ASSETS_INCLUDE: '["**"]' }, 2, 'refused'],
  ] as const)('ends for %s as documented, without touching anything', async (_case, env, exitCode, outcome) => {
    const { unset, ...set } = { unset: '', ...env };
    const full: Record<string, string> = {
      ASSETS_DIGEST: BUNDLE.digest,
      ASSETS_INCLUDE: INCLUDE,
      ASSET_SERVER_URL: AWAY,
      ...set,
    };
    delete full[unset];
    const result = await runInPod({
      env: full,
      nowMs,
      log: () => undefined,
      signal: new AbortController().signal,
      places: { target: place.target, stateDirectory },
    });
    expect({ exitCode: result.exitCode, outcome: result.report.outcome }).toEqual({ exitCode, outcome });
    expect(identities(place.target)).toEqual([]);
  });

  it('refuses a bundle with a file that the include list does not allow (TA-13)', async () => {
    await using server = await serveBundle();
    const { exitCode, report } = await run(server.url, { ASSETS_INCLUDE: '["config.yaml"]' });
    expect({ exitCode, outcome: report.outcome }).toEqual({ exitCode: 65, outcome: 'refused' });
    expect(listing(place.target)).toEqual({});
  });

  it('ends with 73 when it cannot write its volume', async () => {
    await using server = await serveBundle();
    rmSync(place.target, { recursive: true });
    const { exitCode, report } = await run(server.url);
    expect({ exitCode, outcome: report.outcome }).toEqual({ exitCode: 73, outcome: 'failed' });
  });

  it('holds back an agent that restarts too quickly, and says so', async () => {
    await using server = await serveBundle();
    expect((await start(server.url)).exitCode).toBe(0);
    nowMs += 500;
    const held = await start(server.url);
    expect({ exitCode: held.exitCode, reason: held.report.reason }).toEqual({
      exitCode: 75,
      reason: 'Back-off: the agent restarted 1 times in quick succession; not before 1 s',
    });
    nowMs += 500;
    expect((await start(server.url)).exitCode).toBe(0);
    nowMs += 1_999;
    expect((await start(server.url)).exitCode).toBe(75);
    nowMs += 1;
    expect((await start(server.url)).exitCode).toBe(0);
  });

  it('lets the agent start although the report could not be sent', async () => {
    await using server = await serve((request, response) =>
      request.method === 'GET' ? response.end(BUNDLE.bytes) : response.writeHead(500).end(),
    );
    expect((await run(server.url)).exitCode).toBe(0);
    expect(lines).toContainEqual('Cannot send the report: Cannot send report: the asset server answered 500');
  });

  it('leaves nothing behind on the volume but its copy of the bundle and its inventory', async () => {
    await using server = await serveBundle();
    await run(server.url);
    const own = identities(join(place.target, '.molecule')).map((line) => line.split(' ')[0]);
    expect(own).toEqual(['bundle', 'manifest.json']);
    expect(lstatSync(join(place.target, '.molecule/bundle')).mode & 0o777).toBe(0o644);
  });
});
