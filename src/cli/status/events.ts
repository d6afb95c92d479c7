import type { KubeObject, Resource } from '../../kube/objects.ts';
import type { ClusterClient } from '../connect.ts';
import { listAll } from '../list-all.ts';
import { find } from '../read-object.ts';
import type { EventLine } from './object-status.ts';

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const MOST_EVENTS = 10;

/** An Event as either of the two APIs may have written it. */
export interface RawEvent extends KubeObject {
  readonly eventTime?: string | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string } | null;
  readonly deprecatedFirstTimestamp?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
  readonly deprecatedCount?: number;
  readonly type?: string;
  readonly reason?: string;
  readonly note?: string;
  readonly regarding?: { readonly kind?: string; readonly name?: string };
}

export interface EventSubject {
  readonly kind: string;
  readonly name: string;
}

/** The Events about these objects and their namesakes before them; undefined when they may not be read. */
export async function readEvents(
  subjects: readonly EventSubject[],
  options: { readonly client: ClusterClient; readonly namespace: string; readonly signal: AbortSignal },
): Promise<readonly RawEvent[] | undefined> {
  const { client, namespace, signal } = options;
  const lists = await Promise.all(
    subjects.map(({ kind, name }) => {
      const fieldSelector = `regarding.kind=${kind},regarding.name=${name}`;
      return find(listAll<RawEvent>(client, EVENTS, { namespace, fieldSelector, signal }));
    }),
  );
  if (lists.some(({ kind }) => kind === 'unreadable')) return undefined;
  return lists.flatMap((list) => (list.kind === 'found' ? list.value : []));
}

/** The latest ones, newest last. */
export function eventLines(events: readonly RawEvent[]): readonly EventLine[] {
  const lines = events.map(eventLine).sort((a, b) => Date.parse(a.lastSeen ?? '') - Date.parse(b.lastSeen ?? ''));
  return lines.slice(-MOST_EVENTS);
}

function eventLine(event: RawEvent): EventLine {
  const { series, metadata, regarding } = event;
  const created = event.eventTime ?? event.deprecatedFirstTimestamp ?? metadata.creationTimestamp ?? null;
  return {
    lastSeen: series?.lastObservedTime ?? event.deprecatedLastTimestamp ?? created,
    firstSeen: event.deprecatedFirstTimestamp ?? created,
    count: series?.count ?? event.deprecatedCount ?? 1,
    type: event.type ?? 'Normal',
    reason: event.reason ?? '',
    object: `${regarding?.kind ?? ''}/${regarding?.name ?? ''}`,
    note: event.note ?? '',
  };
}
