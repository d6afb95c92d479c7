import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../src/apis/v1alpha1/names.ts';
import { PERSISTENT_VOLUME_CLAIMS, PODS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { mergePatch } from './requests.ts';
import * as people from './scenario.ts';
import { World } from './world.ts';

async function advance(world: World, seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 1) await world.advance(1_000);
}

async function abandoned() {
  const world = new World();
  people.openCluster(world);
  people.createOrg(world);
  people.createWorkspace(world, 'a');
  await world.untilQuiet();
  const [pod] = people.podsOf(world, 'a');
  const workspace = world.object(WORKSPACES, people.key('a')) as Workspace;
  world.send(mergePatch(WORKSPACES, people.key('a'), { metadata: { finalizers: null } }));
  people.deleteWorkspace(world, 'a');
  expect(world.object(WORKSPACES, people.key('a'))).toBeUndefined();
  return { world, workspace, child: people.key(pod?.metadata.name ?? '') };
}

describe('a Pod whose Workspace somebody deleted after taking its finalizer off', () => {
  it('ends two minutes later, and its volume stays', async () => {
    const { world, child } = await abandoned();
    await advance(world, 110);
    expect(world.object(PODS, child)?.metadata.deletionTimestamp).toBeUndefined();
    await advance(world, 60);
    expect(world.object(PODS, child)).toBeUndefined();
    expect(world.object(PERSISTENT_VOLUME_CLAIMS, child)).toBeDefined();
    expect(world.violations).toEqual([]);
  });

  it('ends likewise beside the Pod of a namesake that was made meanwhile', async () => {
    const { world, child } = await abandoned();
    people.createWorkspace(world, 'a');
    await advance(world, 180);
    expect(world.object(PODS, child)).toBeUndefined();
    expect(people.podsOf(world, 'a')).toHaveLength(1);
    expect(world.violations).toEqual([]);
  });

  it('lives on where its Workspace is back with its status', async () => {
    const { world, workspace, child } = await abandoned();
    await advance(world, 60);
    people.createWorkspace(world, 'a');
    const { incarnation } = workspace.status ?? {};
    world.send(mergePatch(WORKSPACES, people.key('a'), { status: { incarnation } }, 'status'));
    await advance(world, 300);
    expect(world.object(PODS, child)?.metadata.annotations?.[ANNOTATIONS.incarnation]).toBe(incarnation);
  });

  it('is given two minutes more where it was claimed in between', async () => {
    const { world, workspace, child } = await abandoned();
    await advance(world, 100);
    people.createWorkspace(world, 'a');
    const { incarnation } = workspace.status ?? {};
    world.send(mergePatch(WORKSPACES, people.key('a'), { status: { incarnation } }, 'status'));
    await advance(world, 5);
    world.send(mergePatch(WORKSPACES, people.key('a'), { metadata: { finalizers: null } }));
    people.deleteWorkspace(world, 'a');
    await advance(world, 100);
    expect(world.object(PODS, child)?.metadata.deletionTimestamp).toBeUndefined();
    await advance(world, 60);
    expect(world.object(PODS, child)).toBeUndefined();
  });
});
