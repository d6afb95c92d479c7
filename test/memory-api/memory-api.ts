import type { JsonPatchOperation } from '../../src/kube/client.ts';
import { type KubeObject, keyOf, type ObjectKey, type Resource } from '../../src/kube/objects.ts';
import { History, kindOf } from './history.ts';
import { apiVersionOf, NAMESPACES, traitsOf } from './kinds.ts';
import { answer, expired, notFound, Refusal } from './refusal.ts';
import { readTarget, type Target } from './request.ts';
import type { ApiRequest, ApiResponse, ApiWatch, Json, JsonObject } from './rest.ts';
import { readSelector } from './selectors.ts';
import { Watch } from './watch.ts';
import { type DeleteOptions, Writes } from './writes.ts';

export type { ApiRequest, ApiResponse, ApiWatch } from './rest.ts';

export interface MemoryApiOptions {
  readonly now: () => Date;
  readonly newUID: () => string;
  /** Kinds that are served from the start; Namespaces always are. */
  readonly kinds: readonly Resource[];
  /** For bookmarks and timeoutSeconds; returns how to cancel. Without it there are neither. */
  readonly schedule?: (delayMs: number, callback: () => void) => () => void;
}

const FIRST_VERSION = 1_000;

/**
 * A Kubernetes API in memory, at the level of requests and answers, for what this project's code and tests ask of one.
 * test/integration/memory-api compares it with the real apiserver, request by request. Left out: validation and defaults
 * of schemas, CEL, admission policies, authorization, managedFields of status and times in the others, list
 * types other than atomic, and all controllers. What it does not know it throws at, instead of answering it wrongly.
 */
export class MemoryApi {
  readonly #options: MemoryApiOptions;
  readonly #kinds = new Map<string, Resource>();
  readonly #history = new History(FIRST_VERSION);
  readonly #writes: Writes;
  readonly #watches = new Set<Watch>();
  readonly #requests: ApiRequest[] = [];

  constructor(options: MemoryApiOptions) {
    this.#options = options;
    this.#writes = new Writes({ ...options, history: this.#history });
    for (const resource of [NAMESPACES, ...options.kinds]) this.addKind(resource);
  }

  /** Answers one request; a watch request gives an ApiWatch, or an ApiResponse when it is refused. */
  handle(request: ApiRequest): ApiResponse | ApiWatch {
    this.#requests.push(request);
    try {
      return this.#answer(request, readTarget(request, this.#kinds.values()));
    } catch (error) {
      if (error instanceof Refusal) return error.response;
      throw error;
    }
  }

  /** The past is forgotten: watches from before the present version get 410. Open ones have seen everything and go on. */
  compact(): void {
    this.#history.compact();
  }

  /** Every open watch gets an ERROR event with 410 and ends. */
  expireWatches(): void {
    for (const watch of [...this.#watches]) watch.expire('The resourceVersion for the provided watch is too old.');
  }

  /** The version of the last write. */
  get version(): number {
    return this.#history.version;
  }

  /** Every request so far, in order. */
  get requests(): readonly ApiRequest[] {
    return this.#requests;
  }

  /** All objects of a kind as they are stored, in the order of their keys. */
  objects(resource: Resource): readonly KubeObject[] {
    return this.#history.objects(resource);
  }

  object(resource: Resource, key: ObjectKey): KubeObject | undefined {
    return this.#history.entry(resource, key)?.object;
  }

  addKind(resource: Resource): void {
    this.#kinds.set(kindOf(resource), resource);
  }

  /** As when a CRD is deleted: the objects go whatever holds them, watches end, and requests get 404. */
  removeKind(resource: Resource): void {
    for (const object of this.objects(resource)) this.#history.remove(resource, keyOf(object));
    this.#kinds.delete(kindOf(resource));
    for (const watch of [...this.#watches]) if (watch.kind === kindOf(resource)) watch.close();
  }

  #answer(request: ApiRequest, target: Target): ApiResponse | ApiWatch {
    switch (request.method) {
      case 'GET':
        if (target.query.get('watch') === 'true') return this.#watch(request, target);
        return target.name === '' ? this.#list(request, target) : this.#get(request, target);
      case 'POST':
        return this.#post(request, target);
      case 'PATCH':
        return this.#patch(request, target);
      case 'DELETE':
        return this.#delete(request, target);
      default:
        throw new Error(`The memory API does not know ${request.method}`);
    }
  }

  #get(request: ApiRequest, { resource, namespace, name }: Target): ApiResponse {
    const object = this.object(resource, { namespace, name });
    if (object === undefined) throw notFound(resource, name);
    return answer(200, shownBy(request)(object));
  }

  #list(request: ApiRequest, { resource, namespace, query }: Target): ApiResponse {
    const limit = Number(query.get('limit') ?? 0);
    const from = readContinue(query.get('continue'));
    const version = from?.version ?? this.#history.version;
    if (version < this.#history.oldest) throw expired(CONTINUE_EXPIRED);
    const select = readSelector(query, { resource, namespace });
    const rest = this.#history
      .objects(resource, version)
      .filter((object) => select(object) && (from === undefined || pathOf(object.metadata) > from.after));
    const items = limit > 0 ? rest.slice(0, limit) : rest;
    const last = items.at(-1);
    const hasSelector = query.has('labelSelector') || query.has('fieldSelector');
    const more =
      last === undefined || items.length === rest.length
        ? {}
        : {
            continue: writeContinue({ version, after: pathOf(last.metadata) }),
            ...(hasSelector ? {} : { remainingItemCount: rest.length - items.length }),
          };
    const show = shownBy(request);
    const isTyped = traitsOf(resource).isCustom || isMetadataOnly(request);
    return answer(200, {
      ...listType(request, resource),
      metadata: { resourceVersion: String(version), ...more },
      items: items.map((object) => (isTyped ? show(object) : withoutType(object))),
    });
  }

  #watch(request: ApiRequest, target: Target): ApiWatch {
    const { schedule } = this.#options;
    const watch = new Watch({
      history: this.#history,
      target,
      show: shownBy(request),
      onEnd: (ended) => void this.#watches.delete(ended),
      ...(schedule === undefined ? {} : { schedule }),
    });
    this.#watches.add(watch);
    return watch;
  }

  #post(request: ApiRequest, target: Target): ApiResponse {
    if (target.subresource === 'binding') {
      const { target: node } = bodyOf(request) as { readonly target: { readonly name: string } };
      this.#writes.bind(changeOf(target), node.name);
      return answer(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
    }
    const isDryRun = target.query.get('dryRun') === 'All';
    return answer(201, shownBy(request)(this.#writes.create(changeOf(target), bodyOf(request), isDryRun)));
  }

  #patch(request: ApiRequest, target: Target): ApiResponse {
    const change = changeOf(target);
    switch (request.contentType) {
      case 'application/merge-patch+json':
        return answer(200, shownBy(request)(this.#writes.mergePatch(change, bodyOf(request))));
      case 'application/json-patch+json': {
        const operations = JSON.parse(request.body ?? '') as readonly JsonPatchOperation[];
        return answer(200, shownBy(request)(this.#writes.jsonPatch(change, operations)));
      }
      case 'application/apply-patch+yaml': {
        if (target.subresource !== '' || target.query.get('force') !== 'true')
          throw new Error('The memory API knows server-side apply with force and of whole objects only');
        const { object, isNew } = this.#writes.apply(change, bodyOf(request));
        return answer(isNew ? 201 : 200, shownBy(request)(object));
      }
      default:
        throw new Error(`The memory API does not know patches of type ${request.contentType}`);
    }
  }

  #delete(request: ApiRequest, target: Target): ApiResponse {
    if (target.name === '') throw new Error('The memory API does not delete collections');
    const options = JSON.parse(request.body || '{}') as DeleteOptions & { readonly propagationPolicy?: string };
    const { propagationPolicy = 'Background' } = options;
    if (propagationPolicy !== 'Background')
      throw new Error(`The memory API does not know ${propagationPolicy} deletion`);
    const { object, isGone } = this.#writes.delete(changeOf(target), options);
    const { resource, name } = target;
    if (!isGone || traitsOf(resource).isReturnedByDelete) return answer(200, shownBy(request)(object));
    const { group, plural } = resource;
    const details = { name, ...(group === '' ? {} : { group }), kind: plural, uid: object.metadata.uid ?? '' };
    return answer(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
  }
}

const CONTINUE_EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.';

interface Continue {
  readonly version: number;
  /** The path of the last object of the page before. */
  readonly after: string;
}

function readContinue(token: string | null): Continue | undefined {
  if (token === null || token === '') return undefined;
  return JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Continue;
}

function writeContinue(from: Continue): string {
  return Buffer.from(JSON.stringify(from)).toString('base64url');
}

function pathOf({ namespace = '', name }: KubeObject['metadata']): string {
  return `${namespace}/${name}`;
}

function changeOf({ resource, namespace, name, subresource, query }: Target) {
  return { resource, key: { namespace, name }, subresource, manager: query.get('fieldManager') ?? 'unknown' };
}

function bodyOf({ body = '' }: ApiRequest): JsonObject {
  return JSON.parse(body) as JsonObject;
}

function isMetadataOnly({ accept = '' }: ApiRequest): boolean {
  return accept.includes('as=PartialObjectMetadata');
}

function shownBy(request: ApiRequest): (object: KubeObject) => JsonObject {
  if (!isMetadataOnly(request)) return (object) => object as unknown as JsonObject;
  return ({ metadata }) => ({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: metadata as unknown as Json,
  });
}

function listType(request: ApiRequest, resource: Resource): JsonObject {
  if (isMetadataOnly(request)) return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' };
  return { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource) };
}

/** Items of a list of a built-in kind do not say what they are. */
function withoutType(object: KubeObject): JsonObject {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object as unknown as JsonObject;
  return rest;
}
