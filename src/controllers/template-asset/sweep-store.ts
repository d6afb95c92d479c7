import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import type { AssetStore } from '../../assets/store/asset-store.ts';
import type { Clock } from '../../platform/clock.ts';
import { coerceError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import type { Store } from '../../runtime/store.ts';

export interface SweepOptions {
  readonly store: AssetStore;
  readonly templateAssets: Pick<Store<TemplateAsset>, 'list' | 'synced'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How long the store may take for published what is so no more, and refuse a download for the lack of its room. */
const PERIOD_MS = 60_000;

/**
 * Keeps the asset store from growing: what no TemplateAsset publishes goes, after its grace time. First once every
 * TemplateAsset is known, then every minute, until aborted. Never fails: a disk that is not swept is no reason to stop.
 */
export async function sweepStore(
  { store, templateAssets, clock, log }: SweepOptions,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([templateAssets.synced, stopped]);
  while (!signal.aborted) {
    try {
      await store.sweep(publishedDigests(templateAssets.list()));
    } catch (error) {
      log.warn({ reason: coerceError(error).message }, 'Cannot sweep the asset store');
    }
    // Only the signal ends the sleep early, and the loop with it.
    await clock.sleep(PERIOD_MS, signal).catch(() => undefined);
  }
}

function publishedDigests(assets: Iterable<TemplateAsset>): ReadonlySet<string> {
  return new Set([...assets].flatMap(({ status }) => (status?.artifact === undefined ? [] : [status.artifact.digest])));
}
