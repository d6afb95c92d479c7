import { describe, expect, it } from 'vitest';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import type { StoreView } from '../../../../src/controllers/store-view.ts';
import { BY_NAMESPACE, BY_PARENT } from '../../../../src/controllers/stores.ts';
import { relativesToWake } from '../../../../src/controllers/workspace/wake.ts';
import { fakeStore } from '../../../builders/fake-store.ts';
import { NAMESPACE, workspace } from '../../../builders/objects.ts';

const below = (name: string, parent?: string, more: Partial<Workspace['spec']> = {}): Workspace =>
  workspace(name, {
    spec: { kind: 'workspace', ...(parent === undefined ? {} : { parentRef: { name: parent } }), ...more },
  });
const going = (object: Workspace): Workspace => ({
  ...object,
  metadata: { ...object.metadata, deletionTimestamp: '2026-03-01T10:00:00Z' },
});
const storeOf = (list: readonly Workspace[]): StoreView<Workspace> =>
  fakeStore(list, {
    [BY_PARENT]: ({ spec }) => (spec.parentRef === undefined ? undefined : `${NAMESPACE}/${spec.parentRef.name}`),
    [BY_NAMESPACE]: () => NAMESPACE,
  });
const platform = (suspend: boolean): Workspace => workspace('platform-agent', { spec: { kind: 'platform', suspend } });

/** lead > middle > leaf, and another beside. */
const tree = [below('lead'), below('middle', 'lead'), below('leaf', 'middle'), below('beside')];

describe('relativesToWake()', () => {
  it.each([
    ['everybody below one that moved', below('lead'), below('lead', 'beside'), ['middle', 'leaf']],
    [
      'everybody below one that is suspended',
      below('lead'),
      below('lead', undefined, { suspend: true }),
      ['middle', 'leaf'],
    ],
    [
      'everybody below one that is resumed',
      below('lead', undefined, { suspend: true }),
      below('lead'),
      ['middle', 'leaf'],
    ],
    ['everybody below one that came', undefined, below('lead'), ['middle', 'leaf']],
    ['everybody below one that went', below('lead'), undefined, ['middle', 'leaf']],
    ['the children of one whose deletion begins', below('lead'), going(below('lead')), ['middle']],
    ['nobody for a change of status', below('lead'), { ...below('lead'), status: { depth: 3 } }, []],
    ['nobody for another field of the spec', below('lead'), below('lead', undefined, { role: 'other' }), []],
    [
      'the whole Org when the platform agent is suspended',
      platform(false),
      platform(true),
      ['lead', 'middle', 'leaf', 'beside'],
    ],
    ['nobody for a platform agent that comes: nobody waits for it', undefined, platform(false), []],
    [
      'the whole Org when a suspended platform agent went',
      platform(true),
      undefined,
      ['lead', 'middle', 'leaf', 'beside'],
    ],
  ] as const)('wakes %s', (_sentence, before, after, woken) => {
    expect(relativesToWake(storeOf(tree), before, after).map(({ name }) => name)).toEqual(woken);
  });

  it('wakes the former parent of a child that goes or moves, if that waits for it', () => {
    const world = storeOf([going(below('lead')), below('other')]);
    expect(relativesToWake(world, below('leaf', 'lead'), undefined)).toEqual([{ namespace: NAMESPACE, name: 'lead' }]);
    expect(relativesToWake(world, below('leaf', 'lead'), below('leaf', 'other'))).toEqual([
      { namespace: NAMESPACE, name: 'lead' },
    ]);
    expect(relativesToWake(world, below('leaf', 'other'), undefined)).toEqual([]);
  });

  it('ends in a circle', () => {
    const circle = storeOf([below('a', 'b'), below('b', 'a')]);
    expect(relativesToWake(circle, below('a'), below('a', 'b')).map(({ name }) => name)).toEqual(['b', 'a']);
  });

  it('asks the store once for each Workspace below: moving the top of 2,000 is linear', () => {
    const list = Array.from({ length: 2000 }, (_, index) =>
      below(`w${index}`, index === 0 ? undefined : `w${Math.floor((index - 1) / 3)}`),
    );
    const byParent = new Map<string, Workspace[]>();
    for (const child of list) {
      const parent = `${NAMESPACE}/${child.spec.parentRef?.name}`;
      byParent.set(parent, [...(byParent.get(parent) ?? []), child]);
    }
    let asked = 0;
    const world: StoreView<Workspace> = {
      get: () => undefined,
      byIndex: (_index, value) => {
        asked += 1;
        return byParent.get(value) ?? [];
      },
    };
    expect(relativesToWake(world, below('w0'), below('w0', 'elsewhere'))).toHaveLength(1999);
    expect(asked).toBe(2000);
  });
});
