import { Registry } from '@prometheus-io/client';
import { FetchError, type ForgeClient } from '../../../src/assets/fetch/forge.ts';
import type { AssetStore } from '../../../src/assets/store/asset-store.ts';
import { declareControllers } from '../../../src/controllers/declare-controllers.ts';
import { HttpKubeClient } from '../../../src/kube/http-client.ts';
import type { Resource } from '../../../src/kube/objects.ts';
import { Transport } from '../../../src/kube/transport.ts';
import type { Ledger } from '../../../src/ledger/port.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { Manager, type WatchSpec } from '../../../src/runtime/manager.ts';
import { createRuntimeMetrics } from '../../../src/runtime/metrics.ts';
import type { Store, Stored } from '../../../src/runtime/store.ts';
import { CLEAR } from '../../builders/approval-request.ts';
import type { HttpServer } from '../../memory-api/http-server.ts';
import { Freezer } from './freezer.ts';

/** One watched kind of an operator, and what it knows of it. */
export interface KnownKind {
  readonly resource: Resource;
  readonly select: WatchSpec<Stored>['select'];
  readonly store: Pick<Store<Stored>, 'list'>;
}

/** The real controllers over the real client, in this process. Nothing of it is faked but the forge, the ledger and the guard. */
export interface TestOperator {
  readonly kinds: readonly KnownKind[];
  readonly freezer: Freezer;
  readonly isHealthy: boolean;
  /** The sum of a metric over all label values that match. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** Resolves once everything has ended; time may have to pass for that. */
  stop(): Promise<void>;
}

/** Remembers which store shows which kind. */
class ObservedManager extends Manager {
  readonly kinds: KnownKind[] = [];

  override store<T extends Stored>(spec: WatchSpec<T>): Store<T> {
    const store = super.store(spec);
    this.kinds.push({ resource: spec.resource, select: spec.select, store });
    return store;
  }
}

export function startOperator(options: {
  readonly server: HttpServer;
  readonly user: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly ledger: Ledger;
}): TestOperator {
  const { server, user, random, ledger } = options;
  const freezer = new Freezer();
  const clock = freezer.clockOf(options.clock);
  const registry = new Registry();
  const metrics = createRuntimeMetrics(registry);
  const transport = new Transport({
    credentials: server.credentialsOf(user),
    clock,
    userAgent: user,
    onResponse: (method, code) => metrics.requests.inc({ method, code: String(code) }),
    onConnection: () => metrics.connections.inc(),
  });
  const http = new HttpKubeClient(transport, { clock, random });
  const client = freezer.clientOf(http);
  const manager = new ObservedManager({
    client,
    clock,
    random,
    metrics,
    log: createLogger({ name: user, level: 'silent' }),
    intents: ledger,
    events: { emit: () => undefined },
    claims: { submit: () => undefined },
  });
  declareControllers(manager, {
    client,
    clock,
    random,
    log: createLogger({ name: user, level: 'silent' }),
    forge: NO_FORGE,
    assets: NO_ASSETS,
    settings: {
      programImage: 'example.invalid/molecule-operator:1',
      materializeCommand: ['materialize'],
      assetServerURL: 'http://127.0.0.1:1',
      assetServerPort: 1,
      tierSizes: new Map(),
    },
    holderOf: () => undefined,
    clearance: { current: () => CLEAR, onChange: () => undefined },
    ledger,
    workers: 4,
  });
  const stop = new AbortController();
  const kill = new AbortController();
  const running = manager.run({ stop: stop.signal, kill: kill.signal });
  return {
    kinds: manager.kinds,
    freezer,
    get isHealthy() {
      return manager.watches.every(({ hasSynced, isFailing }) => hasSynced && !isFailing);
    },
    metric: async (name, labels = {}) => {
      const { values = [] } = (await registry.getSingleMetric(name.replace(/_sum$/, ''))?.get()) ?? {};
      const matching = values.filter(
        (value) =>
          (Reflect.get(value, 'metricName') ?? name) === name &&
          Object.entries(labels).every(([label, wanted]) => String(Reflect.get(value.labels, label)) === wanted),
      );
      return matching.reduce((sum, { value }) => sum + value, 0);
    },
    stop: async () => {
      freezer.thaw();
      stop.abort(new Error('The run is over'));
      kill.abort(new Error('The run is over'));
      await running;
      http.close();
    },
  };
}

async function offline(): Promise<never> {
  throw new FetchError('Unreachable', 'There is no forge here');
}
const NO_FORGE: ForgeClient = { resolve: offline, download: offline, readCommit: offline, readTree: offline };
const NO_ASSETS: AssetStore = {
  ensure: offline,
  open: async () => undefined,
  has: async () => false,
  sweep: async () => undefined,
};
