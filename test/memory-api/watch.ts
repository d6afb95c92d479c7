import type { KubeObject, Resource } from '../../src/kube/objects.ts';
import { type Change, type History, kindOf } from './history.ts';
import { apiVersionOf } from './kinds.ts';
import { expiredStatus } from './refusal.ts';
import type { Target } from './request.ts';
import type { ApiWatch, Json } from './rest.ts';
import { readSelector, type Selector } from './selectors.ts';

export interface WatchOptions {
  readonly history: History;
  readonly target: Target;
  readonly show: (object: KubeObject) => Json;
  readonly schedule?: (delayMs: number, callback: () => void) => () => void;
  readonly onEnd: (watch: Watch) => void;
}

const BOOKMARK_MS = 60_000;

/** One open watch: what is there already, where that was asked for, then every change as the selector sees it. */
export class Watch implements ApiWatch {
  readonly kind: string;
  readonly #options: WatchOptions;
  readonly #select: Selector;
  readonly #pending: string[] = [];
  readonly #cancels: (() => void)[] = [];
  #wake: () => void = () => undefined;
  #isOver = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    const { history, target } = options;
    const { query, resource } = target;
    this.kind = kindOf(resource);
    this.#select = readSelector(query, target);
    const start = readStart(query);
    if (start !== undefined && start < history.oldest) {
      this.expire(`too old resource version: ${start} (${history.oldest})`);
      return;
    }
    if (start === undefined)
      for (const object of history.objects(resource)) this.#tell('ADDED', object, this.#select(object));
    else for (const change of history.since(resource, start)) this.#follow(change);
    if (query.get('sendInitialEvents') === 'true') this.#bookmark({ 'k8s.io/initial-events-end': 'true' });
    this.#cancels.push(history.onChange((change) => this.#follow(change)));
    this.#setTimers();
  }

  readonly lines: AsyncIterable<string> = { [Symbol.asyncIterator]: () => this.#iterate() };

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const cancel of this.#cancels) cancel();
    this.#wake();
    this.#options.onEnd(this);
  }

  /** Says that the version is gone, and ends. */
  expire(message: string): void {
    this.#say('ERROR', expiredStatus(message));
    this.close();
  }

  async *#iterate(): AsyncGenerator<string> {
    try {
      for (;;) {
        const line = this.#pending.shift();
        if (line !== undefined) yield line;
        else if (this.#isOver) return;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      this.close();
    }
  }

  #follow({ kind, version, before, after }: Change): void {
    if (kind !== this.kind) return;
    const was = before !== undefined && this.#select(before);
    const is = after !== undefined && this.#select(after);
    if (is) this.#tell(was ? 'MODIFIED' : 'ADDED', after, true);
    // As it was last seen, under the version at which it went.
    else if (before !== undefined)
      this.#tell('DELETED', { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } }, was);
  }

  #tell(type: string, object: KubeObject, isSelected: boolean): void {
    if (isSelected) this.#say(type, this.#options.show(object));
  }

  #say(type: string, object: Json): void {
    if (this.#isOver) return;
    this.#pending.push(`${JSON.stringify({ type, object })}\n`);
    this.#wake();
  }

  #bookmark(annotations?: Readonly<Record<string, string>>): void {
    const { history, target, show } = this.#options;
    this.#say('BOOKMARK', show(bookmark(target.resource, history.version, annotations)));
  }

  #setTimers(): void {
    const { schedule, target } = this.#options;
    if (schedule === undefined) return;
    const again = (): void => {
      this.#bookmark();
      cancel = schedule(BOOKMARK_MS, again);
    };
    let cancel = (): void => undefined;
    if (target.query.get('allowWatchBookmarks') === 'true') cancel = schedule(BOOKMARK_MS, again);
    this.#cancels.push(() => cancel());
    const seconds = Number(target.query.get('timeoutSeconds') ?? 0);
    if (seconds > 0) this.#cancels.push(schedule(seconds * 1000, () => this.close()));
  }
}

/** The version to go on from; undefined: everything that is there comes first. */
function readStart(query: URLSearchParams): number | undefined {
  const version = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(version)) throw new Error(`The memory API does not know the version "${version}"`);
  return query.get('sendInitialEvents') === 'true' || version === '' || version === '0' ? undefined : Number(version);
}

function bookmark(resource: Resource, version: number, annotations?: Readonly<Record<string, string>>): KubeObject {
  const metadata = { resourceVersion: String(version), ...(annotations === undefined ? {} : { annotations }) };
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata } as KubeObject;
}
