import { backoffMs } from '../platform/backoff.ts';
import type { Clock } from '../platform/clock.ts';
import { type DueEntry, DueHeap } from './due-heap.ts';

export interface QueueOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Passes of one key start at least this far apart. @default 0 */
  readonly minIntervalMs?: number;
  /** Passes of one namespace at once. @default as many as there are takers */
  readonly perNamespace?: number;
  readonly firstBackoffMs?: number;
  readonly longestBackoffMs?: number;
  /** Told how long a key was due before it was taken. */
  readonly onTaken?: (waitedMs: number) => void;
}

export type Priority = 'fresh' | 'backlog';

interface Item {
  dueMs: number;
  priority: Priority;
  failures: number;
  lastStartMs: number;
  previousStartMs: number;
  isRunning: boolean;
  /** Due again as soon as the running pass is over, at this time. */
  againMs: number | undefined;
  isPending: boolean;
}

/** How a pass ended. `retry` puts the key back after its own growing delay, which `ok` resets. */
export type PassEnd = { readonly kind: 'ok'; readonly afterMs?: number } | { readonly kind: 'retry' };

/** There was no pass: as if the key had not been taken, but it is due again only when it is added. */
export interface Held {
  readonly kind: 'held';
}

const FIRST_BACKOFF_MS = 100;
/** So that a key heals within a minute of the end of a fault, however long it has failed: this, and the pass itself. */
const LONGEST_BACKOFF_MS = 30_000;
const BACKLOG_PATIENCE_MS = 30_000;
/** Outdated entries that are kept before the heap is swept. */
const SLACK = 64;

/**
 * Keys and when they are due. Guarantees: a key is handed out to one caller at a time; asking again merges, the earlier
 * time wins; asking while it runs makes it due again afterwards, so nothing is lost; what is due and fresh goes before
 * what is due from the first list, but for what waits there half a minute longer. A namespace that has as many passes as
 * it may lets those of others go first. Keys that are neither due nor running nor failing cost no memory.
 */
export class Queue {
  readonly #options: QueueOptions;
  readonly #items = new Map<string, Item>();
  readonly #ready: Record<Priority, Set<string>> = { fresh: new Set(), backlog: new Set() };
  readonly #running = new Set<Item>();
  /** How many passes of each namespace run. */
  readonly #passes = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  /** Keys that are due later; entries may be outdated, the item decides. */
  readonly #later = new DueHeap();
  #cancelTimer: (() => void) | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Keys that are due and wait for a taker. */
  get depth(): number {
    return this.#ready.fresh.size + this.#ready.backlog.size;
  }

  /** How long each running pass has taken so far. */
  get runningMs(): readonly number[] {
    const nowMs = this.#options.clock.monotonicMs();
    return [...this.#running].map(({ lastStartMs }) => nowMs - lastStartMs);
  }

  /** Makes the key due after a delay. */
  add(key: string, options: { readonly afterMs?: number; readonly priority?: Priority } = {}): void {
    if (this.#isClosed) return;
    const { afterMs = 0, priority = 'fresh' } = options;
    const nowMs = this.#options.clock.monotonicMs();
    const item = this.#item(key);
    const dueMs = Math.max(nowMs + afterMs, item.lastStartMs + (this.#options.minIntervalMs ?? 0));
    if (item.isRunning) {
      item.againMs = Math.min(item.againMs ?? dueMs, dueMs);
      return;
    }
    if (priority === 'fresh' && item.priority === 'backlog') {
      item.priority = 'fresh';
      if (this.#ready.backlog.delete(key)) this.#ready.fresh.add(key);
    } else if (!item.isPending) item.priority = priority;
    if (item.isPending && item.dueMs <= dueMs) return;
    this.#schedule(key, item, dueMs);
  }

  /** The next due key, or undefined once the queue is closed. The taker must say `done` in the end. */
  take(): Promise<string | undefined> {
    const key = this.#next();
    if (key !== undefined || this.#isClosed) return Promise.resolve(key);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Ends a pass. Of what was asked meanwhile and what the end asks for, the earlier counts. */
  done(key: string, end: PassEnd | Held): void {
    const item = this.#items.get(key);
    if (item === undefined) return;
    const nowMs = this.#options.clock.monotonicMs();
    const askedMs = item.againMs ?? Number.POSITIVE_INFINITY;
    item.isRunning = false;
    this.#running.delete(item);
    this.#count(key, -1);
    item.againMs = undefined;
    if (end.kind === 'held') item.lastStartMs = item.previousStartMs;
    else item.failures = end.kind === 'retry' ? item.failures + 1 : 0;
    const afterMs = Math.min(askedMs - nowMs, this.#delayMs(end, item));
    if (afterMs !== Number.POSITIVE_INFINITY) this.add(key, { afterMs: Math.max(0, afterMs) });
    this.#forgetIdle(key, item);
    this.#serve();
  }

  /** Hands out nothing more; waiting takers get undefined. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #item(key: string): Item {
    const known = this.#items.get(key);
    if (known !== undefined) return known;
    const item: Item = {
      dueMs: 0,
      priority: 'backlog',
      failures: 0,
      lastStartMs: Number.NEGATIVE_INFINITY,
      previousStartMs: Number.NEGATIVE_INFINITY,
      isRunning: false,
      againMs: undefined,
      isPending: false,
    };
    this.#items.set(key, item);
    return item;
  }

  #schedule(key: string, item: Item, dueMs: number): void {
    item.isPending = true;
    item.dueMs = dueMs;
    if (dueMs <= this.#options.clock.monotonicMs()) {
      this.#makeReady(key, item);
      return;
    }
    this.#wakeAt({ key, dueMs });
  }

  #wakeAt(entry: DueEntry): void {
    if (this.#isClosed) return;
    this.#later.push(entry);
    if (this.#later.size > 2 * this.#items.size + SLACK) this.#later.retain((known) => this.#isCurrent(known));
    this.#arm();
  }

  #isCurrent({ key, dueMs }: DueEntry): boolean {
    const item = this.#items.get(key);
    return item !== undefined && !item.isRunning && (!item.isPending || item.dueMs === dueMs);
  }

  #makeReady(key: string, item: Item): void {
    this.#ready[item.priority].add(key);
    if (this.#mayRun(key)) this.#serve();
  }

  #serve(): void {
    const key = this.#takers.length === 0 ? undefined : this.#next();
    if (key !== undefined) this.#takers.shift()?.(key);
  }

  #next(): string | undefined {
    if (this.#isClosed) return undefined;
    const key = this.#first();
    if (key === undefined) return undefined;
    const item = this.#item(key);
    this.#ready[item.priority].delete(key);
    item.isPending = false;
    item.isRunning = true;
    this.#running.add(item);
    this.#count(key, 1);
    item.previousStartMs = item.lastStartMs;
    item.lastStartMs = this.#options.clock.monotonicMs();
    this.#options.onTaken?.(item.lastStartMs - item.dueMs);
    return key;
  }

  /** Whoever is slow comes back fresh again and again: without an end to its patience, the backlog would never get a turn. */
  #first(): string | undefined {
    const [fresh, backlog] = [this.#firstOf('fresh'), this.#firstOf('backlog')];
    if (fresh === undefined || backlog === undefined) return fresh ?? backlog;
    return this.#item(backlog).dueMs + BACKLOG_PATIENCE_MS < this.#item(fresh).dueMs ? backlog : fresh;
  }

  #firstOf(priority: Priority): string | undefined {
    for (const key of this.#ready[priority]) if (this.#mayRun(key)) return key;
    return undefined;
  }

  #mayRun(key: string): boolean {
    return (this.#passes.get(namespaceOf(key)) ?? 0) < (this.#options.perNamespace ?? Number.POSITIVE_INFINITY);
  }

  #count(key: string, change: 1 | -1): void {
    const namespace = namespaceOf(key);
    const passes = (this.#passes.get(namespace) ?? 0) + change;
    if (passes === 0) this.#passes.delete(namespace);
    else this.#passes.set(namespace, passes);
  }

  /** One timer for all keys, set to the earliest. */
  #arm(): void {
    const earliest = this.#later.earliest?.dueMs ?? Number.POSITIVE_INFINITY;
    if (earliest >= this.#timerMs || this.#isClosed) return;
    this.#cancelTimer?.();
    this.#timerMs = earliest;
    const delayMs = Math.max(0, Math.ceil(earliest - this.#options.clock.monotonicMs()));
    this.#cancelTimer = this.#options.clock.schedule(delayMs, () => this.#expire());
  }

  #expire(): void {
    this.#timerMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#options.clock.monotonicMs();
    for (let head = this.#later.earliest; head !== undefined && head.dueMs <= nowMs; head = this.#later.earliest) {
      this.#later.pop();
      const item = this.#items.get(head.key);
      if (item?.isPending === true && item.dueMs === head.dueMs) this.#makeReady(head.key, item);
      else if (item !== undefined) this.#forgetIdle(head.key, item);
    }
    this.#arm();
  }

  #delayMs(end: PassEnd | Held, item: Item): number {
    switch (end.kind) {
      case 'ok':
        return end.afterMs ?? Number.POSITIVE_INFINITY;
      case 'retry':
        return this.#backoffMs(item.failures);
      case 'held':
        return Number.POSITIVE_INFINITY;
      default:
        return end satisfies never;
    }
  }

  #backoffMs(failures: number): number {
    const { firstBackoffMs = FIRST_BACKOFF_MS, longestBackoffMs = LONGEST_BACKOFF_MS, random } = this.#options;
    return backoffMs(failures, { firstMs: firstBackoffMs, capMs: longestBackoffMs, random });
  }

  /** The last start is worth keeping only where passes have to keep a distance, and only until that has passed. */
  #forgetIdle(key: string, item: Item): void {
    if (item.isPending || item.isRunning || item.failures > 0) return;
    const keepUntilMs = item.lastStartMs + (this.#options.minIntervalMs ?? 0);
    if (keepUntilMs <= this.#options.clock.monotonicMs()) this.#items.delete(key);
    else this.#wakeAt({ key, dueMs: keepUntilMs });
  }
}

/** Empty for what is in none. */
function namespaceOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('/')));
}
