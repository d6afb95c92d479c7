import type { KubeClient, WatchOptions } from '../kube/client.ts';
import { type KubeObject, keyString, type ObjectKey, type Resource } from '../kube/objects.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import type { Controller } from './controller.ts';
import type { VersionSource } from './echo-guard.ts';
import { Executor, type ExecutorOptions } from './executor.ts';
import { ALONE, type Leadership } from './leader-election.ts';
import type { RuntimeMetrics } from './metrics.ts';
import { Queue } from './queue.ts';
import { Reflector } from './reflector.ts';
import { Runner } from './runner.ts';
import { type Indexes, Store, type Stored } from './store.ts';
import type { WatchState } from './watch-health.ts';

export interface ManagerOptions extends ExecutorOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
  /** @default nobody else runs */
  readonly leadership?: Leadership;
}

export interface WatchSpec<T extends Stored> {
  readonly resource: Resource;
  readonly project: (object: KubeObject) => T;
  readonly select?: Pick<WatchOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>;
  readonly indexes?: Indexes<T>;
}

/** Which keys of a controller a change concerns. Either side is missing when the object is new or gone. */
export type KeysOf<T> = (before: T | undefined, after: T | undefined) => Iterable<ObjectKey>;

export interface ControllerSpec<Snapshot> {
  readonly controller: Controller<Snapshot>;
  readonly concurrency: number;
  /** Passes of one key start at least this far apart. */
  readonly minIntervalMs?: number;
  /** Passes of one namespace at once, so that one tenant's slow ones leave workers to the others. @default `concurrency` */
  readonly perNamespace?: number;
}

/** A controller in a manager: its queue takes keys from any number of stores. */
export interface ControllerHandle {
  watch<T extends Stored>(store: Store<T>, keysOf: KeysOf<T>): void;
  /** For what no watch shows, such as a report that came in over HTTP. */
  enqueue(key: ObjectKey, options?: { readonly afterMs: number }): void;
}

/** A store and what fills it, without the type of its objects. */
interface WatchedKind {
  readonly resource: Resource;
  readonly synced: Promise<void>;
  readonly hasSynced: () => boolean;
  readonly versions: VersionSource;
  readonly state: () => WatchState;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Everything that runs in one operator: a store per kind, kept up to date, and the controllers that read them. */
export class Manager {
  readonly #options: ManagerOptions;
  readonly #executor: Executor;
  readonly #leadership: Leadership;
  readonly #madeMs: number;
  readonly #watched: WatchedKind[] = [];
  readonly #runners: {
    readonly name: string;
    readonly queue: Queue;
    readonly run: (signal: AbortSignal) => Promise<void>;
  }[] = [];

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#executor = new Executor(options);
    this.#leadership = options.leadership ?? ALONE;
    this.#madeMs = options.clock.monotonicMs();
  }

  /** Declares that a kind is watched. The store fills once the manager runs. */
  store<T extends Stored>(spec: WatchSpec<T>): Store<T> {
    const { resource, select = {} } = spec;
    const { clock } = this.#options;
    const store = new Store<T>(spec.indexes);
    const reflector = new Reflector<T>({ ...this.#options, ...spec, store });
    this.#watched.push({
      resource,
      synced: store.synced,
      hasSynced: () => store.hasSynced,
      versions: store,
      state: () => ({
        resource,
        select,
        hasSynced: store.hasSynced,
        isFailing: reflector.isFailing,
        silentMs: reflector.contactAgeMs ?? clock.monotonicMs() - this.#madeMs,
      }),
      run: (signal) => reflector.run(signal),
    });
    return store;
  }

  controller<Snapshot>(spec: ControllerSpec<Snapshot>): ControllerHandle {
    const { controller, concurrency, minIntervalMs = 0, perNamespace = concurrency } = spec;
    const { clock, random, log, metrics } = this.#options;
    const { name } = controller;
    const onTaken = (waitedMs: number): void => metrics.queueSeconds.observe({ name }, waitedMs / 1000);
    const queue = new Queue({ clock, random, minIntervalMs, perNamespace, onTaken });
    const storesOf = (resource: Resource): readonly VersionSource[] => this.#storesOf(resource);
    const runner = new Runner<Snapshot>({
      controller,
      queue,
      executor: this.#executor,
      concurrency,
      storesOf,
      isLeader: () => this.#leadership.isLeader(),
      clock,
      random,
      log,
      metrics,
    });
    this.#runners.push({ name, queue, run: (signal) => runner.run(signal) });
    const add = (key: ObjectKey, options?: { readonly afterMs: number }): void => {
      metrics.queueAdds.inc({ name });
      queue.add(keyString(key), { ...options, priority: this.hasSynced ? 'fresh' : 'backlog' });
    };
    return {
      watch: (store, keysOf) =>
        store.onChange((before, after) => {
          for (const key of keysOf(before, after)) add(key);
        }),
      enqueue: add,
    };
  }

  get hasSynced(): boolean {
    return this.#watched.every(({ hasSynced }) => hasSynced());
  }

  /** Every watch as it is now, for readiness and liveness. */
  get watches(): readonly WatchState[] {
    return this.#watched.map(({ state }) => state());
  }

  /** Brings the gauges of what is now up to date. To be called before each reading of the metrics. */
  measure(): void {
    const { metrics } = this.#options;
    for (const { name, queue } of this.#runners) {
      const runningMs = queue.runningMs;
      metrics.queueDepth.set({ name }, queue.depth);
      metrics.unfinishedWorkSeconds.set({ name }, runningMs.reduce((sum, ms) => sum + ms, 0) / 1000);
      metrics.longestWorkSeconds.set({ name }, Math.max(0, ...runningMs) / 1000);
    }
    for (const { resource, silentMs } of this.watches)
      metrics.watchAgeSeconds.set({ kind: resource.kind }, silentMs / 1000);
  }

  /**
   * Runs until `stop` is aborted; then no new pass starts and running ones end. `kill` cuts those off. Passes begin once
   * every store has synced, because half a world leads to wrong decisions, and once this process leads: until then its
   * stores are kept warm and what is due is collected.
   */
  async run(signals: { readonly stop: AbortSignal; readonly kill: AbortSignal }): Promise<void> {
    const { stop, kill } = signals;
    const watches = this.#watched.map(({ run }) => run(stop));
    stop.addEventListener('abort', () => this.#closeQueues(), { once: true });
    if (stop.aborted) this.#closeQueues();
    await this.#untilSynced(stop);
    await untilStopped(this.#leadership.gained, stop);
    await Promise.all([...watches, ...this.#runners.map(({ run }) => run(kill))]);
  }

  #closeQueues(): void {
    for (const { queue } of this.#runners) queue.close();
  }

  async #untilSynced(stop: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    const startedMs = clock.monotonicMs();
    await untilStopped(Promise.all(this.#watched.map(({ synced }) => synced)), stop);
    if (!stop.aborted) log.info({ ms: Math.round(clock.monotonicMs() - startedMs) }, 'Synced');
  }

  #storesOf({ group, kind }: Resource): readonly VersionSource[] {
    return this.#watched
      .filter(({ resource }) => resource.kind === kind && resource.group === group)
      .map(({ versions }) => versions);
  }
}

/** Waits for `promise`, at the longest until the signal. */
async function untilStopped(promise: Promise<unknown>, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return;
  const stopped = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([promise, stopped]);
}
