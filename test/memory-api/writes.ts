import type { JsonPatchOperation } from '../../src/kube/client.ts';
import { type KubeObject, keyOf, type ObjectKey, type Resource } from '../../src/kube/objects.ts';
import type { Entry, History } from './history.ts';
import { NAMESPACES, traitsOf } from './kinds.ts';
import { ownersOf, withManagedFields } from './managed-fields.ts';
import { apply, isSameOwnership, type Owners, ownAfterUpdate } from './ownership.ts';
import { applyJsonPatch, applyMergePatch } from './patches.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  MODIFIED,
  namespaceTerminating,
  notFound,
  preconditionFailed,
} from './refusal.ts';
import { isSameJson, type Json, type JsonObject } from './rest.ts';

export interface WritesOptions {
  readonly history: History;
  readonly now: () => Date;
  readonly newUID: () => string;
}

export interface Change {
  readonly resource: Resource;
  readonly key: ObjectKey;
  readonly subresource: string;
  readonly manager: string;
}

export interface DeleteOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly gracePeriodSeconds?: number;
}

const NO_OWNERS: Owners = new Map();
const DEFAULT_GRACE_SECONDS = 30;

/** What the apiserver makes of POST, PATCH and DELETE before it stores the outcome. */
export class Writes {
  readonly #options: WritesOptions;

  constructor(options: WritesOptions) {
    this.#options = options;
  }

  /** In a dry run everything is judged and nothing stored, so that the answer has no version. */
  create({ resource, key, manager }: Change, body: JsonObject, isDryRun = false): KubeObject {
    const sent = metadataOf(body);
    if (sent.namespace !== undefined && sent.namespace !== key.namespace)
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    const name = String(sent.name ?? '');
    const owners = ownAfterUpdate(NO_OWNERS, { before: {}, after: body, manager });
    const named = { ...key, name };
    if (isDryRun) return withManagedFields(this.#made(resource, named, body), owners);
    return this.#insert(resource, named, { body, owners });
  }

  mergePatch(change: Change, patch: Json): KubeObject {
    return this.#change(change, (live) => applyMergePatch(live, patch) as JsonObject);
  }

  jsonPatch(change: Change, operations: readonly JsonPatchOperation[]): KubeObject {
    return this.#change(change, (live) => applyJsonPatch(live, operations));
  }

  /** With force, as one manager's full intent. */
  apply(change: Change, intent: JsonObject): { readonly object: KubeObject; readonly isNew: boolean } {
    const { resource, key, manager } = change;
    const live = this.#options.history.entry(resource, key);
    const applied = apply(live === undefined ? {} : asJson(live.object), {
      intent,
      manager,
      owners: live?.owners ?? NO_OWNERS,
    });
    if (live === undefined) {
      const { uid } = metadataOf(intent);
      if (uid !== undefined) {
        const why = `uid mismatch: the provided object specified uid ${String(uid)}, and no existing object was found`;
        throw conflict(resource, key.name, why);
      }
      return { object: this.#insert(resource, key, { body: applied.object, owners: applied.owners }), isNew: true };
    }
    const wanted = metadataOf(intent);
    const metadata = {
      ...metadataOf(applied.object),
      ...(wanted.uid === undefined ? {} : { uid: wanted.uid }),
      ...(wanted.resourceVersion === undefined ? {} : { resourceVersion: wanted.resourceVersion }),
    };
    const object = this.#store(change, live, { ...applied.object, metadata }, applied.owners);
    return { object, isNew: false };
  }

  /** What the scheduler does. */
  bind({ resource, key }: Change, node: string): void {
    const live = this.#live(resource, key);
    const pod = asJson(live.object);
    const conditions = [{ type: 'PodScheduled', status: 'True' }];
    const object = {
      ...pod,
      spec: { ...(pod.spec as JsonObject), nodeName: node },
      status: { ...(pod.status as JsonObject), conditions },
    };
    this.#options.history.put(resource, { ...live, object: asObject(object) });
  }

  /** The object as it is then, and whether it is gone. */
  delete({ resource, key }: Change, options: DeleteOptions): { readonly object: KubeObject; readonly isGone: boolean } {
    const { history, now } = this.#options;
    const live = this.#live(resource, key);
    const { metadata } = live.object;
    check(resource, live.object, options.preconditions ?? {});
    const isTerminating = metadata.deletionTimestamp !== undefined;
    const graceSeconds = graceOf(live.object, options.gracePeriodSeconds);
    const pendingSeconds = Number(metadataOf(asJson(live.object)).deletionGracePeriodSeconds ?? 0);
    const isHeld = (metadata.finalizers ?? []).length > 0 || resource.kind === NAMESPACES.kind;
    const { isGraceful } = traitsOf(resource);
    if (!isHeld && !isGraceful) return this.#remove(resource, live.object);
    if (isTerminating && pendingSeconds <= graceSeconds && (isHeld || graceSeconds > 0))
      return { object: live.object, isGone: false };
    const isNamespace = resource.kind === NAMESPACES.kind;
    const marked = {
      ...metadata,
      deletionTimestamp: rfc3339(new Date(now().getTime() + graceSeconds * 1000)),
      ...(isNamespace ? {} : { deletionGracePeriodSeconds: graceSeconds }),
      ...(metadata.generation === undefined || isTerminating ? {} : { generation: metadata.generation + 1 }),
    };
    const status = isNamespace ? { status: { phase: 'Terminating' } } : {};
    const object = history.put(resource, { ...live, object: { ...live.object, metadata: marked, ...status } });
    return isHeld || graceSeconds > 0 ? { object, isGone: false } : this.#remove(resource, object);
  }

  #remove(resource: Resource, object: KubeObject): { readonly object: KubeObject; readonly isGone: boolean } {
    return { object: this.#options.history.remove(resource, keyOf(object)) ?? object, isGone: true };
  }

  #live(resource: Resource, key: ObjectKey): Entry {
    const live = this.#options.history.entry(resource, key);
    if (live === undefined) throw notFound(resource, key.name);
    return live;
  }

  #insert(
    resource: Resource,
    key: ObjectKey,
    { body, owners }: { readonly body: JsonObject; readonly owners: Owners },
  ): KubeObject {
    return this.#options.history.put(resource, { object: this.#made(resource, key, body), owners });
  }

  /** What becomes of a new object before it is stored. */
  #made(resource: Resource, key: ObjectKey, body: JsonObject): KubeObject {
    const { history, newUID, now } = this.#options;
    const { namespace, name } = key;
    if (resource.namespaced) this.#checkNamespace(resource, key);
    const namesake = history.entry(resource, key)?.object.metadata;
    if (namesake !== undefined) throw alreadyExists(resource, name, namesake.deletionTimestamp !== undefined);
    const traits = traitsOf(resource);
    const { labels, annotations, finalizers, ownerReferences } = metadataOf(body);
    const held = [...((finalizers as readonly string[] | undefined) ?? []), ...traits.firstFinalizers];
    const metadata = {
      ...(labels === undefined ? {} : { labels }),
      ...(resource.kind === NAMESPACES.kind ? { labels: { 'kubernetes.io/metadata.name': name } } : {}),
      ...(annotations === undefined ? {} : { annotations }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      name,
      ...(namespace === '' ? {} : { namespace }),
      uid: newUID(),
      creationTimestamp: rfc3339(now()),
      ...(traits.hasGeneration ? { generation: 1 } : {}),
      ...(held.length === 0 ? {} : { finalizers: held }),
    };
    const { status: _status, ...rest } = body;
    const status = traits.firstStatus;
    const own = status === undefined ? body : Object.keys(status).length === 0 ? rest : { ...rest, status };
    return asObject({ ...own, metadata });
  }

  #checkNamespace(resource: Resource, { namespace, name }: ObjectKey): void {
    const found = this.#options.history.entry(NAMESPACES, { namespace: '', name: namespace })?.object;
    if (found === undefined) throw notFound(NAMESPACES, namespace);
    if (found.metadata.deletionTimestamp !== undefined) throw namespaceTerminating(resource, name, namespace);
  }

  #change(change: Change, patched: (live: JsonObject) => JsonObject): KubeObject {
    const live = this.#live(change.resource, change.key);
    const before = asJson(live.object);
    const after = patched(before);
    const { managedFields } = metadataOf(after);
    const isTold = !isSameJson(managedFields, metadataOf(before).managedFields);
    const owned = isTold ? ownersOf(managedFields) : live.owners;
    // Of an object that nobody owned anything of, an update says nothing either.
    const owners = owned.size === 0 ? owned : ownAfterUpdate(owned, { before, after, manager: change.manager });
    return this.#store(change, live, after, owners);
  }

  /** Stores what a patch made of an object, unless it made nothing of it. */
  #store({ resource, key, subresource }: Change, live: Entry, after: JsonObject, owners: Owners): KubeObject {
    const { history } = this.#options;
    const before = asJson(live.object);
    const sent = metadataOf(after);
    const { uid, resourceVersion } = live.object.metadata;
    if (sent.resourceVersion !== resourceVersion) throw conflict(resource, key.name, MODIFIED);
    if (subresource === 'status') {
      const object = asObject({ ...before, ...(after.status === undefined ? {} : { status: after.status }) });
      return isSameJson(object, before) ? live.object : history.put(resource, { object, owners: live.owners });
    }
    if (sent.uid !== uid) throw immutable(resource, key.name, sent.uid ?? null);
    const { status: _ignored, ...rest } = after;
    const next = traitsOf(resource).firstStatus === undefined ? after : { ...rest, ...statusOf(before) };
    const metadata = this.#nextMetadata({ resource, before: live.object, after: next });
    const object = asObject({ ...next, metadata });
    const isTerminating = object.metadata.deletionTimestamp !== undefined;
    if (
      isTerminating &&
      (object.metadata.finalizers ?? []).length === 0 &&
      !(Number(metadata.deletionGracePeriodSeconds ?? 0) > 0)
    ) {
      history.remove(resource, key);
      return object;
    }
    if (isSameJson(object, before) && isSameOwnership(owners, live.owners)) return live.object;
    return history.put(resource, { object, owners });
  }

  /** What the server alone decides is as it was; generation moves with what is neither metadata nor status. */
  #nextMetadata(change: {
    readonly resource: Resource;
    readonly before: KubeObject;
    readonly after: JsonObject;
  }): JsonObject {
    const { resource, before, after } = change;
    const old = metadataOf(asJson(before));
    const { labels, annotations, finalizers, ownerReferences } = metadataOf(after);
    const added = ((finalizers as readonly string[] | undefined) ?? []).filter(
      (finalizer) => !(before.metadata.finalizers ?? []).includes(finalizer),
    );
    if (before.metadata.deletionTimestamp !== undefined && added.length > 0)
      throw lateFinalizers(resource, before.metadata.name, added);
    const { labels: _l, annotations: _a, finalizers: _f, ownerReferences: _o, ...rest } = old;
    const { generation } = before.metadata;
    return {
      ...rest,
      ...Object.fromEntries(
        Object.entries({ labels, annotations, finalizers, ownerReferences }).filter(([, value]) => !isEmpty(value)),
      ),
      ...(generation === undefined
        ? {}
        : { generation: isSameJson(specOf(asJson(before)), specOf(after)) ? generation : generation + 1 }),
    };
  }
}

function check(
  resource: Resource,
  { metadata }: KubeObject,
  { uid, resourceVersion }: NonNullable<DeleteOptions['preconditions']>,
): void {
  const { name } = metadata;
  if (uid !== undefined && uid !== metadata.uid) {
    const why = 'The object might have been deleted and then recreated';
    throw preconditionFailed(resource, name, { what: 'UID', wanted: uid, found: metadata.uid ?? '', why });
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const found = metadata.resourceVersion ?? '';
    const why = 'The object might have been modified';
    throw preconditionFailed(resource, name, { what: 'ResourceVersion', wanted: resourceVersion, found, why });
  }
}

/** Only a Pod that has a node and has not ended is given time: its kubelet says when it is over. */
function graceOf(object: KubeObject, asked: number | undefined): number {
  if (object.kind !== 'Pod') return 0;
  const { spec, status } = asJson(object) as { readonly spec?: JsonObject; readonly status?: JsonObject };
  const hasEnded = status?.phase === 'Failed' || status?.phase === 'Succeeded';
  if (spec?.nodeName === undefined || hasEnded) return 0;
  return asked ?? Number(spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS);
}

function immutable(resource: Resource, name: string, value: Json): Error {
  const message = `Invalid value: ${JSON.stringify(value)}: field is immutable`;
  return invalid(resource, name, { reason: 'FieldValueInvalid', message, field: 'metadata.uid' });
}

function lateFinalizers(resource: Resource, name: string, added: readonly string[]): Error {
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  return invalid(resource, name, { reason: 'FieldValueForbidden', message, field: 'metadata.finalizers' });
}

function metadataOf(object: JsonObject): JsonObject {
  return (object.metadata ?? {}) as JsonObject;
}

function statusOf({ status }: JsonObject): JsonObject {
  return status === undefined ? {} : { status };
}

function specOf({ metadata: _metadata, status: _status, ...rest }: JsonObject): JsonObject {
  return rest;
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** The two names of one thing: what is stored is an object of the API and JSON. */
function asJson(object: KubeObject): JsonObject {
  return object as unknown as JsonObject;
}

function asObject(json: JsonObject): KubeObject {
  return json as unknown as KubeObject;
}

/** The API has whole seconds. */
function rfc3339(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
