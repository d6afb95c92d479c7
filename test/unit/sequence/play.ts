import { expect } from 'vitest';
import { ORGS, PERSISTENT_VOLUME_CLAIMS, PODS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { Org, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { Json } from '../../memory-api/rest.ts';
import type { Script } from './crash-scripts.ts';
import { type FaultSource, noFaults } from './faults.ts';
import { openCluster } from './scenario.ts';
import { World } from './world.ts';

export interface Run {
  readonly world: World;
  /** What was there at the end of each step. */
  readonly ends: readonly (readonly Json[])[];
  /** Who everybody was before the first fault and after the last. */
  readonly standings: readonly [unknown, unknown];
}

/** Each step meets with faults of its own: between them nothing happens, so that those of one have no part in those of another. */
export async function play({ given, when }: Script, newFaults: () => FaultSource): Promise<Run> {
  let faults = noFaults;
  let before: unknown;
  const world = new World({ faults: [() => faults()] });
  const ends: (readonly Json[])[] = [];
  openCluster(world);
  for (const act of [...given, ...when]) {
    if (act === when[0]) before = standingOf(world);
    faults = when.includes(act) ? newFaults() : noFaults;
    await act(world);
    await world.untilQuiet();
    ends.push(world.fingerprint());
  }
  return { world, ends, standings: [before, standingOf(world)] };
}

/** What holds after every run, whatever went wrong in it. */
export function expectSound(
  { world, ends, standings: [before, after] }: Run,
  { script, ends: wanted, what }: { readonly script: Script; readonly ends: Run['ends']; readonly what?: string },
): void {
  expect(world.violations, what).toEqual([]);
  expect([...world.ledger.open, ...world.ledger.waiting], what).toEqual([]);
  expect(world.ledger.consumedTwice, what).toEqual([]);
  if (script.isHarmless) expect(after, what).toEqual(before);
  expect(ends, what).toEqual(wanted);
}

/** Who everybody is, and the uids of what they have. */
export function standingOf(world: World): readonly unknown[] {
  const workspaces = world.objects(WORKSPACES) as readonly Workspace[];
  const [org] = world.objects(ORGS) as readonly Org[];
  return [
    workspaces.map(({ metadata, status }) => [metadata.name, status?.id, status?.incarnation]),
    org?.status?.orgID,
    [PODS, PERSISTENT_VOLUME_CLAIMS].map((resource) => world.objects(resource).map(({ metadata }) => metadata.uid)),
  ];
}
