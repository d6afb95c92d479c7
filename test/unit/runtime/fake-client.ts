import type { CallOptions, KubeClient, WatchEvent, WatchOptions } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import type { KubeObject, ObjectKey, Resource } from '../../../src/kube/objects.ts';

export const CONFIG_MAPS: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};
export const PODS: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
export const WIDGETS: Resource = {
  group: 'example.test',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

export interface Call {
  readonly verb: 'get' | 'create' | 'apply' | 'patch' | 'delete';
  readonly kind: string;
  readonly name: string;
  readonly body?: unknown;
  readonly subresource?: string;
}

/** What a call is answered with: an object, or an error that is thrown. Undefined stands for an object of that name. */
export type Answer = (call: Call) => KubeObject | Error | undefined;

/** Records every call in order. Objects that it makes up have uid `uid-NAME` and growing resource versions from 101 on. */
export class FakeClient implements KubeClient {
  readonly calls: Call[] = [];
  readonly watches: WatchOptions[] = [];
  answer: Answer = () => undefined;
  /** One script per watch, in turn; when none is left the watch stays open and silent. */
  readonly scripts: ((signal: AbortSignal) => AsyncIterable<WatchEvent<KubeObject>>)[] = [];
  #version = 100;

  /** verb Kind/name of every call, for comparing the order. */
  get log(): readonly string[] {
    return this.calls.map(
      ({ verb, kind, name, subresource }) =>
        `${verb} ${kind}/${name}${subresource === undefined ? '' : `/${subresource}`}`,
    );
  }

  async get<T extends KubeObject>(resource: Resource, key: ObjectKey, _options?: CallOptions): Promise<T> {
    return this.#reply<T>(resource, { verb: 'get', kind: resource.kind, name: key.name });
  }

  async list(): Promise<never> {
    throw new ApiError('not scripted', { code: 500 });
  }

  async *watch<T extends KubeObject>(_resource: Resource, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    this.watches.push(options);
    const script = this.scripts.shift() ?? silence;
    yield* script(options.signal) as AsyncIterable<WatchEvent<T>>;
  }

  async create<T extends KubeObject>(resource: Resource, object: T): Promise<T> {
    return this.#reply<T>(resource, { verb: 'create', kind: resource.kind, name: object.metadata.name, body: object });
  }

  async apply<T extends KubeObject>(resource: Resource, object: KubeObject): Promise<T> {
    return this.#reply<T>(resource, { verb: 'apply', kind: resource.kind, name: object.metadata.name, body: object });
  }

  async patch<T extends KubeObject>(
    resource: Resource,
    key: ObjectKey,
    body: unknown,
    options: { readonly subresource?: string },
  ): Promise<T> {
    const { subresource } = options;
    return this.#reply<T>(resource, {
      verb: 'patch',
      kind: resource.kind,
      name: key.name,
      body,
      ...(subresource === undefined ? {} : { subresource }),
    });
  }

  async delete(
    resource: Resource,
    key: ObjectKey,
    { uid, resourceVersion }: { readonly uid?: string; readonly resourceVersion?: string },
  ): Promise<void> {
    this.#reply(resource, { verb: 'delete', kind: resource.kind, name: key.name, body: { uid, resourceVersion } });
  }

  #reply<T extends KubeObject>(resource: Resource, call: Call): T {
    this.calls.push(call);
    const answer = this.answer(call);
    if (answer instanceof Error) throw answer;
    return (answer ?? made(resource, { name: call.name, version: `${++this.#version}` })) as T;
  }
}

async function* silence(signal: AbortSignal): AsyncGenerator<WatchEvent<KubeObject>> {
  await new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

/** An object as the apiserver would return it. */
export function made(
  resource: Resource,
  options: {
    readonly name: string;
    readonly version: string;
    readonly uid?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  },
): KubeObject {
  const { name, version, uid = `uid-${name}`, ...rest } = options;
  return {
    apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
    kind: resource.kind,
    metadata: { namespace: 'ns', name, uid, resourceVersion: version, ...rest },
  };
}

export function alreadyExists(): ApiError {
  return new ApiError('it already exists', { code: 409, reason: 'AlreadyExists' });
}

export function conflict(): ApiError {
  return new ApiError('it was modified', { code: 409, reason: 'Conflict' });
}
