import type { KubeClient } from '../../kube/client.ts';
import { faultOf, isDeaf, type WatchState } from '../../runtime/watch-health.ts';

/** One line of /healthz or /readyz. */
export interface Check {
  readonly name: string;
  /** What is wrong; undefined when nothing is. */
  run(): Promise<string | undefined> | string | undefined;
}

/** Within what a probe waits for. */
const DIRECT_CALL_TIMEOUT_MS = 3_000;

/** Ready: every store is in step with the apiserver and no stop was asked for. A standby is ready too. */
export function readinessChecks(watches: readonly WatchState[], stop: AbortSignal): readonly Check[] {
  return [
    { name: 'shutdown', run: () => (stop.aborted ? 'stopping' : undefined) },
    ...watches.map((watch) => ({ name: nameOf(watch), run: () => faultOf(watch) })),
  ];
}

/**
 * Alive, unless a watch has been silent for minutes while the apiserver answers a direct call for the very same objects:
 * then a restart helps. It never does against an apiserver or a ledger that is down, so these fail nothing here.
 */
export function livenessChecks(watches: readonly WatchState[], client: Pick<KubeClient, 'list'>): readonly Check[] {
  return [
    { name: 'ping', run: () => undefined },
    ...watches.map((watch) => ({
      name: nameOf(watch),
      run: async () => {
        if (!isDeaf(watch) || !(await isAnswered(watch, client))) return undefined;
        return `silent for ${Math.round(watch.silentMs / 1000)} s although the apiserver answers`;
      },
    })),
  ];
}

function nameOf({ resource }: WatchState): string {
  return `watch-${resource.plural}`;
}

async function isAnswered({ resource, select }: WatchState, client: Pick<KubeClient, 'list'>): Promise<boolean> {
  const signal = AbortSignal.timeout(DIRECT_CALL_TIMEOUT_MS);
  return client.list(resource, { ...select, limit: 1, signal }).then(
    () => true,
    () => false,
  );
}
