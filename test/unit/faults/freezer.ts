import type { KubeClient } from '../../../src/kube/client.ts';
import type { Clock } from '../../../src/platform/clock.ts';

/**
 * A process that can be stopped and continued, as by a full node: while it is frozen no timer fires, no call goes out and
 * no event comes in; then everything goes on where it was, from a time that has passed.
 */
export class Freezer {
  #thawed: PromiseWithResolvers<void> | undefined;
  #isArmed = false;
  #hasFrozen = false;

  get hasFrozen(): boolean {
    return this.#hasFrozen;
  }

  /** Freezes between the next decision and its first write. */
  arm(): void {
    this.#isArmed = true;
  }

  thaw(): void {
    this.#isArmed = false;
    this.#thawed?.resolve();
    this.#thawed = undefined;
  }

  clockOf(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      schedule: (delayMs, callback) => {
        let isCancelled = false;
        const cancel = clock.schedule(delayMs, () => {
          if (this.#thawed === undefined) callback();
          else void this.#running().then(() => isCancelled || callback());
        });
        return () => {
          isCancelled = true;
          cancel();
        };
      },
      sleep: async (delayMs, signal) => {
        await clock.sleep(delayMs, signal);
        await this.#running();
        signal.throwIfAborted();
      },
    };
  }

  clientOf(client: KubeClient): KubeClient {
    const read = async <T>(call: () => Promise<T>): Promise<T> => {
      await this.#running();
      const answer = await call();
      await this.#running();
      return answer;
    };
    const write = async <T>(call: () => Promise<T>): Promise<T> => {
      if (this.#isArmed) {
        this.#thawed ??= Promise.withResolvers();
        this.#hasFrozen = true;
      }
      return read(call);
    };
    return {
      get: (resource, key, options) => read(() => client.get(resource, key, options)),
      list: (resource, options) => read(() => client.list(resource, options)),
      watch: (resource, options) => this.#watch(() => client.watch(resource, options)),
      create: (resource, object, options) => write(() => client.create(resource, object, options)),
      apply: (resource, object, options) => write(() => client.apply(resource, object, options)),
      patch: (resource, key, patch, options) => write(() => client.patch(resource, key, patch, options)),
      delete: (resource, key, options) => write(() => client.delete(resource, key, options)),
    };
  }

  async *#watch<T>(open: () => AsyncIterable<T>): AsyncGenerator<T> {
    await this.#running();
    for await (const event of open()) {
      await this.#running();
      yield event;
    }
  }

  async #running(): Promise<void> {
    while (this.#thawed !== undefined) await this.#thawed.promise;
  }
}
