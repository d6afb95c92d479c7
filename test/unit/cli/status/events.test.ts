import { describe, expect, it } from 'vitest';
import { eventLines, type RawEvent } from '../../../../src/cli/status/events.ts';

function event(name: string, changes: Partial<RawEvent>): RawEvent {
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace: 'acme', creationTimestamp: '2026-11-21T07:00:00Z' },
    type: 'Normal',
    reason: name,
    note: 'note',
    regarding: { kind: 'Pod', name: 'writer-1' },
    ...changes,
  };
}

describe('the lines of Events', () => {
  it('take time and count from wherever their writer put them', () => {
    const lines = eventLines([
      event('single', { eventTime: '2026-11-21T07:01:00.000000Z' }),
      event('series', {
        eventTime: '2026-11-21T07:00:30.000000Z',
        series: { count: 7, lastObservedTime: '2026-11-21T07:04:00.000000Z' },
      }),
      event('old', {
        eventTime: null,
        deprecatedFirstTimestamp: '2026-11-21T07:00:10Z',
        deprecatedLastTimestamp: '2026-11-21T07:03:00Z',
        deprecatedCount: 3,
      }),
      event('bare', {}),
    ]);
    expect(lines.map(({ reason, firstSeen, lastSeen, count }) => [reason, firstSeen, lastSeen, count])).toEqual([
      ['bare', '2026-11-21T07:00:00Z', '2026-11-21T07:00:00Z', 1],
      ['single', '2026-11-21T07:01:00.000000Z', '2026-11-21T07:01:00.000000Z', 1],
      ['old', '2026-11-21T07:00:10Z', '2026-11-21T07:03:00Z', 3],
      ['series', '2026-11-21T07:00:30.000000Z', '2026-11-21T07:04:00.000000Z', 7],
    ]);
  });

  it('are the latest ten, newest last', () => {
    const minutes = [3, 12, 1, 0, 11, 2, 5, 4, 7, 6, 9, 8, 10];
    const events = minutes.map((minute) =>
      event(`e${minute}`, { eventTime: `2026-11-21T07:${String(minute).padStart(2, '0')}:00.000000Z` }),
    );
    expect(eventLines(events).map(({ reason }) => reason)).toEqual(
      [3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => `e${n}`),
    );
  });
});
