import { beforeEach, describe, expect, it } from 'vitest';
import { EchoGuard } from '../../../src/runtime/echo-guard.ts';
import { Store, type Stored } from '../../../src/runtime/store.ts';
import { CONFIG_MAPS, PODS, WIDGETS } from './fake-client.ts';
import { VirtualClock } from './virtual-clock.ts';

let clock: VirtualClock;
let pods: Store<Stored>;
let configMaps: Store<never>;
let released: string[];
let expired: string[];
let guard: EchoGuard;

beforeEach(() => {
  clock = new VirtualClock();
  pods = new Store();
  configMaps = new Store();
  released = [];
  expired = [];
  guard = new EchoGuard({
    clock,
    storesOf: ({ kind }) => (kind === 'Pod' ? [pods] : kind === 'ConfigMap' ? [configMaps] : []),
    onRelease: (key) => released.push(key),
    onTimeout: (key) => expired.push(key),
  });
});

describe('the echo guard', () => {
  it('holds a key until every store has seen what was written, then releases it once', () => {
    guard.expect('a', [
      { resource: PODS, resourceVersion: '10' },
      { resource: CONFIG_MAPS, resourceVersion: '11' },
    ]);
    expect(guard.holds('a')).toBe(true);
    expect(guard.holds('b')).toBe(false);
    pods.advance('10');
    expect(guard.holds('a')).toBe(true);
    expect(released).toEqual([]);
    configMaps.advance('11');
    expect(released).toEqual(['a']);
    expect(guard.holds('a')).toBe(false);
    expect(clock.timers).toBe(0);
  });

  it('does not wake a key that nobody asked for', () => {
    guard.expect('a', [{ resource: PODS, resourceVersion: '10' }]);
    pods.advance('10');
    expect(released).toEqual([]);
    expect(guard.holds('a')).toBe(false);
  });

  it('does not hold for kinds that nobody watches and versions that were seen before the answer', () => {
    pods.advance('10');
    guard.expect('a', [
      { resource: WIDGETS, resourceVersion: '99' },
      { resource: PODS, resourceVersion: '10' },
    ]);
    expect(guard.holds('a')).toBe(false);
    expect(clock.timers).toBe(0);
  });

  it('holds a key until an object that its pass has ended is gone', () => {
    const key = { namespace: 'ns', name: 'w' };
    const object = { metadata: { ...key, uid: 'uid-w', resourceVersion: '9' } };
    pods.put(object);
    guard.expect('a', [{ resource: PODS, gone: key, uid: 'uid-w' }]);
    pods.advance('20');
    expect(guard.holds('a')).toBe(true);
    pods.remove(object);
    expect(released).toEqual(['a']);
    guard.expect('b', [{ resource: PODS, gone: key, uid: 'uid-w' }]);
    expect(guard.holds('b')).toBe(false);
  });

  it('gives up after five seconds, because a store that stays behind must not stop healing', async () => {
    guard.expect('a', [{ resource: PODS, resourceVersion: '10' }]);
    guard.holds('a');
    await clock.advance(4_999);
    expect({ released, expired }).toEqual({ released: [], expired: [] });
    await clock.advance(1);
    expect({ released, expired }).toEqual({ released: ['a'], expired: ['a'] });
    pods.advance('10');
    expect(released).toEqual(['a']);
  });

  it('releases nothing after it was closed', async () => {
    guard.expect('a', [{ resource: PODS, resourceVersion: '10' }]);
    guard.holds('a');
    guard.close();
    pods.advance('10');
    await clock.advance(10_000);
    expect({ released, expired, timers: clock.timers }).toEqual({ released: [], expired: [], timers: 0 });
  });
});
