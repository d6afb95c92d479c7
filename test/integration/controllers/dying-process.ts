/**
 * A process of the operator that carries out plans against the real apiserver until it dies at one of its effects: a write, or a
 * call that the ledger takes. Reads and dry runs change nothing and are not counted.
 *
 *   const process = new DyingProcess({ client, ledger }, { at: 3, isDone: true });   // its third effect is done, and its last
 *   await process.execute(plan);                                                     // rejects with what stopped the plan
 */
import type { KubeClient } from '../../../src/kube/client.ts';
import { TransportError } from '../../../src/kube/errors.ts';
import { Executor } from '../../../src/runtime/executor.ts';
import type { EventEffect, Plan } from '../../../src/runtime/plan.ts';
import type { MemoryLedger } from '../../memory-ledger/memory-ledger.ts';

/** At which effect, counted from 1; before it, or before its answer arrives. */
export interface Death {
  readonly at: number;
  readonly isDone: boolean;
}

/** Every way to die within so many effects. */
export function deathsWithin(effects: number): readonly Death[] {
  return Array.from({ length: effects }, (_none, index) => index + 1).flatMap((at) => [
    { at, isDone: false },
    { at, isDone: true },
  ]);
}

export class DyingProcess {
  readonly client: KubeClient;
  readonly events: EventEffect[] = [];
  effects = 0;
  readonly #executor: Executor;
  readonly #death: Death | undefined;

  constructor({ client, ledger }: { readonly client: KubeClient; readonly ledger: MemoryLedger }, death?: Death) {
    this.#death = death;
    this.client = this.#mortal(client);
    const intents = {
      approve: (effect: Parameters<MemoryLedger['approve']>[0]) => this.#effect(() => ledger.approve(effect)),
      record: (intent: Parameters<MemoryLedger['record']>[0]) => this.#effect(() => ledger.record(intent)),
      conclude: (outcome: Parameters<MemoryLedger['conclude']>[0]) => this.#effect(() => ledger.conclude(outcome)),
    };
    this.#executor = new Executor({
      client: this.client,
      intents,
      events: { emit: (event) => this.events.push(event) },
    });
  }

  get isDead(): boolean {
    return this.#death !== undefined && this.effects >= this.#death.at;
  }

  /** What fails because the process is dead is no failure of the plan. */
  async execute(plan: Plan): Promise<void> {
    const { failure } = await this.#executor.execute(plan, new AbortController().signal);
    if (failure !== undefined && !this.isDead) throw failure;
  }

  async #effect<T>(act: () => Promise<T>): Promise<T> {
    this.effects += 1;
    if (!this.isDead) return act();
    if (this.effects === this.#death?.at && this.#death.isDone) await act();
    throw new TransportError('the process died');
  }

  #mortal(client: KubeClient): KubeClient {
    return {
      get: (resource, key, options) => client.get(resource, key, options),
      list: (resource, options) => client.list(resource, options),
      watch: (resource, options) => client.watch(resource, options),
      create: (resource, object, options) => {
        const act = () => client.create(resource, object, options);
        return options.dryRun === true ? act() : this.#effect(act);
      },
      apply: (resource, object, options) => this.#effect(() => client.apply(resource, object, options)),
      patch: (resource, key, patch, options) => this.#effect(() => client.patch(resource, key, patch, options)),
      delete: (resource, key, options) => this.#effect(() => client.delete(resource, key, options)),
    };
  }
}
