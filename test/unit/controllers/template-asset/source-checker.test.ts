import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../../src/apis/v1alpha1/names.ts';
import type { TemplateAsset } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { ArchiveError } from '../../../../src/assets/archive/archive-error.ts';
import { FetchError } from '../../../../src/assets/fetch/forge.ts';
import type { AssetRequest } from '../../../../src/assets/store/asset-store.ts';
import { SourceChecker, type SourceCheckerOptions } from '../../../../src/controllers/template-asset/source-checker.ts';
import { ApiError } from '../../../../src/kube/errors.ts';
import { DIGEST, meta, NAMESPACE, REVISION, templateAsset, uidOf } from '../../../builders/objects.ts';

const { signal } = new AbortController();
const SECRET = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'forge-token' } };

interface World {
  readonly secret?: object | Error;
  readonly resolve?: () => Promise<string>;
  readonly ensure?: (request: AssetRequest) => Promise<never>;
}

function setUp(world: World = {}) {
  let nowMs = 0;
  const asked: unknown[] = [];
  const stored: AssetRequest[] = [];
  const options = {
    client: {
      get: async (_resource: unknown, key: unknown) => {
        asked.push(key);
        if (world.secret instanceof Error) throw world.secret;
        return world.secret;
      },
    },
    forge: { resolve: world.resolve ?? (async () => REVISION) },
    store: {
      ensure: async (request: AssetRequest) => {
        stored.push(request);
        await world.ensure?.(request);
        return { commit: REVISION, digest: DIGEST, sizeBytes: 10, files: 2, isCached: false };
      },
    },
    now: () => nowMs,
  } as unknown as SourceCheckerOptions;
  const checker = new SourceChecker(options);
  return {
    check: (asset: TemplateAsset) => checker.check(asset, signal),
    asked,
    stored,
    wait: (ms: number) => {
      nowMs += ms;
    },
  };
}

function withToken(): TemplateAsset {
  const base = templateAsset('claude');
  return { ...base, spec: { ...base.spec, auth: 'token', secretRef: { name: 'forge-token', key: 'token' } } };
}

const encoded = (value: string) => ({ ...SECRET, data: { token: Buffer.from(value).toString('base64') } });

describe('SourceChecker', () => {
  it('looks once per interval, whatever wakes its controller', async () => {
    const { check, stored, wait } = setUp();
    expect(await check(templateAsset('claude'))).toMatchObject({
      kind: 'stored',
      artifact: { revision: REVISION, digest: DIGEST },
      nextCheckMs: 300_000,
    });
    wait(299_999);
    expect(await check(templateAsset('claude'))).toMatchObject({ kind: 'stored', nextCheckMs: 1 });
    expect(stored).toHaveLength(1);
    wait(1);
    await check(templateAsset('claude'));
    expect(stored).toHaveLength(2);
  });

  it.each([
    ['another generation', { generation: 2 }],
    ['another uid', { uid: uidOf('another') }],
    ['a new requestedAt', { annotations: { [ANNOTATIONS.requestedAt]: 'now' } }],
  ])('looks at once for %s', async (_name, change) => {
    const { check, stored } = setUp();
    await check(templateAsset('claude'));
    await check(templateAsset('claude', { metadata: { ...meta('claude', uidOf('template-claude')), ...change } }));
    expect(stored).toHaveLength(2);
  });

  it('reads the token by name and hands it to forge and store, trimmed', async () => {
    const { check, asked, stored } = setUp({ secret: encoded('s3cret\n') });
    await check(withToken());
    expect(asked).toEqual([{ namespace: NAMESPACE, name: 'forge-token' }]);
    expect(stored[0]?.token).toBe('s3cret');
  });

  it('reads no Secret for an anonymous source', async () => {
    const { check, asked, stored } = setUp();
    await check(templateAsset('claude'));
    expect([asked, stored[0]?.token]).toEqual([[], undefined]);
  });

  it.each([
    [
      'a Secret that does not exist',
      { secret: new ApiError('not found', { code: 404, reason: 'NotFound' }) },
      'SecretNotFound',
    ],
    ['a Secret without the key', { secret: { ...SECRET, data: {} } }, 'SecretKeyMissing'],
    ['a Secret whose value is blank', { secret: encoded('  \n') }, 'SecretKeyMissing'],
    [
      'a refused token',
      {
        secret: encoded('t'),
        resolve: () => Promise.reject(new FetchError('Unauthorized', 'The forge refused the token')),
      },
      'Unauthorized',
    ],
    [
      'a ref that is not there',
      { secret: encoded('t'), resolve: () => Promise.reject(new FetchError('NotFound', 'No such ref')) },
      'RefNotFound',
    ],
    [
      'a forge that does not answer',
      { secret: encoded('t'), resolve: () => Promise.reject(new FetchError('Unreachable', 'No answer')) },
      'FetchFailed',
    ],
    [
      'a hostile archive',
      {
        secret: encoded('t'),
        ensure: () => Promise.reject(new ArchiveError('LinkRefused' as never, { message: 'a link' })),
      },
      'ArchiveRefused',
    ],
    [
      'a full disk',
      { secret: encoded('t'), ensure: () => Promise.reject(new Error('ENOSPC: /var/store')) },
      'StoreFailed',
    ],
  ] as const)('turns %s into data', async (_name, world, reason) => {
    const attempt = await setUp(world as World).check(withToken());
    expect(attempt).toMatchObject({ kind: 'failed', reason });
    expect(JSON.stringify(attempt)).not.toContain('/var/store');
  });

  it('names the commit that failed, once the ref was resolved', async () => {
    const attempt = await setUp({ ensure: () => Promise.reject(new Error('x')) }).check(templateAsset('claude'));
    expect(attempt).toMatchObject({ kind: 'failed', revision: REVISION });
  });

  it('looks again sooner after a failure', async () => {
    const { check, stored, wait } = setUp({ ensure: () => Promise.reject(new Error('x')) });
    await check(templateAsset('claude'));
    wait(15_000);
    await check(templateAsset('claude'));
    expect(stored).toHaveLength(2);
  });
});
