import { ORGS, PODS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import { keyOf, type ObjectKey } from '../../../src/kube/objects.ts';
import { endMs, type Fault } from '../../memory-api/faults.ts';
import { FAULTS, type FaultRow, withCut } from './fault-table.ts';
import { SeededRandom } from './random.ts';
import type { World } from './world.ts';

interface Action {
  readonly atMs: number;
  readonly what: string;
  readonly run: (world: World) => void;
}

/** One run as its seed draws it: who is there, what happens to them, and what fails meanwhile. */
export interface Scenario {
  readonly title: string;
  readonly operators: 1 | 2;
  readonly namespaces: readonly string[];
  readonly workspaces: readonly ObjectKey[];
  readonly faults: readonly { readonly row: FaultRow; readonly injected: readonly Fault[] }[];
  readonly actions: readonly Action[];
  /** When the first operator is stopped, between a decision and its first write, and goes on. */
  readonly frozen?: { readonly fromMs: number; readonly toMs: number };
  /** Nothing fails or changes any more. */
  readonly endMs: number;
}

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;
/** Every Org has its platform agent by then. An apply that creates cannot be told not to overwrite. */
const SETTLED_MS = 5_000;
const LATEST_START_MS = 20_000;
const LONGEST_MS = 90_000;
/** Some runs have another writer that touches every object so often. */
const WRITER_MS = 400;

export function drawScenario(seed: number): Scenario {
  const random = new SeededRandom(seed);
  const namespaces = ['acme', 'bits'].slice(0, random.between(1, 2));
  const workspaces = namespaces.flatMap((namespace) =>
    NAMES.slice(0, random.between(1, 3)).map((name) => ({ namespace, name })),
  );
  const faults = Array.from({ length: random.between(1, 3) }, () => drawFault(random));
  const operators = random.next() < 0.25 ? 2 : 1;
  const fromMs = random.between(SETTLED_MS, LATEST_START_MS);
  const frozen =
    operators === 2 && random.next() < 0.6 ? { fromMs, toMs: fromMs + random.between(5_000, 60_000) } : undefined;
  const lastMs = Math.max(frozen?.toMs ?? 0, ...faults.flatMap(({ injected }) => injected.map(endMs)));
  const actions = drawActions(random, { namespaces, untilMs: lastMs });
  const others = [...(operators === 2 ? ['two operators'] : []), ...(frozen === undefined ? [] : ['one frozen'])];
  return {
    title: [...faults.map(({ row }) => row.name), ...others].join(', '),
    operators,
    namespaces,
    workspaces,
    faults,
    actions,
    ...(frozen === undefined ? {} : { frozen }),
    endMs: lastMs,
  };
}

function drawFault(random: SeededRandom): Scenario['faults'][number] {
  const row = random.pick(FAULTS);
  const startMs = random.between(0, LATEST_START_MS);
  const durationMs = row.isSudden === true ? 1 : random.between(500, random.pick([5_000, 30_000, LONGEST_MS]));
  return { row, injected: withCut({ ...row.draw(random), startMs, durationMs }) };
}

function drawActions(
  random: SeededRandom,
  { namespaces, untilMs }: { readonly namespaces: readonly string[]; readonly untilMs: number },
): readonly Action[] {
  const drawn = Array.from({ length: random.between(3, 10) }, () => {
    const namespace = namespaces[random.between(0, namespaces.length - 1)] ?? '';
    const key = { namespace, name: random.pick(NAMES) };
    return { atMs: random.between(0, untilMs), ...random.pick(ACTIONS)(key, random) };
  });
  const hasWriter = random.next() < 0.3;
  const touches = hasWriter
    ? Array.from({ length: Math.min(100, Math.floor(untilMs / WRITER_MS)) }, (_none, index) =>
        touchAll(index * WRITER_MS),
      )
    : [];
  return [...drawn, ...touches];
}

type ActionKind = (key: ObjectKey, random: SeededRandom) => Omit<Action, 'atMs'>;

/** What people do. An edit of what is not there creates it. */
const ACTIONS: readonly [ActionKind, ...ActionKind[]] = [
  (key, random) => edit(key, { image: `agent:${random.between(2, 1_000_000)}` }),
  (key) => edit(key, { suspend: true }),
  (key) => edit(key, { suspend: null }),
  (key) => edit(key, {}),
  (key) => ({
    what: `delete Workspace ${key.name}`,
    run: ({ audit, users }) => {
      audit.unwant(key.namespace);
      users.delete(WORKSPACES, key);
    },
  }),
  (key) => ({
    what: `delete and make Workspace ${key.name} anew`,
    run: ({ audit, users }) => {
      audit.unwant(key.namespace);
      users.recreate(WORKSPACES, key);
    },
  }),
  ({ namespace }, random) => ({
    what: `another default image in ${namespace}`,
    run: ({ audit, users }) => {
      audit.unwant(namespace);
      const image = `agent:${random.between(2, 1_000_000)}`;
      users.patch(ORGS, { namespace, name: 'org' }, { spec: { defaults: { image } } });
    },
  }),
  ({ namespace }, random) => ({
    what: `another image of the platform agent in ${namespace}`,
    run: ({ audit, users }) => {
      audit.unwant(namespace);
      const image = `agent:${random.between(2, 1_000_000)}`;
      users.patch(ORGS, { namespace, name: 'org' }, { spec: { platformAgent: { image } } });
    },
  }),
  ({ namespace }) => ({
    what: `delete the Pods in ${namespace}`,
    run: ({ api, users }) => {
      for (const pod of api.objects(PODS)) if (pod.metadata.namespace === namespace) users.delete(PODS, keyOf(pod));
    },
  }),
  ({ namespace }) => ({
    what: `delete the Org in ${namespace}`,
    run: ({ audit, users }) => {
      audit.unwant(namespace);
      users.delete(ORGS, { namespace, name: 'org' });
    },
  }),
];

function edit(key: ObjectKey, spec: object): Omit<Action, 'atMs'> {
  return {
    what: `edit Workspace ${key.name}: ${JSON.stringify(spec)}`,
    run: ({ api, audit, users }) => {
      audit.unwant(key.namespace);
      if (api.object(WORKSPACES, key) === undefined) users.createWorkspace(key);
      users.patch(WORKSPACES, key, { spec });
    },
  };
}

/** A competing writer: its writes concern nobody, and make every resourceVersion known to others an old one. */
function touchAll(atMs: number): Action {
  return {
    atMs,
    what: 'touch every object',
    run: ({ api, users }) => {
      for (const resource of [ORGS, WORKSPACES, PODS]) {
        for (const object of api.objects(resource)) {
          users.patch(resource, keyOf(object), { metadata: { annotations: { touched: String(atMs) } } });
        }
      }
    },
  };
}
