import { backoffMs } from './backoff.ts';
import type { Clock } from './clock.ts';

export interface QueueOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Passes of one key start at least this far apart. @default 0 */
  readonly minIntervalMs?: number;
  readonly firstBackoffMs?: number;
  readonly longestBackoffMs?: number;
}

export type Priority = 'fresh' | 'backlog';

interface Item {
  dueMs: number;
  priority: Priority;
  failures: number;
  lastStartMs: number;
  isRunning: boolean;
  /** Due again as soon as the running pass is over, at this time. */
  againMs: number | undefined;
  isPending: boolean;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 60_000;

/**
 * Keys and when they are due. Guarantees: a key is handed out to one caller at a time; asking again merges, the earlier
 * time wins; asking while it runs makes it due again afterwards, so nothing is lost; what is due and fresh goes before
 * what is due from the first list. Keys that are neither due nor running nor failing cost no memory.
 */
export class Queue {
  readonly #options: QueueOptions;
  readonly #items = new Map<string, Item>();
  readonly #ready: Record<Priority, Set<string>> = { fresh: new Set(), backlog: new Set() };
  readonly #takers: ((key: string | undefined) => void)[] = [];
  /** Min-heap by time of keys that are due later; entries may be outdated, the item decides. */
  readonly #later: { dueMs: number; key: string }[] = [];
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

  /** Ends a pass. `retry` puts the key back after its own growing delay, which any other end resets. */
  done(key: string, end: { readonly kind: 'ok'; readonly afterMs?: number } | { readonly kind: 'retry' }): void {
    const item = this.#items.get(key);
    if (item === undefined) return;
    item.isRunning = false;
    const again = item.againMs;
    item.againMs = undefined;
    item.failures = end.kind === 'retry' ? item.failures + 1 : 0;
    if (again !== undefined) this.add(key, { afterMs: Math.max(0, again - this.#options.clock.monotonicMs()) });
    if (end.kind === 'retry') this.add(key, { afterMs: this.#backoffMs(item.failures) });
    else if (end.afterMs !== undefined) this.add(key, { afterMs: end.afterMs });
    this.#forgetIdle(key, item);
  }

  failuresOf(key: string): number {
    return this.#items.get(key)?.failures ?? 0;
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
    const item: Item = { dueMs: 0, priority: 'backlog', failures: 0, lastStartMs: Number.NEGATIVE_INFINITY, isRunning: false, againMs: undefined, isPending: false };
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
    pushHeap(this.#later, { dueMs, key });
    this.#arm();
  }

  #makeReady(key: string, item: Item): void {
    this.#ready[item.priority].add(key);
    const taker = this.#takers.shift();
    if (taker !== undefined) taker(this.#next());
  }

  #next(): string | undefined {
    if (this.#isClosed) return undefined;
    for (const ready of [this.#ready.fresh, this.#ready.backlog]) {
      for (const key of ready) {
        ready.delete(key);
        const item = this.#item(key);
        item.isPending = false;
        item.isRunning = true;
        item.lastStartMs = this.#options.clock.monotonicMs();
        return key;
      }
    }
    return undefined;
  }

  /** One timer for all keys, set to the earliest. */
  #arm(): void {
    const earliest = this.#later[0]?.dueMs ?? Number.POSITIVE_INFINITY;
    if (earliest >= this.#timerMs || this.#isClosed) return;
    this.#cancelTimer?.();
    this.#timerMs = earliest;
    const delayMs = Math.max(0, Math.ceil(earliest - this.#options.clock.monotonicMs()));
    this.#cancelTimer = this.#options.clock.schedule(delayMs, () => this.#expire());
  }

  #expire(): void {
    this.#timerMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#options.clock.monotonicMs();
    for (let head = this.#later[0]; head !== undefined && head.dueMs <= nowMs; head = this.#later[0]) {
      popHeap(this.#later);
      const item = this.#items.get(head.key);
      if (item?.isPending === true && item.dueMs === head.dueMs && !item.isRunning) this.#makeReady(head.key, item);
    }
    this.#arm();
  }

  #backoffMs(failures: number): number {
    const { firstBackoffMs = FIRST_BACKOFF_MS, longestBackoffMs = LONGEST_BACKOFF_MS, random } = this.#options;
    return backoffMs(failures, { firstMs: firstBackoffMs, capMs: longestBackoffMs, random });
  }

  /** The last start is worth keeping only where passes have to keep a distance. */
  #forgetIdle(key: string, item: Item): void {
    if (!item.isPending && !item.isRunning && item.failures === 0 && (this.#options.minIntervalMs ?? 0) === 0) this.#items.delete(key);
  }
}

interface HeapEntry {
  readonly dueMs: number;
}

function pushHeap<E extends HeapEntry>(heap: E[], entry: E): void {
  heap.push(entry);
  let index = heap.length - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!swapIfEarlier(heap, index, parent)) return;
    index = parent;
  }
}

function popHeap<E extends HeapEntry>(heap: E[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  for (let index = 0; ; ) {
    const left = index * 2 + 1;
    const leftDue = heap[left]?.dueMs ?? Number.POSITIVE_INFINITY;
    const rightDue = heap[left + 1]?.dueMs ?? Number.POSITIVE_INFINITY;
    const child = rightDue < leftDue ? left + 1 : left;
    if (child >= heap.length || !swapIfEarlier(heap, child, index)) return;
    index = child;
  }
}

/** Swaps the two entries when the first is due earlier; false when it is not. */
function swapIfEarlier<E extends HeapEntry>(heap: E[], first: number, second: number): boolean {
  const a = heap[first];
  const b = heap[second];
  if (a === undefined || b === undefined || a.dueMs >= b.dueMs) return false;
  heap[first] = b;
  heap[second] = a;
  return true;
}
