import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Store } from '../../../src/runtime/store.ts';

interface Thing {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly tags: readonly string[];
}

const TAGS = ['x', 'y', 'z'];
const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const shape = fc.record({ name, uid: fc.constantFrom('1', '2'), tags: fc.subarray(TAGS) });
const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), shape }),
  fc.record({ kind: fc.constant('remove' as const), shape }),
  fc.record({
    kind: fc.constant('replace' as const),
    shapes: fc.uniqueArray(shape, { selector: (entry) => entry.name }),
  }),
);

it('equals a plain Map after any history, its indexes too, and its notifications rebuild it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const store = new Store<Thing>({ tag: ({ tags }) => tags });
      const model = new Map<string, Thing>();
      const mirror = new Map<string, Thing>();
      store.onChange((before, after) => {
        expect(mirror.get((before ?? after)?.metadata.name ?? '')).toEqual(before);
        if (after === undefined) mirror.delete(before?.metadata.name ?? '');
        else mirror.set(after.metadata.name, after);
      });
      let version = 0;
      const make = (entry: {
        readonly name: string;
        readonly uid: string;
        readonly tags: readonly string[];
      }): Thing => {
        version += 1;
        return { metadata: { name: entry.name, uid: entry.uid, resourceVersion: String(version) }, tags: entry.tags };
      };
      for (const action of steps) {
        if (action.kind === 'put') {
          const thing = make(action.shape);
          store.put(thing);
          model.set(action.shape.name, thing);
        } else if (action.kind === 'remove') {
          store.remove(make(action.shape));
          model.delete(action.shape.name);
        } else {
          const things = action.shapes.map(make);
          store.replace(things, String(version));
          model.clear();
          for (const thing of things) model.set(thing.metadata.name, thing);
        }
        expect(byName(store.list())).toEqual(byName(model.values()));
        expect(byName(mirror.values())).toEqual(byName(model.values()));
        for (const tag of TAGS) {
          expect(byName(store.byIndex('tag', tag))).toEqual(
            byName([...model.values()].filter(({ tags }) => tags.includes(tag))),
          );
        }
      }
    }),
  );
});

function byName(things: Iterable<Thing>): readonly Thing[] {
  return [...things].toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
}
