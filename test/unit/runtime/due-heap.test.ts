import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DueHeap } from '../../../src/runtime/due-heap.ts';

const times = fc.array(fc.nat(50));

function drain(heap: DueHeap): readonly number[] {
  const drained: number[] = [];
  for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) drained.push(entry.dueMs);
  return drained;
}

it('gives its entries back in order of time', () => {
  fc.assert(
    fc.property(times, (dueTimes) => {
      const heap = new DueHeap();
      for (const dueMs of dueTimes) heap.push({ key: 'k', dueMs });
      expect(heap.size).toBe(dueTimes.length);
      expect(heap.earliest?.dueMs).toBe(dueTimes.length === 0 ? undefined : Math.min(...dueTimes));
      expect(drain(heap)).toEqual(dueTimes.toSorted((a, b) => a - b));
    }),
  );
});

it('keeps the order when entries are thrown out', () => {
  fc.assert(
    fc.property(times, (dueTimes) => {
      const heap = new DueHeap();
      for (const dueMs of dueTimes) heap.push({ key: 'k', dueMs });
      heap.retain(({ dueMs }) => dueMs % 3 !== 0);
      expect(drain(heap)).toEqual(dueTimes.filter((dueMs) => dueMs % 3 !== 0).toSorted((a, b) => a - b));
    }),
  );
});
