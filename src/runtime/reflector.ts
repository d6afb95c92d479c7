import type { KubeClient, WatchOptions } from '../kube/client.ts';
import { ApiError } from '../kube/errors.ts';
import type { KubeObject, Resource } from '../kube/objects.ts';
import { backoffMs } from '../platform/backoff.ts';
import type { Clock } from '../platform/clock.ts';
import { coerceError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { RuntimeMetrics } from './metrics.ts';
import type { Store, Stored } from './store.ts';
import { needsRelist, type WatchBreak, watchBreak } from './watch-break.ts';
import { createWatchdog, type Watchdog } from './watchdog.ts';

export interface ReflectorOptions<T extends Stored> {
  readonly client: KubeClient;
  readonly resource: Resource;
  readonly store: Store<T>;
  /** Decodes one object and keeps only what is needed of it. */
  readonly project: (object: KubeObject) => T;
  readonly select?: Pick<WatchOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
}

type ListReason = 'start' | 'failures' | WatchBreak;

const PAGE_SIZE = 500;
const FIRST_BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 30_000;
/** A stream that ends sooner counts as a failure, so that a server that closes at once is not asked in a loop. */
const HEALTHY_AFTER_MS = 5_000;
/** After so many failures in a row the resumed version itself is doubted. */
const RELIST_AFTER_FAILURES = 5;
/** Sooner than silence tells, later than a server that restarts a watch under load. */
const FAILING_AFTER = 3;
/** An attempt that lasts longer has got through; a refused one ends at once. */
const SETTLED_MS = 2_000;
const WATCH_SECONDS = { least: 240, spread: 60 };
/**
 * Bookmarks come about once a minute; when one and a half were missed, something between us swallows the answers. A
 * connection that is dead as a whole is noticed sooner, by its pings.
 */
const SILENCE_MS = 90_000;

/**
 * Keeps a store equal to what the apiserver has: the present state as a stream (WatchList) or in pages, then a watch with
 * bookmarks that resumes where it broke. Heals from every error, with jittered backoff; lists anew where the stream
 * itself cannot be trusted (watch-break.ts) and after repeated failures. Ends only by its signal.
 */
export class Reflector<T extends Stored> {
  readonly #options: ReflectorOptions<T>;
  #resumeFrom: string | undefined;
  #canStreamList = true;
  #lastContactMs: number | undefined;
  #failures = 0;
  /** Why the whole state is asked for next, where it is. */
  #listReason: ListReason = 'start';
  /** The last failure that was told; the same one again is no news. */
  #told: string | undefined;
  #attemptMs: number | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
  }

  /** Milliseconds since the server last said anything on this watch; undefined before the first time. */
  get contactAgeMs(): number | undefined {
    return this.#lastContactMs === undefined ? undefined : this.#options.clock.monotonicMs() - this.#lastContactMs;
  }

  /** The last attempts to follow this kind failed: what the store shows may be old. */
  get isFailing(): boolean {
    const isConnected =
      this.#attemptMs !== undefined && this.#options.clock.monotonicMs() - this.#attemptMs > SETTLED_MS;
    return this.#failures >= FAILING_AFTER && !isConnected;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs();
      this.#attemptMs = startedMs;
      let askedMs = 0;
      try {
        await this.#follow(signal);
        this.#failures = clock.monotonicMs() - startedMs < HEALTHY_AFTER_MS ? this.#failures + 1 : 0;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = coerceError(thrown);
        this.#failures = clock.monotonicMs() - startedMs < HEALTHY_AFTER_MS ? this.#failures + 1 : 1;
        this.#learn(error);
        askedMs = retryAfterMs(error);
      }
      this.#attemptMs = undefined;
      const ownMs =
        this.#failures === 0
          ? 0
          : backoffMs(this.#failures, { firstMs: FIRST_BACKOFF_MS, capMs: LONGEST_BACKOFF_MS, random });
      // Only the signal ends the sleep early, and the loop with it.
      await clock.sleep(Math.max(ownMs, askedMs), signal).catch(() => undefined);
    }
  }

  #learn(error: Error): void {
    const { log, metrics, resource } = this.#options;
    const reason = watchBreak(error);
    metrics.watchErrors.inc({ kind: resource.kind, reason });
    if (needsRelist(reason)) this.#doubt(reason);
    else if (this.#failures % RELIST_AFTER_FAILURES === 0) this.#doubt('failures');
    if (this.#canStreamList && isStreamingRefused(error)) this.#canStreamList = false;
    // A kind that is not served may stay so for days.
    const level = this.#failures > 1 && this.#told === error.message ? 'debug' : 'warn';
    log[level]({ kind: resource.kind, failures: this.#failures, reason: error.message }, 'Watch broke');
    this.#told = error.message;
  }

  /** The next attempt asks for the whole state. */
  #doubt(reason: ListReason): void {
    this.#resumeFrom = undefined;
    this.#listReason = reason;
  }

  /** One watch until it ends, preceded by the whole state where there is no version to resume from. */
  async #follow(signal: AbortSignal): Promise<void> {
    if (this.#resumeFrom === undefined && !this.#canStreamList) await this.#listPages(signal);
    const { clock, metrics, resource } = this.#options;
    const watchdog = createWatchdog({ clock, signal, silenceMs: SILENCE_MS });
    metrics.openWatches.inc({ kind: resource.kind });
    try {
      await this.#stream(watchdog);
    } finally {
      metrics.openWatches.dec({ kind: resource.kind });
      watchdog.close();
    }
  }

  async #stream(watchdog: Watchdog): Promise<void> {
    const { client, resource, select, random } = this.#options;
    const timeoutSeconds = Math.round(WATCH_SECONDS.least + random() * WATCH_SECONDS.spread);
    const start = this.#resumeFrom === undefined ? { sendInitialEvents: true } : { resourceVersion: this.#resumeFrom };
    let initial: Map<string, T> | undefined = this.#resumeFrom === undefined ? new Map() : undefined;
    for await (const event of client.watch<KubeObject>(resource, {
      ...select,
      ...start,
      timeoutSeconds,
      signal: watchdog.signal,
    })) {
      watchdog.touch();
      this.#lastContactMs = this.#options.clock.monotonicMs();
      if (event.type === 'BOOKMARK') {
        if (event.initialEventsEnd && initial !== undefined) {
          this.#replace([...initial.values()], event.resourceVersion);
          initial = undefined;
        }
        if (initial === undefined) this.#advance(event.resourceVersion);
      } else if (initial !== undefined) {
        // Before the end of the initial events a later version of an object may follow its first.
        const { namespace = '', name } = event.object.metadata;
        if (event.type === 'DELETED') initial.delete(`${namespace}/${name}`);
        else initial.set(`${namespace}/${name}`, this.#options.project(event.object));
      } else {
        const object = this.#options.project(event.object);
        if (event.type === 'DELETED') this.#options.store.remove(object);
        else this.#options.store.put(object);
        this.#resumeFrom = event.object.metadata.resourceVersion;
      }
    }
  }

  async #listPages(signal: AbortSignal): Promise<void> {
    const { client, resource, select, project } = this.#options;
    const objects: T[] = [];
    let next: string | undefined;
    let version = '';
    do {
      const page = await client.list<KubeObject>(resource, {
        ...select,
        limit: PAGE_SIZE,
        signal,
        ...(next === undefined ? {} : { continue: next }),
      });
      objects.push(...page.items.map(project));
      version = page.resourceVersion;
      next = page.continue;
    } while (next !== undefined);
    this.#lastContactMs = this.#options.clock.monotonicMs();
    this.#replace(objects, version);
  }

  #replace(objects: readonly T[], resourceVersion: string): void {
    const { clock, metrics, resource } = this.#options;
    const { kind } = resource;
    const nowMs = clock.monotonicMs();
    metrics.relists.inc({ kind, reason: this.#listReason });
    metrics.listSeconds.observe({ kind }, (nowMs - (this.#attemptMs ?? nowMs)) / 1000);
    this.#options.store.replace(objects, resourceVersion);
    this.#resumeFrom = resourceVersion;
  }

  #advance(resourceVersion: string): void {
    this.#options.store.advance(resourceVersion);
    this.#resumeFrom = resourceVersion;
  }
}

/** An apiserver without WatchList says so at once, as an invalid request. */
function isStreamingRefused(error: Error): boolean {
  return (
    error instanceof ApiError &&
    (error.code === 400 || error.code === 422) &&
    error.message.includes('sendInitialEvents')
  );
}

/** What an overloaded server asks for. Longer than our own longest wait it would blind us for too long. */
function retryAfterMs(error: Error): number {
  return error instanceof ApiError ? Math.min(error.retryAfterMs ?? 0, LONGEST_BACKOFF_MS) : 0;
}
