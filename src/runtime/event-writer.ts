import { hostname } from 'node:os';
import { API_VERSION } from '../apis/v1alpha1/names.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isNotFound } from '../kube/errors.ts';
import type { KubeObject, ObjectKey, Resource } from '../kube/objects.ts';
import { canonicalJson, sha256Hex } from '../platform/digest.ts';
import { LruMap } from './lru-map.ts';
import { microTime } from './micro-time.ts';
import type { EventEffect } from './plan.ts';

/** What happened, and how often since it was last written. */
export interface Occurrence {
  readonly event: EventEffect;
  readonly times: number;
  readonly lastAt: Date;
}

interface EventObject extends KubeObject {
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const FIELD_MANAGER = 'molecule-operator-events';
const MAX_NOTE_BYTES = 1024;
/** Events whose count is remembered. For one that was forgotten the apiserver is asked. */
const REMEMBERED = 4096;

/**
 * Writes Events under names that follow from their content: the same thing about the same object is one Event, created
 * when it happens first and counted as its series from then on, for as long as the apiserver keeps it. That holds across
 * restarts of this process too, because the name is found taken. Needs the verbs create and patch.
 */
export class EventWriter {
  readonly #client: KubeClient;
  readonly #counts = new LruMap<string, number>(REMEMBERED);

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async write(occurrence: Occurrence, signal: AbortSignal): Promise<void> {
    const { regarding } = occurrence.event;
    const key = { namespace: regarding.namespace, name: nameOf(occurrence.event) };
    const isCounted = this.#counts.get(key.name) !== undefined || !(await this.#create(key, occurrence, signal));
    if (!isCounted) return;
    const count = (this.#counts.get(key.name) ?? (await this.#readCount(key, signal))) + occurrence.times;
    try {
      await this.#patch(key, { series: { count, lastObservedTime: microTime(occurrence.lastAt) } }, signal);
      this.#counts.set(key.name, count);
    } catch (error) {
      this.#counts.delete(key.name);
      if (!isNotFound(error)) throw error;
      // The apiserver drops Events after an hour. One that happens again is news.
      await this.#create(key, occurrence, signal);
    }
  }

  /** False: it is there already. */
  async #create(key: ObjectKey, { event, times, lastAt }: Occurrence, signal: AbortSignal): Promise<boolean> {
    const { regarding, type, reason, action, note } = event;
    const at = microTime(lastAt);
    const object = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: key,
      eventTime: at,
      ...(times > 1 ? { series: { count: times, lastObservedTime: at } } : {}),
      reportingController: `${API_VERSION.split('/')[0]}/operator`,
      reportingInstance: hostname(),
      type,
      reason,
      action,
      note: truncate(note),
      regarding,
    } satisfies EventObject & Record<string, unknown>;
    try {
      await this.#client.create(EVENTS, object, { fieldManager: FIELD_MANAGER, signal });
    } catch (error) {
      if (isAlreadyExists(error)) return false;
      throw error;
    }
    this.#counts.set(key.name, times);
    return true;
  }

  /** An empty patch changes nothing and is answered with the object, so that no right to read Events is needed. */
  async #readCount(key: ObjectKey, signal: AbortSignal): Promise<number> {
    return (await this.#patch(key, {}, signal)).series?.count ?? 1;
  }

  async #patch(key: ObjectKey, patch: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<EventObject> {
    return this.#client.patch<EventObject>(EVENTS, key, patch, { fieldManager: FIELD_MANAGER, signal });
  }
}

export function nameOf({ regarding, type, reason, action, note }: EventEffect): string {
  const identity = sha256Hex(canonicalJson({ regarding, type, reason, action, note })).slice(0, 16);
  return `${regarding.name.slice(0, 200)}.${identity}`;
}

/** Cut between characters: half of one would come back as three bytes. */
function truncate(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= MAX_NOTE_BYTES) return note;
  return new TextDecoder().decode(bytes.subarray(0, MAX_NOTE_BYTES), { stream: true });
}
