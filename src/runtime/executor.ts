import type { JsonPatchOperation, KubeClient } from '../kube/client.ts';
import { ApiError, isAlreadyExists } from '../kube/errors.ts';
import { type KubeObject, keyString, type OwnerReference, type Resource } from '../kube/objects.ts';
import { coerceError } from '../platform/errors.ts';
import { verifyBasis } from './basis.ts';
import { RefusedError } from './classify.ts';
import type { ClaimSink, IntentLog } from './controller.ts';
import type { Written } from './echo-guard.ts';
import type { EventSink } from './events.ts';
import type {
  ApplyEffect,
  CreateEffect,
  FinalizerChange,
  PatchEffect,
  Plan,
  StatusWrite,
  WriteEffect,
} from './plan.ts';

export interface ExecutorOptions {
  readonly client: KubeClient;
  readonly intents: IntentLog;
  /** Absent where there is no ledger: ids are nobody's then, and the elder object keeps one. */
  readonly claims?: ClaimSink;
  readonly events: EventSink;
}

export interface Execution {
  /** What our writes got, for waiting until the stores have seen it. */
  readonly written: readonly Written[];
  /** What stopped the plan. Status was still written, unless that is what failed. */
  readonly failure?: Error;
  /** The failure is that of the status itself: one that says so would be refused as well. */
  readonly isUntellable?: boolean;
}

/**
 * Carries out one plan in its fixed order: finalizer, approvals, ledger intents, writes, deletes, ledger outcomes, status, claims,
 * events, finalizer removal. Stops at the first effect that fails; the finalizer goes only when everything before went through.
 * Every effect may be repeated after a crash.
 */
export class Executor {
  readonly #options: ExecutorOptions;

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  async execute(plan: Plan, signal: AbortSignal): Promise<Execution> {
    const run = new Run(this.#options, signal);
    if (plan.addFinalizer !== undefined) return run.attempt(() => run.changeFinalizer(plan.addFinalizer, 'add'));
    const effects = await run.attempt(() => run.effects(plan));
    const told = await run.attempt(() => run.status(plan.status));
    const failure = effects.failure ?? told.failure;
    if (failure === undefined) for (const claim of plan.claims ?? []) this.#options.claims?.submit(claim);
    // What status says is told even where an effect failed: the next plan finds it said and does not say it again.
    const isTold = told.failure === undefined && (effects.failure === undefined || plan.status !== undefined);
    if (isTold) for (const event of plan.events ?? []) this.#options.events.emit(event);
    if (effects.failure !== undefined) return { written: run.written, failure: effects.failure };
    if (told.failure !== undefined) return { written: run.written, failure: told.failure, isUntellable: true };
    return run.attempt(() => run.changeFinalizer(plan.removeFinalizer, 'remove'));
  }
}

/** One execution: what it wrote so far, and the uids of what it created. */
class Run {
  readonly written: Written[] = [];
  readonly #created = new Map<string, KubeObject>();
  readonly #options: ExecutorOptions;
  readonly #signal: AbortSignal;

  constructor(options: ExecutorOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  async attempt(step: () => Promise<void>): Promise<Execution> {
    try {
      await step();
      return { written: this.written };
    } catch (error) {
      return { written: this.written, failure: coerceError(error) };
    }
  }

  async effects(plan: Plan): Promise<void> {
    const { client, intents } = this.#options;
    if (needsBasis(plan)) await verifyBasis(plan.basis ?? [], { client, signal: this.#signal });
    for (const approval of plan.approvals ?? []) {
      await this.#toLedger(intents.approve(approval, this.#signal), 'nothing is destroyed until it does');
    }
    for (const intent of plan.intents ?? []) {
      await this.#toLedger(intents.record(intent, this.#signal), 'nothing is destroyed until it does');
    }
    for (const write of plan.writes ?? []) await this.#write(write);
    for (const { resource, key, uid, resourceVersion } of plan.deletes ?? []) {
      await client.delete(resource, key, { uid, resourceVersion, signal: this.#signal });
    }
    for (const outcome of plan.outcomes ?? []) {
      await this.#toLedger(intents.conclude(outcome, this.#signal), 'what was done is recorded when it does');
    }
  }

  async status(status: StatusWrite | undefined): Promise<void> {
    if (status === undefined) return;
    const { resource, key, uid, resourceVersion, patch, fieldManager } = status;
    const body = { metadata: { uid, resourceVersion }, status: patch };
    const result = await this.#options.client.patch(resource, key, body, {
      subresource: 'status',
      fieldManager,
      signal: this.#signal,
    });
    this.#note(resource, result);
  }

  async changeFinalizer(change: FinalizerChange | undefined, direction: 'add' | 'remove'): Promise<void> {
    if (change === undefined) return;
    const { resource, key, uid, observed, finalizer, fieldManager } = change;
    const next = direction === 'add' ? [...observed, finalizer] : observed.filter((other) => other !== finalizer);
    const operations: readonly JsonPatchOperation[] = [
      { op: 'test', path: '/metadata/uid', value: uid },
      // null is how an absent list tests; without it the list of somebody who was faster would be overwritten.
      { op: 'test', path: '/metadata/finalizers', value: observed.length === 0 ? null : observed },
      { op: 'add', path: '/metadata/finalizers', value: next },
    ];
    const result = await this.#options.client.patch(resource, key, operations, {
      fieldManager,
      signal: this.#signal,
    });
    const { deletionTimestamp, finalizers = [] } = result.metadata;
    const isGone = deletionTimestamp !== undefined && finalizers.length === 0;
    if (isGone) this.written.push({ resource, gone: key, uid });
    else this.#note(resource, result);
  }

  async #toLedger(recording: Promise<void>, consequence: string): Promise<void> {
    try {
      await recording;
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof RefusedError) throw error;
      const cause = coerceError(error);
      throw new RefusedError(`The ledger does not answer; ${consequence}`, { cause, reason: 'LedgerUnavailable' });
    }
  }

  async #write(effect: WriteEffect): Promise<void> {
    switch (effect.kind) {
      case 'create':
        return this.#create(effect);
      case 'patch':
        return this.#patch(effect);
      case 'apply':
        return this.#apply(effect);
      default:
        return effect satisfies never;
    }
  }

  async #create(effect: CreateEffect): Promise<void> {
    const { resource, object, fieldManager } = effect;
    const complete = { ...object, metadata: { ...object.metadata, ...this.#controller(effect) } };
    const result = await this.#options.client
      .create(resource, complete, { fieldManager, signal: this.#signal })
      .catch((error: unknown) => {
        if (!isAlreadyExists(error)) throw error;
        const { adoptIf } = effect;
        if (adoptIf === undefined) throw new ApiError(coerceError(error).message, { code: 409, reason: 'Conflict' });
        return this.#adopt({ ...effect, adoptIf });
      });
    this.#created.set(createdKey(resource, result), result);
    this.#note(resource, result);
  }

  /** The name is taken: by us before a crash, or by somebody else. */
  async #adopt(effect: CreateEffect & Required<Pick<CreateEffect, 'adoptIf'>>): Promise<KubeObject> {
    const { resource, object, adoptIf } = effect;
    const { name, namespace = '' } = object.metadata;
    const existing = await this.#options.client.get(resource, { namespace, name }, { signal: this.#signal });
    const isOurs = Object.entries(adoptIf).every(
      ([annotation, value]) => existing.metadata.annotations?.[annotation] === value,
    );
    if (isOurs && existing.metadata.deletionTimestamp === undefined) return this.#relabel(effect, existing);
    const why = isOurs ? 'it is still being deleted' : 'it belongs to something else; remove it or choose another name';
    throw new RefusedError(`Cannot create ${resource.kind} "${name}": one of that name exists and ${why}`);
  }

  /** Without its labels an object of ours is in no store, so it would be adopted again and again and missed in a deletion. */
  async #relabel({ resource, object, fieldManager }: CreateEffect, existing: KubeObject): Promise<KubeObject> {
    const labels = object.metadata.labels ?? {};
    if (Object.entries(labels).every(([name, value]) => existing.metadata.labels?.[name] === value)) return existing;
    const { name, namespace = '', uid = '' } = existing.metadata;
    const patch = { metadata: { uid, labels } };
    return this.#options.client.patch(resource, { namespace, name }, patch, { fieldManager, signal: this.#signal });
  }

  #controller({ controlledBy }: CreateEffect): { readonly ownerReferences?: readonly OwnerReference[] } {
    if (controlledBy === undefined) return {};
    const { resource, key } = controlledBy;
    const uid = controlledBy.uid ?? this.#created.get(`${resource.kind}/${keyString(key)}`)?.metadata.uid;
    if (uid === undefined)
      throw new Error(
        `Cannot name ${resource.kind} "${key.name}" as controller: this plan neither knows its uid nor creates it first`,
      );
    const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
    return {
      ownerReferences: [
        { apiVersion, kind: resource.kind, name: key.name, uid, controller: true, blockOwnerDeletion: false },
      ],
    };
  }

  async #patch({ resource, key, uid, patch, fieldManager }: PatchEffect): Promise<void> {
    const metadata = typeof patch.metadata === 'object' ? patch.metadata : {};
    const body = { ...patch, metadata: { ...metadata, uid } };
    this.#note(resource, await this.#options.client.patch(resource, key, body, { fieldManager, signal: this.#signal }));
  }

  async #apply({ resource, object, fieldManager }: ApplyEffect): Promise<void> {
    this.#note(resource, await this.#options.client.apply(resource, object, { fieldManager, signal: this.#signal }));
  }

  #note(resource: Resource, object: KubeObject): void {
    const { resourceVersion } = object.metadata;
    if (resourceVersion !== undefined) this.written.push({ resource, resourceVersion });
  }
}

/** A patch adds to one object that is known by its uid; everything else could be wrong about whether it is wanted at all. */
function needsBasis({ deletes = [], writes = [] }: Plan): boolean {
  return deletes.length > 0 || writes.some(({ kind }) => kind !== 'patch');
}

function createdKey(resource: Resource, object: KubeObject): string {
  return `${resource.kind}/${keyString({ namespace: object.metadata.namespace ?? '', name: object.metadata.name })}`;
}
