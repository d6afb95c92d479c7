import { describe, expect, it } from 'vitest';
import { API_VERSION } from '../../../src/apis/v1alpha1/names.ts';
import { ORGS, PODS, TEMPLATE_ASSETS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { TemplateAsset } from '../../../src/apis/v1alpha1/types.generated.ts';
import { type KubeObject, keyOf } from '../../../src/kube/objects.ts';
import { FakeForge } from './fake-forge.ts';
import { randomFaults } from './faults.ts';
import { livePeople, tidyUp } from './random-people.ts';
import { create, remove } from './requests.ts';
import { openCluster } from './scenario.ts';
import { isOrphan, standing } from './standing.ts';
import { World } from './world.ts';

const RUNS = Number(process.env.SEQUENCE_RUNS ?? 100);
/** One seed alone; the name of each test says how. */
const ONLY = process.env.SEQUENCE_SEED;
const SEEDS = ONLY === undefined ? Array.from({ length: RUNS }, (_none, index) => index + 1) : [Number(ONLY)];
const STEPS = 25;
const FAULT_SHARE = 0.08;
const STALE_MS = 20_000;

/** Small, quick and the same everywhere (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    const again = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((again ^ (again >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Mostly quick, now and then slow enough to decide from what is long over. */
function createLatency(random: () => number): () => number {
  return () => (random() < 0.9 ? Math.floor(random() * 20) : Math.floor(random() * 1_000));
}

describe.for(SEEDS)('SEQUENCE_SEED=%i', (seed) => {
  it(`with ${seed % 3 === 0 ? 'two operators' : 'one operator'} on a network that breaks`, {
    timeout: 60_000,
  }, async () => {
    const random = createRandom(seed);
    let isOver = false;
    const nextFault = randomFaults(random, { share: FAULT_SHARE, isOver: () => isOver });
    const faults = seed % 3 === 0 ? [nextFault, nextFault] : [nextFault];
    const world = new World({ faults, random, latencyMs: createLatency(random), staleMs: STALE_MS });
    await livePeople(world, { random, steps: STEPS });
    isOver = true;
    await tidyUp(world);
    expect(world.violations).toEqual([]);
    expect(world.ledger.open).toEqual([]);
    expect(world.ledger.consumedTwice).toEqual([]);
    // Of two at once, one that lags may make a Pod after the other let the Workspace go: the API cannot forbid it.
    if (faults.length === 1) expect(world.objects(PODS).filter((pod) => isOrphan(world, pod))).toEqual([]);

    const writes = world.operatorWrites;
    world.restartOperators();
    await world.untilQuiet();
    expect(world.operatorWrites).toBe(writes);

    expect(standing(world)).toEqual(standing(await bornAnew(world)));
  });
});

/** Another cluster in which people made at once, and with nothing going wrong, what is there in this one in the end. */
async function bornAnew(world: World): Promise<World> {
  const terminating = (world.objects(TEMPLATE_ASSETS) as readonly TemplateAsset[]).filter(
    ({ metadata }) => metadata.deletionTimestamp !== undefined,
  );
  // What is being deleted is not looked at any more.
  const pinned = new Map(terminating.map(({ spec, status }) => [spec.source?.repo ?? '', status?.artifact?.revision]));
  const other = new World({ forge: new FakeForge({ revision: world.forge.revision, pinned }) });
  openCluster(other);
  for (const resource of [ORGS, TEMPLATE_ASSETS, WORKSPACES]) {
    for (const { kind, metadata, ...rest } of world.objects(resource)) {
      const { name, namespace = '' } = metadata;
      const { spec } = rest as { readonly spec?: object };
      const object: KubeObject & { readonly spec?: object } = {
        apiVersion: API_VERSION,
        kind,
        metadata: { name, namespace },
        ...(spec === undefined ? {} : { spec }),
      };
      other.send(create(resource, object));
    }
  }
  await other.untilQuiet();
  for (const resource of [TEMPLATE_ASSETS, WORKSPACES]) {
    for (const { metadata } of world.objects(resource))
      if (metadata.deletionTimestamp !== undefined) other.send(remove(resource, keyOf({ metadata })));
  }
  await other.untilQuiet();
  return other;
}
