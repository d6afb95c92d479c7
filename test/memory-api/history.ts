import type { KubeObject, Resource } from '../../src/kube/objects.ts';
import { keyOf, keyString } from '../../src/kube/objects.ts';
import { withManagedFields } from './managed-fields.ts';
import type { Owners } from './ownership.ts';

export interface Entry {
  readonly object: KubeObject;
  readonly owners: Owners;
}

/** One write. Without `after` a deletion, whose version the object in `before` does not have. */
export interface Change {
  readonly version: number;
  readonly kind: string;
  readonly before?: KubeObject;
  readonly after?: KubeObject;
}

export type Listener = (change: Change) => void;

/** Objects under one global version that grows with every write, and the writes that led to them. */
export class History {
  readonly #entries = new Map<string, Map<string, Entry>>();
  /** What was asked for since the last write of the kind. */
  readonly #sorted = new Map<string, readonly KubeObject[]>();
  readonly #listeners = new Set<Listener>();
  #changes: Change[] = [];
  #version: number;
  #oldest: number;

  constructor(firstVersion: number) {
    this.#version = firstVersion;
    this.#oldest = firstVersion;
  }

  get version(): number {
    return this.#version;
  }

  /** Before this version nothing is known any more. */
  get oldest(): number {
    return this.#oldest;
  }

  entry(resource: Resource, key: { readonly namespace: string; readonly name: string }): Entry | undefined {
    return this.#entries.get(kindOf(resource))?.get(keyString(key));
  }

  /** The objects of a kind as of a version, in the order of their keys. */
  objects(resource: Resource, version = this.#version): readonly KubeObject[] {
    const kind = kindOf(resource);
    const present =
      this.#sorted.get(kind) ?? inOrder([...(this.#entries.get(kind)?.values() ?? [])].map(({ object }) => object));
    this.#sorted.set(kind, present);
    if (version === this.#version) return present;
    const found = new Map(present.map((object) => [keyString(keyOf(object)), object]));
    for (const { before, after } of this.since(resource, version).toReversed()) {
      if (after !== undefined) found.delete(keyString(keyOf(after)));
      if (before !== undefined) found.set(keyString(keyOf(before)), before);
    }
    return inOrder([...found.values()]);
  }

  /** Stores the object under the next version, and returns it with that. */
  put(resource: Resource, { object, owners }: Entry): KubeObject {
    const kind = kindOf(resource);
    this.#version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
    const after = withManagedFields({ ...object, metadata }, owners);
    const entries = this.#entries.get(kind) ?? new Map<string, Entry>();
    const before = entries.get(keyString(keyOf(object)))?.object;
    entries.set(keyString(keyOf(object)), { object: after, owners });
    this.#entries.set(kind, entries);
    this.#tell({ version: this.#version, kind, after, ...(before === undefined ? {} : { before }) });
    return after;
  }

  /** The object with the version of its end; undefined when there is none. */
  remove(resource: Resource, key: { readonly namespace: string; readonly name: string }): KubeObject | undefined {
    const kind = kindOf(resource);
    const before = this.entry(resource, key)?.object;
    if (before === undefined) return undefined;
    this.#version += 1;
    this.#entries.get(kind)?.delete(keyString(key));
    this.#tell({ version: this.#version, kind, before });
    return { ...before, metadata: { ...before.metadata, resourceVersion: String(this.#version) } };
  }

  since(resource: Resource, version: number): readonly Change[] {
    const kind = kindOf(resource);
    return this.#changes.filter((change) => change.kind === kind && change.version > version);
  }

  /** Calls back after every write of any kind; returns how to end it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  compact(): void {
    this.#changes = [];
    this.#oldest = this.#version;
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    this.#sorted.delete(change.kind);
    for (const listener of [...this.#listeners]) listener(change);
  }
}

function inOrder(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.toSorted((a, b) => (keyString(keyOf(a)) < keyString(keyOf(b)) ? -1 : 1));
}

export function kindOf({ group, plural }: Resource): string {
  return `${plural}.${group}`;
}
