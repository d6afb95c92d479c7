import type { ObjectKey, Resource } from '../kube/objects.ts';
import type { Clock } from '../platform/clock.ts';

/** What the guard asks of a store. */
export interface VersionSource {
  hasSeen(resourceVersion: string): boolean;
  onceSeen(resourceVersion: string, callback: () => void): void;
  /** Calls back once, as soon as the object of this key and uid is not there any more; at once when it is not. */
  onceGone(key: ObjectKey, uid: string, callback: () => void): void;
}

/** What a write got: a version, or the end of an object, whose version the answer does not tell. */
export type Written = { readonly resource: Resource } & (
  | { readonly resourceVersion: string }
  | { readonly gone: ObjectKey; readonly uid: string }
);

export interface EchoGuardOptions {
  readonly clock: Clock;
  /** The stores that show a kind; none for kinds that nobody watches, which need no waiting. */
  readonly storesOf: (resource: Resource) => readonly VersionSource[];
  /** The key may run, and was asked to while it had to wait. */
  readonly onRelease: (key: string) => void;
  /** A store did not show a write in time; the key may run all the same. */
  readonly onTimeout: (key: string) => void;
}

interface Echo {
  unseen: number;
  isWanted: boolean;
  readonly cancelTimer: () => void;
}

/** A store that is further behind than this has lost its watch, and waiting for it would stop the healing of everything. */
const TIMEOUT_MS = 5_000;

/**
 * Keeps a key from running before the stores show what its last pass wrote: deciding before that would be deciding from
 * a state before our own write, and doing it twice. Costs memory only between a write and its echo.
 */
export class EchoGuard {
  readonly #options: EchoGuardOptions;
  readonly #echoes = new Map<string, Echo>();

  constructor(options: EchoGuardOptions) {
    this.#options = options;
  }

  /** After a pass: what its writes got. */
  expect(key: string, written: readonly Written[]): void {
    const { clock, storesOf, onTimeout } = this.#options;
    const unseen = written.flatMap((write) =>
      storesOf(write.resource)
        .filter((store) => 'gone' in write || !store.hasSeen(write.resourceVersion))
        .map((store) => ({ store, write })),
    );
    if (unseen.length === 0) return;
    const expire = (): void => {
      onTimeout(key);
      this.#release(key, echo);
    };
    const echo: Echo = { unseen: unseen.length, isWanted: false, cancelTimer: clock.schedule(TIMEOUT_MS, expire) };
    this.#echoes.set(key, echo);
    const see = (): void => {
      echo.unseen -= 1;
      if (echo.unseen === 0) this.#release(key, echo);
    };
    for (const { store, write } of unseen) {
      if ('gone' in write) store.onceGone(write.gone, write.uid, see);
      else store.onceSeen(write.resourceVersion, see);
    }
  }

  /** True when the key must not run now; `onRelease` then follows. */
  holds(key: string): boolean {
    const echo = this.#echoes.get(key);
    if (echo === undefined) return false;
    echo.isWanted = true;
    return true;
  }

  /** Waits for nothing any more and releases nothing. */
  close(): void {
    for (const { cancelTimer } of this.#echoes.values()) cancelTimer();
    this.#echoes.clear();
  }

  #release(key: string, echo: Echo): void {
    if (this.#echoes.get(key) !== echo) return;
    this.#echoes.delete(key);
    echo.cancelTimer();
    if (echo.isWanted) this.#options.onRelease(key);
  }
}
