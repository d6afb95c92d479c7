import { backoffMs } from '../platform/backoff.ts';
import type { Clock } from '../platform/clock.ts';
import type {
  ApplyOptions,
  CallOptions,
  CreateOptions,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ListPage,
  PatchBody,
  PatchOptions,
  ReadOptions,
  WatchEvent,
  WatchOptions,
} from './client.ts';
import { ApiError, isNotFound, isRetryable } from './errors.ts';
import type { KubeObject, ObjectKey, Resource } from './objects.ts';
import { collectionPath, objectPath } from './paths.ts';
import { readText, type Transport, type TransportRequest, type TransportResponse } from './transport.ts';
import { decodeWatch } from './watch-stream.ts';

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
const RETRIES = 4;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
/** A server that asks for more patience gets it from the caller's backoff. */
const LONGEST_RETRY_AFTER_MS = 30_000;

interface RawList {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  /** Null in an empty list of metadata. */
  readonly items: readonly KubeObject[] | null;
}

export interface HttpKubeClientOptions {
  readonly clock: Clock;
  readonly random: () => number;
}

/** What the client needs of a transport. */
export type HttpTransport = Pick<Transport, 'call' | 'stream' | 'close'>;

/** The client over HTTP/2. Raw JSON both ways: no model classes, no dates, no field is ever dropped. */
export class HttpKubeClient implements KubeClient {
  readonly #transport: HttpTransport;
  readonly #options: HttpKubeClientOptions;

  constructor(transport: HttpTransport, options: HttpKubeClientOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  async get<T extends KubeObject>(resource: Resource, key: ObjectKey, { signal }: CallOptions): Promise<T> {
    return this.#retried<T>({ method: 'GET', path: objectPath(resource, key), signal });
  }

  /**
   * The JSON at a path that is no object's, such as /version, or the metadata of an object alone. For the plugin; the
   * operator's port does without.
   */
  async read(path: string, { signal, metadataOnly, maxBytes }: ReadOptions): Promise<unknown> {
    return this.#retried({
      method: 'GET',
      path,
      signal,
      ...(metadataOnly === true ? { accept: METADATA_ONLY } : {}),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
  }

  async list<T extends KubeObject>(resource: Resource, options: ListOptions): Promise<ListPage<T>> {
    const { namespace, labelSelector, fieldSelector, limit, signal } = options;
    const path = collectionPath(resource, namespace, {
      labelSelector,
      fieldSelector,
      limit,
      continue: options.continue,
    });
    const accept = options.metadataOnly === true ? { accept: METADATA_LIST } : {};
    const raw = await this.#retried<RawList>({ method: 'GET', path, signal, ...accept });
    // Items of a list do not say what they are; those of a watch do.
    const type = {
      apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
      kind: resource.kind,
    };
    return {
      items: (raw.items ?? []).map((item) => ({ ...type, ...item }) as KubeObject as T),
      resourceVersion: raw.metadata.resourceVersion ?? '',
      ...(raw.metadata.continue === undefined || raw.metadata.continue === ''
        ? {}
        : { continue: raw.metadata.continue }),
    };
  }

  async *watch<T extends KubeObject>(resource: Resource, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const { namespace, labelSelector, fieldSelector, resourceVersion, timeoutSeconds, signal } = options;
    const initial =
      options.sendInitialEvents === true ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' } : {};
    const query = {
      watch: true,
      allowWatchBookmarks: true,
      labelSelector,
      fieldSelector,
      resourceVersion,
      timeoutSeconds,
      ...initial,
    };
    const stream = await this.#transport.stream({
      method: 'GET',
      path: collectionPath(resource, namespace, query),
      signal,
    });
    if (stream.code !== 200) throw toApiError({ ...stream, text: await readText(stream.chunks) });
    yield* decodeWatch<T>(stream.chunks);
  }

  async create<T extends KubeObject>(
    resource: Resource,
    object: T,
    { fieldManager, dryRun = false, signal }: CreateOptions,
  ): Promise<T> {
    const path = collectionPath(resource, object.metadata.namespace, {
      fieldManager,
      fieldValidation: 'Strict',
      ...(dryRun ? { dryRun: 'All' } : {}),
    });
    return this.#once<T>({ method: 'POST', path, body: json(object), signal });
  }

  async apply<T extends KubeObject>(resource: Resource, object: KubeObject, options: ApplyOptions): Promise<T> {
    const { fieldManager, subresource, signal } = options;
    const key = { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
    const path = objectPath(resource, key, {
      subresource,
      query: { fieldManager, force: true, fieldValidation: 'Strict' },
    });
    return this.#retried<T>({ method: 'PATCH', path, body: json(object, 'application/apply-patch+yaml'), signal });
  }

  async patch<T extends KubeObject>(
    resource: Resource,
    key: ObjectKey,
    patch: PatchBody,
    options: PatchOptions,
  ): Promise<T> {
    const { fieldManager, subresource, signal } = options;
    const path = objectPath(resource, key, { subresource, query: { fieldManager, fieldValidation: 'Strict' } });
    const isJsonPatch = Array.isArray(patch);
    const request = {
      method: 'PATCH',
      path,
      body: json(patch, `application/${isJsonPatch ? 'json' : 'merge'}-patch+json`),
      signal,
    } as const;
    // A JSON patch with a test may have been applied by the call whose answer was lost; its repetition would fail.
    return isJsonPatch ? this.#once<T>(request) : this.#retried<T>(request);
  }

  async delete(resource: Resource, key: ObjectKey, options: DeleteOptions): Promise<void> {
    const { uid, resourceVersion, gracePeriodSeconds, signal } = options;
    const body = json({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      preconditions: {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    });
    const request = { method: 'DELETE', path: objectPath(resource, key), body, signal } as const;
    try {
      await (uid === undefined ? this.#once(request) : this.#retried(request));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  close(): void {
    this.#transport.close();
  }

  async #once<T>(request: TransportRequest): Promise<T> {
    const response = await this.#transport.call(request);
    if (response.code < 200 || response.code > 299) throw toApiError(response);
    return JSON.parse(response.text) as T;
  }

  async #retried<T>(request: TransportRequest): Promise<T> {
    const { clock, random } = this.#options;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#once<T>(request);
      } catch (error) {
        if (attempt >= RETRIES || !isRetryable(error)) throw error;
        const asked = error instanceof ApiError ? error.retryAfterMs : undefined;
        if (asked !== undefined && asked > LONGEST_RETRY_AFTER_MS) throw error;
        const ownMs = backoffMs(attempt + 1, { firstMs: FIRST_RETRY_MS, capMs: LONGEST_RETRY_MS, random });
        await clock.sleep(Math.max(asked ?? 0, ownMs), request.signal);
      }
    }
  }
}

function json(
  value: unknown,
  contentType = 'application/json',
): { readonly contentType: string; readonly text: string } {
  return { contentType, text: JSON.stringify(value) };
}

function toApiError({ code, headers, text }: TransportResponse): ApiError {
  const retryAfter = Number(headers['retry-after']);
  const details = { code, retryAfterMs: Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined };
  try {
    const status = JSON.parse(text) as { readonly kind?: string; readonly message?: string; readonly reason?: string };
    if (status.kind === 'Status')
      return new ApiError(status.message ?? `HTTP ${code}`, { ...details, reason: status.reason ?? '' });
  } catch {
    // Not a Status: a proxy's page, or 401 as plain text. The code alone is what can be told.
  }
  return new ApiError(`The apiserver answered with HTTP ${code}`, details);
}
