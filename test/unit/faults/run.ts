import { drawScenario, type Scenario } from './scenario.ts';
import { findStrayPods } from './wanted.ts';
import { differences, World } from './world.ts';

const HEALS_WITHIN_MS = 60_000;
/** The two minutes in which nobody has to claim a Pod before it is swept, and its end. */
const SWEPT_WITHIN_MS = 130_000;
const QUIET_FOR_MS = 120_000;

export interface RunResult {
  /** How long after the last fault everything was as it should be, but for what is swept. */
  readonly healedAfterMs: number;
  /** Everything that went wrong; empty for a good run. */
  readonly failures: readonly string[];
}

/**
 * One run: faults and edits at once, then the oracle. Everything heals in time, what was abandoned is swept, and then all rests; every store shows what the
 * API has; no operator wrote what it may not; every fault that met anything shows in a metric; nothing stays open.
 */
export async function runSeed(seed: number): Promise<RunResult> {
  const scenario = drawScenario(seed);
  // Two operators whose views differ write status in turns until the one that is behind has caught up.
  const world = await World.create(seed, { writeMs: scenario.operators === 2 ? 100 : 0 });
  prepare(world, scenario);
  await world.advanceTo(scenario.endMs);
  const { afterMs, faults: unhealed } = await world.heal(HEALS_WITHIN_MS);
  await world.clock.advance(SWEPT_WITHIN_MS);
  const healed = world.versions();
  await world.clock.advance(QUIET_FOR_MS);
  const restless = unhealed.length > 0 ? [] : differences(healed, world.versions());
  const unswept = unhealed.length > 0 ? [] : findStrayPods(world.api, new Set());
  const relapsed = unhealed.length > 0 ? [] : world.findFaults();
  const untraced = await findUntraced(world, scenario);
  const leaks = await world.close();
  return {
    healedAfterMs: afterMs,
    failures: [
      ...unhealed.map((fault) => `Not healed: ${fault}`),
      ...restless.map((name) => `Not at rest: ${name}`),
      ...unswept.map((fault) => `Not swept: ${fault}`),
      ...relapsed.map((fault) => `Relapsed: ${fault}`),
      ...[...world.audit.violations].map((violation) => `Wrong write: ${violation}`),
      ...untraced,
      ...leaks.map((leak) => `Left open: ${leak}`),
    ],
  };
}

function prepare(world: World, scenario: Scenario): void {
  const { clock, server, users } = world;
  for (const namespace of scenario.namespaces) users.createOrg(namespace, 'agent:1');
  for (const key of scenario.workspaces) users.createWorkspace(key);
  for (const { injected } of scenario.faults) for (const fault of injected) server.inject(fault);
  for (const { atMs, run } of scenario.actions) clock.schedule(atMs, () => run(world));
  const [first] = Array.from({ length: scenario.operators }, () => world.startOperator());
  if (scenario.frozen !== undefined) {
    clock.schedule(scenario.frozen.fromMs, () => first?.freezer.arm());
    clock.schedule(scenario.frozen.toMs, () => first?.freezer.thaw());
  }
}

async function findUntraced(world: World, { faults }: Scenario): Promise<readonly string[]> {
  const untraced: string[] = [];
  for (const { row, injected } of faults) {
    const hits = injected.reduce((sum, fault) => sum + world.server.hitsOf(fault), 0);
    let seen = 0;
    for (const { metric } of world.operators)
      for (const trace of row.traces) seen += await metric(trace.metric, trace.labels);
    if (hits > 0 && seen === 0) untraced.push(`In no metric: ${row.name}`);
  }
  return untraced;
}
