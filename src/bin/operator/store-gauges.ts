import { Gauge, type Registry } from '@prometheus-io/client';
import type { Condition } from '../../apis/v1alpha1/types.generated.ts';
import type { Stores } from '../../controllers/stores.ts';

/** Gauges of what the stores hold, counted when they are read. */
export function registerStoreGauges(
  registry: Registry,
  stores: Pick<Stores, 'orgs' | 'workspaces' | 'templateAssets'>,
): void {
  new Gauge({
    name: 'molecule_watched_objects',
    help: 'Objects in memory by kind',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      for (const [kind, { size }] of Object.entries(stores)) this.set({ kind }, size);
    },
  });
  const declared = { Org: stores.orgs, Workspace: stores.workspaces, TemplateAsset: stores.templateAssets };
  new Gauge({
    name: 'molecule_objects',
    help: 'Objects of our kinds by the status of their condition Ready',
    labelNames: ['kind', 'ready'],
    registers: [registry],
    collect() {
      for (const [kind, store] of Object.entries(declared)) {
        const counts = { True: 0, False: 0, Unknown: 0 };
        for (const { status } of store.list()) counts[readyOf(status?.conditions)] += 1;
        for (const [ready, count] of Object.entries(counts)) this.set({ kind, ready }, count);
      }
    },
  });
}

function readyOf(conditions: readonly Condition[] = []): Condition['status'] {
  return conditions.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
}
