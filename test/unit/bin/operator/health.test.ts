import { Registry } from '@prometheus-io/client';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { livenessChecks, readinessChecks } from '../../../../src/bin/operator/health-checks.ts';
import { createHealthServer } from '../../../../src/bin/operator/health-server.ts';
import { ApiError } from '../../../../src/kube/errors.ts';
import type { WatchState } from '../../../../src/runtime/watch-health.ts';
import { PODS, WIDGETS } from '../../runtime/fake-client.ts';

const MINUTE_MS = 60_000;
const SOUND: WatchState = { resource: WIDGETS, select: {}, hasSynced: true, isFailing: false, silentMs: 0 };
const SECRETIVE: WatchState = { ...SOUND, resource: PODS, select: { namespace: 'ns', labelSelector: 'a=b' } };

let watches: readonly WatchState[];
let stop: AbortController;
/** What a direct call is answered with, and what was asked. */
let answer: () => Promise<never[]>;
let asked: unknown[];
let measured: number;
let app: FastifyInstance;

beforeEach(() => {
  watches = [SOUND, SECRETIVE];
  stop = new AbortController();
  answer = async () => [];
  asked = [];
  measured = 0;
  const list = async (resource: unknown, { signal: _signal, ...options }: { readonly signal: AbortSignal }) => {
    asked.push([resource, options]);
    return { items: await answer(), resourceVersion: '1' };
  };
  app = createHealthServer({
    registry: new Registry(),
    measure: () => {
      measured += 1;
    },
    liveness: () => livenessChecks(watches, { list }),
    readiness: () => readinessChecks(watches, stop.signal),
  });
});
afterEach(() => app.close());

async function get(url: string): Promise<readonly [number, string]> {
  const { statusCode, body } = await app.inject({ url });
  return [statusCode, body];
}

describe('/readyz', () => {
  it('is ok in one word, and lists its checks when asked to', async () => {
    expect(await get('/readyz')).toEqual([200, 'ok\n']);
    expect(await get('/readyz?verbose')).toEqual([
      200,
      '[+]shutdown ok\n[+]watch-widgets ok\n[+]watch-pods ok\nreadyz check passed\n',
    ]);
  });

  it.each([
    ['it has not synced', { hasSynced: false }],
    ['the last attempts to watch failed', { isFailing: true }],
    ['silent for 151 s', { silentMs: 151_000 }],
  ])('fails while of a watch is true: %s', async (fault, state) => {
    watches = [{ ...SOUND, ...state }, SECRETIVE];
    expect(await get('/readyz')).toEqual([
      503,
      `[+]shutdown ok\n[-]watch-widgets failed: ${fault}\n[+]watch-pods ok\nreadyz check failed\n`,
    ]);
  });

  it('fails from the moment a stop was asked for', async () => {
    stop.abort();
    expect(await get('/readyz')).toMatchObject([503, expect.stringContaining('[-]shutdown failed: stopping\n')]);
  });
});

describe('/healthz', () => {
  it('is ok whatever is not in step with the apiserver, and asks nothing', async () => {
    watches = [
      { ...SOUND, hasSynced: false, isFailing: true, silentMs: 5 * MINUTE_MS },
      { ...SECRETIVE, silentMs: 3 * MINUTE_MS },
    ];
    stop.abort();
    expect(await get('/healthz')).toEqual([200, 'ok\n']);
    expect(asked).toEqual([]);
  });

  it('fails when a watch is deaf while the apiserver answers for the very same objects', async () => {
    watches = [SOUND, { ...SECRETIVE, silentMs: 6 * MINUTE_MS }];
    expect(await get('/healthz')).toEqual([
      503,
      '[+]ping ok\n[+]watch-widgets ok\n[-]watch-pods failed: silent for 360 s although the apiserver answers\nhealthz check failed\n',
    ]);
    expect(asked).toEqual([[PODS, { namespace: 'ns', labelSelector: 'a=b', limit: 1 }]]);
  });

  it('is ok when the apiserver is down, however long: a restart would not help', async () => {
    watches = [{ ...SOUND, silentMs: 600 * MINUTE_MS }];
    answer = async () => {
      throw new ApiError('etcd is gone', { code: 503 });
    };
    expect(await get('/healthz?verbose')).toEqual([200, '[+]ping ok\n[+]watch-widgets ok\nhealthz check passed\n']);
  });
});

it('/metrics are measured anew for each reading', async () => {
  expect(await get('/metrics')).toMatchObject([200, expect.any(String)]);
  expect(measured).toBe(1);
});
