import { it } from 'vitest';
import { drawScenario } from './scenario.ts';
import { World } from './world.ts';
import { APPROVAL_REQUESTS, ORGS } from '../../../src/apis/v1alpha1/resources.ts';
it('debug', async () => {
  const seed = Number(process.env.SEED);
  const scenario = drawScenario(seed);
  const world = await World.create(seed, { writeMs: scenario.operators === 2 ? 100 : 0 });
  const { clock, server, users } = world;
  for (const namespace of scenario.namespaces) users.createOrg(namespace, 'agent:1');
  for (const key of scenario.workspaces) users.createWorkspace(key);
  for (const { injected } of scenario.faults) for (const fault of injected) server.inject(fault);
  for (const { atMs, run, what } of scenario.actions) clock.schedule(atMs, () => { console.log(clock.monotonicMs(), what); run(world); });
  const [first] = Array.from({ length: scenario.operators }, () => world.startOperator());
  if (scenario.frozen !== undefined) {
    clock.schedule(scenario.frozen.fromMs, () => first?.freezer.arm());
    clock.schedule(scenario.frozen.toMs, () => first?.freezer.thaw());
  }
  await world.advanceTo(scenario.endMs);
  const r = await world.heal(60_000);
  console.log(scenario.title, JSON.stringify(r, null, 1));
  for (const o of world.api.objects(ORGS)) console.log(JSON.stringify(o));
  for (const o of world.api.objects(APPROVAL_REQUESTS)) console.log(JSON.stringify({n: o.metadata.name, ns: o.metadata.namespace, ts: o.metadata.creationTimestamp, s: (o as any).spec, st: (o as any).status}).slice(0, 2500));
  console.log(clock.now());
  await world.close();
}, 60000);
