import type { KubeObject, ObjectKey, Resource } from './objects.ts';

/**
 * The port through which everything talks to the apiserver. The real one is `http-client.ts`.
 *
 * Errors: every call rejects with an `ApiError` (errors.ts) when the server answered with a failure, and with a
 * `TransportError` when it did not answer. Reads and the idempotent verbs (apply, merge patch, delete with a uid) are
 * retried inside on 429 and 503 (Retry-After honoured) and on connection loss; a POST never is, because its
 * outcome is unknown: the caller's next pass sees the truth or a 409.
 */
export interface KubeClient {
  get<T extends KubeObject>(resource: Resource, key: ObjectKey, options: CallOptions): Promise<T>;
  /** One page; pass `continue` of the last page to go on. `items` are raw and carry apiVersion and kind. */
  list<T extends KubeObject>(resource: Resource, options: ListOptions): Promise<ListPage<T>>;
  /** Ends normally when the server closes the watch. ERROR events are thrown as WatchErrorEvent, an ApiError. */
  watch<T extends KubeObject>(resource: Resource, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(resource: Resource, object: T, options: CreateOptions): Promise<T>;
  /** Server-side apply with force: the full intent of one field manager. */
  apply<T extends KubeObject>(resource: Resource, object: KubeObject, options: ApplyOptions): Promise<T>;
  /** JSON merge patch (an object) or JSON patch (an array of operations). */
  patch<T extends KubeObject>(resource: Resource, key: ObjectKey, patch: PatchBody, options: PatchOptions): Promise<T>;
  /** That it is gone already is success. A failed precondition rejects with a conflict. */
  delete(resource: Resource, key: ObjectKey, options: DeleteOptions): Promise<void>;
}

export interface CallOptions {
  readonly signal: AbortSignal;
}

/** Of what lies at a path that is no object's. */
export interface ReadOptions extends CallOptions {
  readonly metadataOnly?: boolean;
  /** A longer answer is given up. */
  readonly maxBytes?: number;
}

export interface ListOptions extends CallOptions {
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly metadataOnly?: boolean;
}

export interface ListPage<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continue?: string;
}

export interface WatchOptions extends Omit<ListOptions, 'limit' | 'continue' | 'metadataOnly'> {
  /** Resume after this version. Absent with `sendInitialEvents`: the server streams the present state first. */
  readonly resourceVersion?: string;
  /** WatchList: ADDED for everything, then a BOOKMARK annotated `k8s.io/initial-events-end`. */
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number;
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

export interface WriteOptions extends CallOptions {
  readonly fieldManager: string;
}

export interface CreateOptions extends WriteOptions {
  /** Everything is judged, and nothing is stored. */
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  readonly subresource?: 'status';
}

export type PatchBody = Readonly<Record<string, unknown>> | readonly JsonPatchOperation[];

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

export interface PatchOptions extends WriteOptions {
  readonly subresource?: 'status';
}

export interface DeleteOptions extends CallOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly gracePeriodSeconds?: number;
}
