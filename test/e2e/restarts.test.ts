import { beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from './world.ts';

const DAMAGE = `
import { rmSync, writeFileSync } from 'node:fs';
writeFileSync('/configs/config.yaml', 'name: pwned\\n');
rmSync('/configs/agent-skills', { recursive: true });
`;
const HEALTHY = `
import { existsSync, readFileSync } from 'node:fs';
console.log(JSON.stringify([readFileSync('/configs/config.yaml', 'utf8').includes('pwned'), existsSync('/configs/agent-skills')]));
`;

describe('an agent that ends', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ hasExamples: true });
    await world.condition('workspace/researcher', 'Ready', 'True');
  });

  it.each([0, 1, 3, 137, 255])('with exit code %i starts again on healed files, in the same Pod', async (code) => {
    const before = await world.podFacts('researcher');
    await world.inAgent('researcher', DAMAGE);
    await world.exitAgent('researcher', code);
    await world.restarted('researcher', before);
    await world.condition('workspace/researcher', 'Ready', 'True');
    expect(JSON.parse(await world.inAgent('researcher', HEALTHY))).toEqual([false, true]);
    const after = await world.podFacts('researcher');
    expect([after.uid, after.startTime]).toEqual([before.uid, before.startTime]);
  });

  it('again and again is held back, and its Workspace says so', async () => {
    const before = await world.podFacts('researcher');
    await world.exitAgent('researcher', 1);
    const condition = await world.until('the back-off be told', async () => {
      const conditions = (await world.read('workspace', 'researcher'))?.status?.conditions ?? [];
      return conditions.find((each: { reason: string }) => each.reason === 'AgentCrashLooping');
    });
    expect(condition.message).toContain('kubectl logs');
    await world.condition('workspace/researcher', 'Ready', 'True');
    expect((await world.podFacts('researcher')).uid).toBe(before.uid);
  });
});
