import { keyOf, keyString, type ObjectKey, type ObjectMeta } from '../kube/objects.ts';

export interface Stored {
  readonly metadata: ObjectMeta;
}

export type Indexes<T> = Readonly<Record<string, (object: T) => readonly string[]>>;

/** One side is missing when the object is new or gone. An object that was made anew under its name is both: gone, then new. */
export type StoreListener<T> = (before: T | undefined, after: T | undefined) => void;

/**
 * The present state of one watched kind, by key and by named indexes. A reflector alone writes it; everybody else reads.
 * Guarantees: a relist replaces the content at once, with one notification for each object that differs by uid or
 * resourceVersion; listeners are called after the store shows the change, in the order of the stream, and before the
 * store says that it has seen the version.
 */
export class Store<T extends Stored> {
  readonly #indexes: Indexes<T>;
  readonly #objects = new Map<string, T>();
  readonly #byIndex = new Map<string, Map<string, Set<string>>>();
  readonly #listeners: StoreListener<T>[] = [];
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  #latestVersion = 0n;
  #waiting: { readonly version: bigint; readonly callback: () => void }[] = [];
  #departing: { readonly key: ObjectKey; readonly uid: string; readonly callback: () => void }[] = [];

  constructor(indexes: Indexes<T> = {}) {
    this.#indexes = indexes;
    for (const name of Object.keys(indexes)) this.#byIndex.set(name, new Map());
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(keyString(key));
  }

  list(): Iterable<T> {
    return this.#objects.values();
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Throws a RangeError for an index that was not declared. */
  byIndex(index: string, value: string): readonly T[] {
    const keys = this.#index(index).get(value);
    return keys === undefined ? [] : [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** False until the first complete list; decisions before that would be made from half a world. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves at the first complete list. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Whether the stream has passed this version: what was written then is in the store, or gone again. */
  hasSeen(resourceVersion: string): boolean {
    return parseVersion(resourceVersion) <= this.#latestVersion;
  }

  /** Calls back once, as soon as the stream has passed this version; at once when it has already. */
  onceSeen(resourceVersion: string, callback: () => void): void {
    if (this.hasSeen(resourceVersion)) callback();
    else this.#waiting.push({ version: parseVersion(resourceVersion), callback });
  }

  /** Calls back once, as soon as this very object is not in the store and everybody was told; at once when it is not. */
  onceGone(key: ObjectKey, uid: string, callback: () => void): void {
    if (this.#holds({ key, uid })) this.#departing.push({ key, uid, callback });
    else callback();
  }

  onChange(listener: StoreListener<T>): void {
    this.#listeners.push(listener);
  }

  /** For the reflector: ADDED or MODIFIED. */
  put(object: T): void {
    const before = this.#objects.get(keyString(keyOf(object)));
    if (before === undefined || !isSame(before, object)) {
      this.#set(object, before);
      this.#notify(before, object);
    }
    this.advance(object.metadata.resourceVersion ?? '');
  }

  /** For the reflector: DELETED, with the version of the deletion. */
  remove(object: T): void {
    const before = this.#objects.get(keyString(keyOf(object)));
    if (before !== undefined) {
      this.#unset(before);
      this.#notify(before, undefined);
    }
    this.advance(object.metadata.resourceVersion ?? '');
  }

  /** For the reflector: the whole content as of a version. */
  replace(objects: readonly T[], resourceVersion: string): void {
    const next = new Map(objects.map((object) => [keyString(keyOf(object)), object]));
    const changes: [T | undefined, T | undefined][] = [];
    for (const [key, before] of this.#objects) if (!next.has(key)) changes.push([before, undefined]);
    for (const [key, after] of next) {
      const before = this.#objects.get(key);
      if (before === undefined || !isSame(before, after)) changes.push([before, after]);
    }
    for (const [before, after] of changes) {
      if (after === undefined && before !== undefined) this.#unset(before);
      else if (after !== undefined) this.#set(after, before);
    }
    for (const [before, after] of changes) this.#notify(before, after);
    this.advance(resourceVersion);
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  /** For the reflector: a bookmark, or any event, proves that everything up to this version was delivered. */
  advance(resourceVersion: string): void {
    this.#releaseDeparted();
    const version = parseVersion(resourceVersion);
    if (version <= this.#latestVersion) return;
    this.#latestVersion = version;
    if (this.#waiting.length === 0) return;
    const seen = this.#waiting.filter((waiter) => waiter.version <= version);
    if (seen.length === 0) return;
    this.#waiting = this.#waiting.filter((waiter) => waiter.version > version);
    for (const { callback } of seen) callback();
  }

  #releaseDeparted(): void {
    if (this.#departing.length === 0) return;
    const departed = this.#departing.filter((waiter) => !this.#holds(waiter));
    if (departed.length === 0) return;
    this.#departing = this.#departing.filter((waiter) => this.#holds(waiter));
    for (const { callback } of departed) callback();
  }

  #holds({ key, uid }: { readonly key: ObjectKey; readonly uid: string }): boolean {
    return this.get(key)?.metadata.uid === uid;
  }

  #set(object: T, before: T | undefined): void {
    if (before !== undefined) this.#unset(before);
    const key = keyString(keyOf(object));
    this.#objects.set(key, object);
    for (const [name, valuesOf] of Object.entries(this.#indexes)) {
      const index = this.#index(name);
      for (const value of valuesOf(object)) index.set(value, (index.get(value) ?? new Set()).add(key));
    }
  }

  #unset(object: T): void {
    const key = keyString(keyOf(object));
    this.#objects.delete(key);
    for (const [name, valuesOf] of Object.entries(this.#indexes)) {
      const index = this.#index(name);
      for (const value of valuesOf(object)) {
        const keys = index.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index.delete(value);
      }
    }
  }

  #notify(before: T | undefined, after: T | undefined): void {
    const wasReplaced = before !== undefined && after !== undefined && before.metadata.uid !== after.metadata.uid;
    for (const listener of this.#listeners) {
      if (wasReplaced) {
        listener(before, undefined);
        listener(undefined, after);
      } else listener(before, after);
    }
  }

  #index(name: string): Map<string, Set<string>> {
    const index = this.#byIndex.get(name);
    if (index === undefined) throw new RangeError(`Cannot read the index "${name}": this store has no such index`);
    return index;
  }
}

function isSame(a: Stored, b: Stored): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}

/** Resource versions are decimal numbers that grow with every write of the cluster. */
function parseVersion(resourceVersion: string): bigint {
  return /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n;
}
