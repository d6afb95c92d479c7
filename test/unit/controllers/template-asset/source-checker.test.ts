import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../../src/apis/v1alpha1/names.ts';
import type { TemplateAsset } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { ArchiveError } from '../../../../src/assets/archive/archive-error.ts';
import { FetchError } from '../../../../src/assets/fetch/forge.ts';
import { ApiError, TransportError } from '../../../../src/kube/errors.ts';
import { DIGEST, meta, NAMESPACE, REVISION, templateAsset, templateSource, uidOf } from '../../../builders/objects.ts';
import { encoded, SECRET, setUp, type World, withToken } from './world.ts';

const unreachable = () => Promise.reject(new FetchError('Unreachable', 'No answer'));

function named(name: string): TemplateAsset {
  const base = templateAsset(name);
  return { ...base, spec: { ...base.spec, source: templateSource('shared') } };
}

function changed(change: Partial<ReturnType<typeof meta>> & { readonly annotations?: Record<string, string> }) {
  return templateAsset('claude', { metadata: { ...meta('claude', uidOf('template-claude')), ...change } });
}

const requested = (value: string) => changed({ annotations: { [ANNOTATIONS.requestedAt]: value } });

describe('SourceChecker', () => {
  it('looks once per interval, whatever wakes its controller', async () => {
    const { check, calls, wait } = setUp();
    expect(await check(templateAsset('claude'))).toMatchObject({
      kind: 'stored',
      artifact: { revision: REVISION, digest: DIGEST },
      nextCheckMs: 300_000,
    });
    wait(299_999);
    expect(await check(templateAsset('claude'))).toMatchObject({ kind: 'stored', nextCheckMs: 1 });
    expect([calls.resolved, calls.stored.length]).toEqual([1, 1]);
    wait(1);
    await check(templateAsset('claude'));
    expect([calls.resolved, calls.stored.length]).toEqual([2, 2]);
  });

  it('asks the forge once per interval for all TemplateAssets with one source', async () => {
    const { check, calls, wait } = setUp();
    const all = Array.from({ length: 50 }, (_, index) => named(`template-${index}`));
    for (let interval = 1; interval <= 3; interval++) {
      await Promise.all(all.map((asset) => check(asset)));
      for (const asset of all) await check(asset);
      expect(calls.resolved).toBe(interval);
      wait(300_000);
    }
  });

  it('asks the forge anew for a new TemplateAsset, but not for each of many that are made at once', async () => {
    const { check, calls, wait } = setUp();
    for (const name of ['one', 'two', 'three']) await check(named(name));
    expect(calls.resolved).toBe(1);
    wait(2_000);
    await check(named('four'));
    expect(calls.resolved).toBe(2);
    wait(2_000);
    await check({ ...named('known since before the start'), status: { observedGeneration: 1 } });
    expect(calls.resolved).toBe(2);
  });

  it('asks the forge nothing about a pinned commit', async () => {
    const { check, calls, wait } = setUp();
    const base = templateAsset('claude');
    const pinned = { ...base, spec: { ...base.spec, source: { ...templateSource('claude'), ref: REVISION } } };
    for (let interval = 0; interval < 3; interval++) {
      expect(await check(pinned)).toMatchObject({ kind: 'stored', artifact: { revision: REVISION } });
      wait(300_000);
    }
    expect(calls.resolved).toBe(0);
  });

  it.each([
    ['another generation', { generation: 2 }],
    ['another uid', { uid: uidOf('another') }],
  ])('looks at once for %s', async (_name, change) => {
    const { check, calls } = setUp();
    await check(templateAsset('claude'));
    await check(changed(change));
    expect(calls.stored).toHaveLength(2);
  });

  it('asks the forge at once when a look is requested, once for each request', async () => {
    const { check, calls } = setUp();
    await check(templateAsset('claude'));
    for (const value of ['one', 'one', 'two', 'two']) await check(requested(value));
    expect(calls.resolved).toBe(3);
  });

  it('does not take a request that was answered before a restart for a new one', async () => {
    const { check, calls } = setUp();
    await check(named('other'));
    const answered = requested('one');
    await check({
      ...answered,
      spec: { ...answered.spec, source: templateSource('shared') },
      status: { observedGeneration: 1, lastHandledReconcileAt: 'one' },
    });
    expect(calls.resolved).toBe(1);
  });

  it('gets the files again at once when the store lost them, without asking for the ref', async () => {
    const { check, calls, world } = setUp();
    await check(templateAsset('claude'));
    world.onDisk.clear();
    expect(await check(templateAsset('claude'))).toMatchObject({ kind: 'stored' });
    expect([calls.resolved, calls.stored.length]).toEqual([1, 2]);
  });

  it('reads the token by name and hands it to forge and store, trimmed', async () => {
    const { check, calls } = setUp({ secret: encoded('s3cret\n') });
    await check(withToken());
    expect(calls.secrets).toEqual([{ namespace: NAMESPACE, name: 'forge-token' }]);
    expect(calls.stored[0]?.credential?.authorize(new URL('https://git.example.com'), 'token')).toBe('token s3cret');
  });

  it('reads no Secret for an anonymous source', async () => {
    const { check, calls } = setUp();
    await check(templateAsset('claude'));
    expect([calls.secrets, calls.stored[0]?.credential]).toEqual([[], undefined]);
  });
});

describe('a failure', () => {
  it.each<[string, Partial<World>, string]>([
    [
      'a Secret that does not exist',
      { secret: new ApiError('not found', { code: 404, reason: 'NotFound' }) },
      'SecretNotFound',
    ],
    [
      'a Secret that may not be read',
      { secret: new ApiError('forbidden', { code: 403, reason: 'Forbidden' }) },
      'SecretNotRead',
    ],
    ['a Secret without the key', { secret: { ...SECRET, data: {} } }, 'SecretKeyMissing'],
    ['a Secret whose value is blank', { secret: encoded('  \n') }, 'SecretKeyMissing'],
    ['a Secret without hosts', { secret: encoded('s3cret', '') }, 'SecretNotBound'],
    ['a Secret with no host in its list', { secret: encoded('s3cret', ' , ') }, 'SecretNotBound'],
    ['a Secret whose hosts are none', { secret: encoded('s3cret', 'https://git.example.com') }, 'SecretNotBound'],
    ['a Secret for another host', { secret: encoded('s3cret', 'git.example.org') }, 'HostNotAllowed'],
    ['a Secret for another port', { secret: encoded('s3cret', 'git.example.com:3000') }, 'HostNotAllowed'],
    ['a Secret with two lines', { secret: encoded('a\nb') }, 'SecretInvalid'],
    ['a Secret with a header of its own', { secret: encoded('token s3cret') }, 'SecretInvalid'],
  ])('such as %s asks the forge nothing, never goes on without a token, and is data', async (_name, change, reason) => {
    const { check, calls } = setUp(change);
    expect(await check(withToken())).toMatchObject({ kind: 'failed', reason, isFinal: false, nextCheckMs: 15_000 });
    expect([calls.resolved, calls.stored]).toEqual([0, []]);
  });

  it('such as an address with a port that there is none of is the source’s', async () => {
    const { check, calls } = setUp({ secret: encoded('s3cret') });
    const source = { ...templateSource('claude'), baseURL: 'https://git.example.com:99999' };
    const base = templateAsset('claude');
    const asset = withToken({ ...base, spec: { ...base.spec, source } });
    expect(await check(asset)).toMatchObject({ kind: 'failed', reason: 'SourceInvalid' });
    expect([calls.resolved, calls.stored]).toEqual([0, []]);
  });

  it('of a full disk is data, and the log has what status may not show', async () => {
    const full = Object.assign(new Error('ENOSPC: /var/store'), { code: 'ENOSPC', syscall: 'write' });
    const { check, lines } = setUp({ ensure: () => Promise.reject(full) });
    const attempt = await check(templateAsset('claude'));
    expect(attempt).toMatchObject({ kind: 'failed', reason: 'StoreFailed', revision: REVISION });
    expect(JSON.stringify(attempt)).not.toContain('/var/store');
    expect(lines.join('')).toContain('/var/store');
  });

  it.each([
    ['resolving', { resolve: () => Promise.reject(new TypeError('x is not a function')) }],
    ['storing', { ensure: () => Promise.reject(new TypeError('x is not a function')) }],
  ])('of our own while %s does not pass for one of the network, and its cause is in the log', async (_when, change) => {
    const { check, lines } = setUp(change);
    expect(await check(templateAsset('claude'))).toMatchObject({ kind: 'failed', reason: 'InternalError' });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 50, templateAsset: `${NAMESPACE}/claude`, err: { type: 'TypeError', message: 'x is not a function' } },
    ]);
  });

  it('of the apiserver is none of the source: the pass fails and comes again', async () => {
    for (const secret of [new TransportError('no answer'), new ApiError('overload', { code: 429 })]) {
      await expect(setUp({ secret }).check(withToken())).rejects.toBe(secret);
    }
  });

  it('is looked at again ever more rarely, while a Secret that may end it is read every 15 s', async () => {
    const { check, calls, wait, world } = setUp({ secret: encoded('old'), resolve: unreachable });
    for (let seconds = 0; seconds < 300; seconds += 15) {
      expect(await check(withToken())).toMatchObject({ reason: 'FetchFailed' });
      wait(15_000);
    }
    expect([calls.resolved, calls.secrets.length]).toEqual([5, 20]);
    world.secret = encoded('new');
    await check(withToken());
    expect(calls.resolved).toBe(6);
  });

  it('of a download is tried again after a back-off, and the ref is not asked for again', async () => {
    const { check, calls, wait } = setUp({ ensure: unreachable });
    const waits: number[] = [];
    for (let failures = 0; failures < 4; failures++) {
      const { nextCheckMs } = await check(templateAsset('claude'));
      waits.push(nextCheckMs);
      wait(nextCheckMs);
    }
    expect(waits).toEqual([7_500, 15_000, 30_000, 60_000]);
    expect([calls.resolved, calls.stored.length]).toEqual([1, 4]);
  });

  it('of a revision that was refused is not tried again before the ref is looked at', async () => {
    const refused = new ArchiveError('PathTraversal', { message: 'it has an unsafe path' });
    const { check } = setUp({ ensure: () => Promise.reject(refused) });
    expect(await check(templateAsset('claude'))).toMatchObject({
      reason: 'ArchiveRefused',
      revision: REVISION,
      nextCheckMs: 300_000,
    });
  });

  it('is nothing that happens because the pass was aborted', async () => {
    const stop = new AbortController();
    const { check, lines } = setUp({
      resolve: async () => {
        stop.abort(new Error('shutting down'));
        throw stop.signal.reason;
      },
    });
    await expect(check(templateAsset('claude'), stop.signal)).rejects.toThrow('shutting down');
    expect(lines).toEqual([]);
  });
});
