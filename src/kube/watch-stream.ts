import type { WatchEvent } from './client.ts';
import { TransportError, UnreadableEventError, WatchErrorEvent } from './errors.ts';
import type { KubeObject } from './objects.ts';

const NEWLINE = 0x0a;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

interface RawEvent {
  readonly type: string;
  readonly object: KubeObject & { readonly code?: number; readonly reason?: string; readonly message?: string };
}

/**
 * Events of a watch body, one JSON document per line. A body that ends within a line is thrown as TransportError, a line
 * that is no event as UnreadableEventError, an ERROR event as WatchErrorEvent: nothing is skipped, because a skipped
 * event is a lost one. Bytes are joined per line and decoded once, so that no object keeps a large buffer alive.
 */
export async function* decodeWatch<T extends KubeObject>(chunks: AsyncIterable<Buffer>): AsyncGenerator<WatchEvent<T>> {
  let pending: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...pending, chunk.subarray(start, end)]).toString('utf8');
      pending = [];
      start = end + 1;
      if (line.trim() !== '') yield decodeEvent<T>(line);
    }
    if (start < chunk.length) pending.push(Buffer.from(chunk.subarray(start)));
  }
  if (Buffer.concat(pending).toString('utf8').trim() !== '')
    throw new TransportError('Cannot read the watch: its last line was cut');
}

function decodeEvent<T extends KubeObject>(line: string): WatchEvent<T> {
  const { type, object } = parseEvent(line);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: object as KubeObject as T };
    case 'BOOKMARK':
      return {
        type,
        resourceVersion: object.metadata.resourceVersion ?? '',
        initialEventsEnd: object.metadata.annotations?.[INITIAL_EVENTS_END] === 'true',
      };
    case 'ERROR':
      throw new WatchErrorEvent(object.message ?? 'The apiserver ended the watch', {
        code: object.code ?? 500,
        reason: object.reason ?? '',
      });
    default:
      throw new UnreadableEventError(`Cannot read the watch: unknown event type "${type}"`);
  }
}

function parseEvent(line: string): RawEvent {
  try {
    const event = JSON.parse(line) as RawEvent;
    if (typeof event.type === 'string' && typeof event.object === 'object' && event.object !== null) return event;
  } catch (cause) {
    throw new UnreadableEventError('Cannot read the watch: a line is not JSON', { cause });
  }
  throw new UnreadableEventError('Cannot read the watch: a line is not an event');
}
