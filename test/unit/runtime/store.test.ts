import { beforeEach, describe, expect, it } from 'vitest';
import { Store } from '../../../src/runtime/store.ts';

interface Thing {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly color: string;
}

let store: Store<Thing>;
/** name:before→after of every notification, by version. */
let changes: string[];

beforeEach(() => {
  store = new Store<Thing>({ color: ({ color }) => [color] });
  changes = [];
  store.onChange((before, after) => {
    const name = (after ?? before)?.metadata.name;
    changes.push(`${name}:${before?.metadata.resourceVersion ?? '-'}→${after?.metadata.resourceVersion ?? '-'}`);
  });
});

function thing(name: string, version: number, options: { readonly uid?: string; readonly color?: string } = {}): Thing {
  const { uid = `uid-${name}`, color = 'red' } = options;
  return { metadata: { namespace: 'ns', name, uid, resourceVersion: String(version) }, color };
}

describe('a store', () => {
  it('finds objects by key and by index, and moves them between index values', () => {
    store.put(thing('a', 1));
    store.put(thing('b', 2));
    expect(store.get({ namespace: 'ns', name: 'a' })).toEqual(thing('a', 1));
    expect(store.byIndex('color', 'red').map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    store.put(thing('a', 3, { color: 'blue' }));
    expect(store.byIndex('color', 'red').map(({ metadata }) => metadata.name)).toEqual(['b']);
    expect(store.byIndex('color', 'blue').map(({ metadata }) => metadata.name)).toEqual(['a']);
    store.remove(thing('a', 4, { color: 'blue' }));
    expect(store.byIndex('color', 'blue')).toEqual([]);
    expect(store.get({ namespace: 'ns', name: 'a' })).toBeUndefined();
    expect([...store.list()]).toEqual([thing('b', 2)]);
    expect(changes).toEqual(['a:-→1', 'b:-→2', 'a:1→3', 'a:3→-']);
  });

  it('throws for an index that was not declared, because an empty answer would be believed', () => {
    expect(() => store.byIndex('size', 'big')).toThrow(RangeError);
  });

  it('says nothing about an object that it has already in that version', () => {
    store.put(thing('a', 1));
    store.put(thing('a', 1));
    store.remove(thing('gone', 2));
    expect(changes).toEqual(['a:-→1']);
  });

  it('reports a namesake with another uid as gone and new', () => {
    store.put(thing('a', 1));
    store.put(thing('a', 2, { uid: 'other' }));
    expect(changes).toEqual(['a:-→1', 'a:1→-', 'a:-→2']);
  });

  it('swaps its content at once, and then tells of every difference', () => {
    store.replace([thing('same', 1), thing('changed', 2), thing('gone', 3), thing('again', 4)], '4');
    changes.length = 0;
    const seen: unknown[] = [];
    store.onChange(() => seen.push([store.size, store.byIndex('color', 'red').length]));
    store.replace([thing('same', 1), thing('changed', 6), thing('again', 7, { uid: 'other' }), thing('new', 8)], '8');
    expect(changes.toSorted()).toEqual(['again:-→7', 'again:4→-', 'changed:2→6', 'gone:3→-', 'new:-→8']);
    expect(seen).toEqual(seen.map(() => [4, 4]));
  });

  it('has synced after the first whole list, and not while its listeners are told of it', async () => {
    const duringFill: boolean[] = [];
    store.onChange(() => duringFill.push(store.hasSynced));
    expect(store.hasSynced).toBe(false);
    store.replace([thing('a', 1)], '1');
    expect(duringFill).toEqual([false]);
    expect(store.hasSynced).toBe(true);
    await store.synced;
  });
});

describe('the version that a store has seen', () => {
  it.each([
    { title: 'an event', act: () => store.put(thing('a', 10)) },
    { title: 'an event of a version that it has already', act: () => store.put(thing('known', 10)) },
    { title: 'a deletion', act: () => store.remove(thing('known', 10)) },
    { title: 'a deletion of what it does not know', act: () => store.remove(thing('unknown', 10)) },
    { title: 'a bookmark', act: () => store.advance('10') },
    { title: 'a list', act: () => store.replace([], '10') },
  ])('rises with $title', ({ act }) => {
    store.put(thing('known', 9));
    expect(store.hasSeen('10')).toBe(false);
    const told: string[] = [];
    store.onceSeen('10', () => told.push('10'));
    store.onceSeen('11', () => told.push('11'));
    act();
    expect(store.hasSeen('10')).toBe(true);
    expect(store.hasSeen('9')).toBe(true);
    expect(store.hasSeen('11')).toBe(false);
    expect(told).toEqual(['10']);
  });

  it('compares as a number, not as text', () => {
    store.advance('999');
    expect(store.hasSeen('1000')).toBe(false);
  });

  it('never falls', () => {
    store.advance('10');
    store.advance('9');
    expect(store.hasSeen('10')).toBe(true);
  });

  it('calls back once, at once where it was seen before, and after the listeners', () => {
    const order: string[] = [];
    store.onChange(() => order.push('listener'));
    store.onceSeen('5', () => order.push('seen'));
    store.put(thing('a', 5));
    store.put(thing('a', 6));
    store.onceSeen('6', () => order.push('seen at once'));
    expect(order).toEqual(['listener', 'seen', 'listener', 'seen at once']);
  });

  const key = { namespace: 'ns', name: 'a' };
  it.each<[string, () => void]>([
    ['is deleted', () => store.remove(thing('a', 7))],
    ['is missing in a list', () => store.replace([thing('b', 3)], '8')],
    ['was made anew', () => store.put(thing('a', 9, { uid: 'other' }))],
  ])('calls back once, after the listeners, when an object %s', (_end, end) => {
    const order: string[] = [];
    store.replace([thing('a', 2), thing('b', 3)], '4');
    store.onChange(() => order.push('listener'));
    store.onceGone(key, 'uid-a', () => order.push('gone'));
    store.put(thing('b', 5));
    expect(order).toEqual(['listener']);
    end();
    expect(order.indexOf('gone')).toBe(order.length - 1);
    store.advance('10');
    expect(order.filter((step) => step === 'gone')).toHaveLength(1);
  });

  it('calls back at once for an object that is not there', () => {
    let isGone = false;
    store.put(thing('a', 5, { uid: 'other' }));
    store.onceGone(key, 'uid-a', () => {
      isGone = true;
    });
    expect(isGone).toBe(true);
  });
});
