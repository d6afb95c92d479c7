import { describe, expect, it } from 'vitest';
import type { AssetStore } from '../../../../src/assets/store/asset-store.ts';
import { sweepStore } from '../../../../src/controllers/template-asset/sweep-store.ts';
import { createLogger } from '../../../../src/platform/log.ts';
import { DIGEST, storedTemplate, templateAsset } from '../../../builders/objects.ts';
import { VirtualClock } from '../../runtime/virtual-clock.ts';

function setUp(sweep: (inUse: ReadonlySet<string>) => Promise<void>) {
  const clock = new VirtualClock();
  const synced = Promise.withResolvers<void>();
  const stop = new AbortController();
  const lines: string[] = [];
  const running = sweepStore(
    {
      store: { sweep } as AssetStore,
      templateAssets: {
        synced: synced.promise,
        list: () => [storedTemplate('a'), storedTemplate('b'), templateAsset('c')],
      },
      clock,
      log: createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } }),
    },
    stop.signal,
  );
  return { clock, synced, stop, lines, running };
}

describe('sweepStore()', () => {
  it('sweeps nothing before every TemplateAsset is known, then at once and every minute', async () => {
    const swept: ReadonlySet<string>[] = [];
    const { clock, synced, stop, running } = setUp(async (inUse) => void swept.push(inUse));
    await clock.advance(600_000);
    expect(swept).toEqual([]);
    synced.resolve();
    await clock.advance(0);
    expect(swept).toEqual([new Set([DIGEST])]);
    await clock.advance(59_999);
    expect(swept).toHaveLength(1);
    await clock.advance(1);
    expect(swept).toHaveLength(2);
    stop.abort();
    await running;
  });

  it('goes on after a failure, which it logs', async () => {
    let calls = 0;
    const { clock, synced, stop, running, lines } = setUp(async () => {
      calls += 1;
      throw new Error('EIO');
    });
    synced.resolve();
    await clock.advance(60_000);
    expect(calls).toBe(2);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ reason: 'EIO' }, { reason: 'EIO' }]);
    stop.abort();
    await running;
  });

  it('ends when it is aborted before anything is known', async () => {
    const { stop, running } = setUp(async () => expect.unreachable());
    stop.abort();
    await running;
  });
});
