import { beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from './world.ts';

const REMEMBER = `
import { writeFileSync } from 'node:fs';
writeFileSync('/configs/MEMORY.md', 'what the agent learned\\n');
`;
const RECALL = `
import { readFileSync } from 'node:fs';
process.stdout.write(readFileSync('/configs/MEMORY.md', 'utf8'));
`;

describe('a suspended Workspace', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ hasExamples: true });
    for (const name of ['researcher', 'writer']) await world.condition(`workspace/${name}`, 'Ready', 'True');
  });

  it('loses its Pod and those below it theirs, and all come back with their data', async () => {
    for (const name of ['researcher', 'writer']) await world.inAgent(name, REMEMBER);
    const volumes = await Promise.all(['researcher', 'writer'].map((name) => volumeOf(world, name)));

    await suspend(world, true);
    for (const [name, reason] of [
      ['researcher', 'Suspended'],
      ['writer', 'AncestorSuspended'],
    ] as const) {
      await world.until(`${name} be paused`, async () => {
        const workspace = await world.read('workspace', name);
        const ready = workspace?.status?.conditions?.find(({ type }: { type: string }) => type === 'Ready');
        return workspace?.status?.phase === 'Paused' && ready?.reason === reason;
      });
      await world.until(`the Pod of ${name} be gone`, async () => (await podsOf(world, name)) === '');
    }
    expect((await world.read('workspace', 'platform-agent'))?.status?.phase).toBe('Online');

    await suspend(world, false);
    for (const name of ['researcher', 'writer']) {
      await world.condition(`workspace/${name}`, 'Ready', 'True');
      expect(await world.inAgent(name, RECALL)).toBe('what the agent learned\n');
    }
    expect(await Promise.all(['researcher', 'writer'].map((name) => volumeOf(world, name)))).toEqual(volumes);
  });
});

async function suspend({ kubectl, namespace }: World, isSuspended: boolean): Promise<void> {
  const patch = JSON.stringify({ spec: { suspend: isSuspended } });
  await kubectl.must(['patch', 'workspace', 'researcher', '-n', namespace, '--type=merge', '-p', patch]);
}

async function podsOf({ kubectl, namespace }: World, name: string): Promise<string> {
  return kubectl.must(['get', 'pods', '-n', namespace, '-l', `moleculesai.app/workspace=${name}`, '-o', 'name']);
}

async function volumeOf(world: World, name: string): Promise<string> {
  const volumeName = (await world.read('workspace', name))?.status?.volumeName;
  return (await world.read('pvc', volumeName))?.metadata?.uid;
}
