import { withDeadline } from '../kube/deadline.ts';
import type { Clock } from '../platform/clock.ts';
import { coerceError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';

export interface GuardMonitorOptions {
  /** The open ways, sorted; rejects where they cannot be found out. */
  readonly examine: (signal: AbortSignal) => Promise<readonly string[]>;
  readonly clock: Clock;
  readonly log: Logger;
}

const CLEAR_EVERY_MS = 3 * 60 * 1000;
/** A policy that is put back takes effect about a second later, and is seen soon; so is an apiserver that is back. */
const UNCLEAR_EVERY_MS = 5_000;
/** For so long the last examination is believed while the apiserver gives no other. */
const BELIEVED_MS = 10 * 60 * 1000;
const DEADLINE_MS = 60_000;

/**
 * Knows whether the guard is as it was shipped: examined at the start, after each change of the policies that it is told of, and
 * every few minutes. A result that grew old is forgotten, so that nothing is destroyed on the word of a guard that nobody sees.
 */
export class GuardMonitor {
  readonly #options: GuardMonitorOptions;
  readonly #listeners: (() => void)[] = [];
  #openRoutes: readonly string[] | undefined;
  #forget: () => void = () => undefined;
  /** The last failure that was told; the same one again is no news. */
  #told: string | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(options: GuardMonitorOptions) {
    this.#options = options;
  }

  /** Sorted, each with what closes it; undefined: not known, now or any more. */
  get openRoutes(): readonly string[] | undefined {
    return this.#openRoutes;
  }

  /** Called after every change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Something about the policies has changed: the next examination is now. */
  examineNow(): void {
    this.#wake.resolve();
  }

  /** Ends only by its signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // Before the examination: a change in its midst is examined anew.
      this.#wake = Promise.withResolvers();
      const isClear = await this.#examine(signal);
      await this.#pause(isClear ? CLEAR_EVERY_MS : UNCLEAR_EVERY_MS, signal);
    }
    this.#forget();
  }

  /** Returns whether it was examined and nothing is open. */
  async #examine(signal: AbortSignal): Promise<boolean> {
    const { examine, clock, log } = this.#options;
    try {
      const routes = await withDeadline({ clock, signal, timeoutMs: DEADLINE_MS }, examine);
      this.#forget();
      this.#forget = clock.schedule(BELIEVED_MS, () => this.#set(undefined));
      this.#set(routes);
      this.#told = undefined;
      return routes.length === 0;
    } catch (error) {
      const { message } = coerceError(error);
      if (!signal.aborted && message !== this.#told) log.warn({ reason: message }, 'The guard could not be examined');
      this.#told = message;
      return false;
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const slept = this.#options.clock.sleep(ms, AbortSignal.any([signal, woken.signal])).catch(() => undefined);
    await Promise.race([slept, this.#wake.promise]);
    woken.abort();
  }

  #set(routes: readonly string[] | undefined): void {
    const isSame = JSON.stringify(routes) === JSON.stringify(this.#openRoutes);
    this.#openRoutes = routes;
    if (isSame) return;
    this.#options.log.info({ openRoutes: routes ?? 'unknown' }, 'The guard was examined');
    for (const listener of this.#listeners) listener();
  }
}
