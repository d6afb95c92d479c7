import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../../../src/apis/v1alpha1/names.ts';
import { REASONS } from '../../../src/apis/v1alpha1/reasons.ts';
import { PODS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import * as people from './scenario.ts';
import { World } from './world.ts';

/** What random runs found, reduced to what it takes. */
describe('a Pod of an agent without a template', () => {
  it('is not taken for one whose files are missing because somebody wrote a digest on it', async () => {
    const world = new World();
    people.openCluster(world);
    people.createOrg(world);
    people.createWorkspace(world, 'a');
    await world.untilQuiet();
    const before = world.fingerprint();
    people.editPods(world, 'a', { [ANNOTATIONS.assetsDigest]: 'x', [ANNOTATIONS.assetsInclude]: '[]' });
    expect(world.fingerprint()).not.toEqual(before);
    await world.untilQuiet();
    expect(world.fingerprint()).toEqual(before);
  });
});

describe('a Pod whose labels somebody took off', () => {
  it('ends when its agent is suspended', async () => {
    const world = new World();
    people.openCluster(world);
    people.createOrg(world);
    people.createWorkspace(world, 'a');
    await world.untilQuiet();
    people.editWorkspace(world, 'a', { suspend: true });
    people.stripLabels(world, 'a');
    await world.untilQuiet();
    expect(people.podsOf(world, 'a')).toEqual([]);
  });

  it('ends with its Workspace, whatever else was taken off', async () => {
    const world = new World();
    people.openCluster(world);
    people.createOrg(world);
    people.createWorkspace(world, 'a');
    await world.untilQuiet();
    const [pod] = people.podsOf(world, 'a');
    people.stripLabels(world, 'a');
    people.editPods(world, 'a', { [ANNOTATIONS.workspaceUID]: 'x' });
    people.deleteWorkspace(world, 'a');
    await world.untilQuiet();
    expect(world.object(PODS, people.key(pod?.metadata.name ?? ''))).toBeUndefined();
  });
});

describe('somebody else’s Pod under the name of ours', () => {
  it('is never told as the agent’s endpoint, although it is ready and has our label', async () => {
    const world = new World();
    people.openCluster(world);
    people.createWorkspace(world, 'a');
    people.takeNames(world, 'a', { [LABELS.managedBy]: MANAGED_BY, [LABELS.workspace]: 'a' });
    people.createOrg(world);
    await world.untilQuiet();
    const workspace = world.object(WORKSPACES, people.key('a')) as Workspace;
    expect(workspace.status?.conditions?.[0]?.reason).toBe(REASONS.volumeConflict);
    expect(workspace.status).not.toHaveProperty('endpoint');
    expect(workspace.status).not.toHaveProperty('podName');
  });
});
