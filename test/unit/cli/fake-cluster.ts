import type { ClusterClient, ClusterOptions } from '../../../src/cli/connect.ts';
import { runMolecule } from '../../../src/cli/molecule.ts';
import type { DeleteOptions, ListOptions, ListPage, WatchEvent, WatchOptions } from '../../../src/kube/client.ts';
import { ApiError, TransportError } from '../../../src/kube/errors.ts';
import type { KubeObject, ObjectKey, Resource } from '../../../src/kube/objects.ts';
import { type Captured, type CaptureOptions, capture } from './capture.ts';

export const NOW = new Date('2026-11-21T07:05:00Z');

export interface Patched {
  readonly kind: string;
  readonly key: ObjectKey;
  readonly body: unknown;
  readonly fieldManager: string;
}

/** What a cluster holds, and what it refuses. */
export interface FakeClusterOptions {
  readonly objects?: readonly KubeObject[];
  /** Instead of `objects`, what there is at each call. */
  readonly world?: () => readonly KubeObject[];
  /** Kinds that may not be read. */
  readonly forbidden?: readonly string[];
  /** Every call ends so. */
  readonly failure?: Error;
  /** What a watch tells; then it stays silent until it is aborted. */
  readonly watched?: () => readonly WatchEvent<KubeObject>[];
  /** What is at paths that hold no object. */
  readonly paths?: Readonly<Record<string, unknown>>;
  /** Whether a review of access is answered with yes. */
  readonly isAllowed?: (review: KubeObject) => boolean;
  /** The answers to so many creations get lost. */
  readonly lostAnswers?: number;
  /** Who asks. @default alex */
  readonly user?: string;
  /** Called with every write but those of reviews, before it is answered; what it throws is the answer. */
  readonly onWrite?: (write: Written) => void;
}

export interface Written {
  readonly verb: 'create' | 'patch' | 'delete';
  readonly kind: string;
  readonly name: string;
  readonly body?: unknown;
  /** Of a deletion, its precondition. */
  readonly uid?: string;
}

/** A client on objects in memory. Events are found by what they regard, everything else by namespace and name. */
export class FakeCluster implements ClusterClient {
  readonly patches: Patched[] = [];
  readonly writes: Written[] = [];
  readonly #options: FakeClusterOptions;
  #lostAnswers: number;

  constructor(options: FakeClusterOptions = {}) {
    this.#options = options;
    this.#lostAnswers = options.lostAnswers ?? 0;
  }

  async get<T extends KubeObject>(resource: Resource, key: ObjectKey): Promise<T> {
    this.#admit(resource.kind);
    const found = this.#all(resource.kind).find(
      ({ metadata }) => metadata.name === key.name && (metadata.namespace ?? '') === key.namespace,
    );
    if (found === undefined) throw notFound(`${resource.plural} "${key.name}" not found`);
    return found as T;
  }

  async list<T extends KubeObject>(resource: Resource, options: ListOptions): Promise<ListPage<T>> {
    options.signal.throwIfAborted();
    this.#admit(resource.kind);
    const items = this.#all(resource.kind)
      .filter(({ metadata }) => (options.namespace ?? metadata.namespace) === metadata.namespace)
      .filter((object) => selects(options.fieldSelector, object))
      .filter(
        ({ metadata }) => options.labelSelector === undefined || metadata.labels?.[options.labelSelector] !== undefined,
      );
    return { items: items as readonly KubeObject[] as readonly T[], resourceVersion: '1' };
  }

  async *watch<T extends KubeObject>(_resource: Resource, { signal }: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const events = this.#options.watched?.() ?? [];
    for (const event of events) yield event as WatchEvent<T>;
    await new Promise((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }

  async patch<T extends KubeObject>(
    resource: Resource,
    key: ObjectKey,
    body: unknown,
    { fieldManager }: { readonly fieldManager: string },
  ): Promise<T> {
    const object = await this.get<T>(resource, key);
    this.patches.push({ kind: resource.kind, key, body, fieldManager });
    this.#write({ verb: 'patch', kind: resource.kind, name: key.name, body });
    return object;
  }

  async create<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    this.#admit(resource.kind);
    this.#lostAnswers -= 1;
    if (this.#lostAnswers >= 0) throw new TransportError('reset');
    if (!resource.kind.endsWith('Review'))
      this.#write({ verb: 'create', kind: resource.kind, name: object.metadata.name, body: object });
    const userInfo = { username: this.#options.user ?? 'alex' };
    return { ...object, status: { allowed: this.#options.isAllowed?.(object) ?? true, userInfo } };
  }

  async delete(resource: Resource, { name }: ObjectKey, { uid }: DeleteOptions): Promise<void> {
    this.#admit(resource.kind);
    this.#write({ verb: 'delete', kind: resource.kind, name, ...(uid === undefined ? {} : { uid }) });
  }

  async read(path: string): Promise<unknown> {
    this.#admit(path);
    const found = this.#options.paths?.[path];
    if (found === undefined) throw notFound(`secrets "${path}" not found`);
    return found;
  }

  #admit(kind: string): void {
    if (this.#options.failure !== undefined) throw this.#options.failure;
    if (!this.#options.forbidden?.includes(kind)) return;
    throw new ApiError(`${kind} is forbidden: User "eve" may not`, { code: 403, reason: 'Forbidden' });
  }

  #write(write: Written): void {
    this.writes.push(write);
    this.#options.onWrite?.(write);
  }

  #all(kind: string): readonly KubeObject[] {
    const { objects = [], world = () => objects } = this.#options;
    return world().filter((object) => object.kind === kind);
  }
}

function notFound(message: string): ApiError {
  return new ApiError(message, { code: 404, reason: 'NotFound' });
}

function selects(fieldSelector: string | undefined, object: KubeObject): boolean {
  const { regarding, spec } = object as KubeObject & {
    readonly regarding?: { readonly kind: string; readonly name: string };
    readonly spec?: { readonly target?: { readonly uid: string }; readonly parentRef?: { readonly name: string } };
  };
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': object.metadata.name,
    'regarding.kind': regarding?.kind,
    'regarding.name': regarding?.name,
    'spec.target.uid': spec?.target?.uid,
    'spec.parentRef.name': spec?.parentRef?.name,
  };
  return (fieldSelector?.split(',') ?? []).every((term) => {
    const [field = '', value] = term.split('=');
    return fields[field] === value;
  });
}

export interface Run extends Captured {
  readonly cluster: FakeCluster;
  readonly connections: readonly ClusterOptions[];
}

export interface RunOptions extends FakeClusterOptions, CaptureOptions {
  readonly signal?: AbortSignal;
}

/** Runs the plugin on such a cluster, in the namespace acme, at NOW. */
export async function runOn(argv: readonly string[], options: RunOptions = {}): Promise<Run> {
  const cluster = new FakeCluster(options);
  const connections: ClusterOptions[] = [];
  const connect = async (wanted: ClusterOptions) => {
    connections.push(wanted);
    return { client: cluster, server: 'https://cluster.test', namespace: 'acme', close: () => undefined };
  };
  const context = {
    connect,
    now: () => NOW,
    programURL: new URL('../../../dist/kubectl-molecule.mjs', import.meta.url).href,
    signal: options.signal ?? new AbortController().signal,
  };
  const captured = await capture((io) => runMolecule(argv, { ...context, io }), options);
  return { ...captured, cluster, connections };
}
