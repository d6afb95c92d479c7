import { describe, expect, it } from 'vitest';
import { CONDITIONS } from '../../../src/apis/v1alpha1/conditions.ts';
import { ORG_NAME, PLATFORM_AGENT_NAME } from '../../../src/apis/v1alpha1/names.ts';
import {
  NETWORK_POLICIES,
  ORGS,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  SERVICE_ACCOUNTS,
  TEMPLATE_ASSETS,
  WORKSPACES,
} from '../../../src/apis/v1alpha1/resources.ts';
import type { Org, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { childName } from '../../../src/rules/identity.ts';
import {
  askedBack,
  birth,
  DELETIONS,
  LIVES,
  parentDeleted,
  REFUSALS,
  refused,
  type Script,
  shortRetention,
  timePasses,
  undecided,
} from './crash-scripts.ts';
import { noFaults } from './faults.ts';
import { play, standingOf } from './play.ts';
import * as people from './scenario.ts';
import { World } from './world.ts';

function lineageOf(world: World, name: string) {
  const { status } = world.object(WORKSPACES, people.key(name)) as Workspace;
  const { id, incarnation = '' } = status ?? {};
  const volume = world.object(PERSISTENT_VOLUME_CLAIMS, people.key(childName(name, incarnation)))?.metadata.uid;
  return { id, incarnation, volume };
}

function volumeUIDs(world: World): readonly unknown[] {
  return world.objects(PERSISTENT_VOLUME_CLAIMS).map(({ metadata }) => metadata.uid);
}

function readyOf(object: Org | Workspace): string | undefined {
  return object.status?.conditions?.find(({ type }) => type === CONDITIONS.ready)?.status;
}

describe('without a fault', () => {
  it('everybody is ready', async () => {
    const { world } = await play(LIVES['What people edit'], () => noFaults);
    const workspaces = world.objects(WORKSPACES) as readonly Workspace[];
    expect(workspaces.map((workspace) => [workspace.metadata.name, readyOf(workspace)])).toEqual([
      ['a', 'True'],
      ['b', 'True'],
      [PLATFORM_AGENT_NAME, 'True'],
    ]);
    expect(readyOf(world.object(ORGS, people.key(ORG_NAME)) as Org)).toBe('True');
    expect(world.violations).toEqual([]);
  });

  it('an Org that was deleted leaves the volumes and what is somebody else’s', async () => {
    const { world } = await play(DELETIONS['The end of agents and of their Org'], () => noFaults);
    const left = [ORGS, WORKSPACES, PODS, NETWORK_POLICIES, SERVICE_ACCOUNTS, TEMPLATE_ASSETS].flatMap((resource) =>
      world.objects(resource).map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    );
    expect(left).toEqual(['Pod foreign', `TemplateAsset ${people.TEMPLATE}`]);
    expect(
      world.objects(PERSISTENT_VOLUME_CLAIMS).map(({ metadata }) => metadata.name.replace(/-[0-9a-f]{8}$/, '')),
    ).toEqual(['a', 'a', 'b', 'foreign', PLATFORM_AGENT_NAME]);
    expect(world.ledger.open).toEqual([]);
    expect(world.violations).toEqual([]);
  });

  it('a no leaves every agent and volume as it was, and everybody with the identity that they had', async () => {
    const world = new World();
    people.openCluster(world);
    birth(world);
    await world.untilQuiet();
    const before = standingOf(world);
    refused(world);
    await world.untilQuiet();
    expect(standingOf(world)).toEqual(before);
    expect(world.objects(WORKSPACES).map(({ metadata }) => metadata.deletionTimestamp)).toEqual(
      Array(3).fill(undefined),
    );
    expect(world.violations).toEqual([]);
    expect(world.ledger.audit.filter(({ event }) => event === 'APPROVAL_CONSUMED')).toEqual([]);
  });

  it('who is asked back has the data and the identity that it had, and what nobody asks back goes when its time is over', async () => {
    const world = new World();
    people.openCluster(world);
    birth(world);
    shortRetention(world);
    await world.untilQuiet();
    const [a, b] = ['a', 'b'].map((name) => lineageOf(world, name));
    parentDeleted(world);
    await world.untilQuiet();
    expect(world.objects(WORKSPACES).map(({ metadata }) => metadata.name)).toEqual([PLATFORM_AGENT_NAME]);
    expect(volumeUIDs(world)).toEqual(expect.arrayContaining([a?.volume, b?.volume]));
    askedBack(world);
    await world.untilQuiet();
    await timePasses(world);
    await world.untilQuiet();
    expect(lineageOf(world, 'a')).toEqual(a);
    expect(readyOf(world.object(WORKSPACES, people.key('a')) as Workspace)).toBe('True');
    expect(volumeUIDs(world)).toContain(a?.volume);
    expect(volumeUIDs(world)).not.toContain(b?.volume);
    expect(world.violations).toEqual([]);
  });

  it('a deletion that nobody decides leaves agents running, and makes those anew that end', async () => {
    const world = new World();
    people.openCluster(world);
    birth(world);
    await world.untilQuiet();
    undecided(world);
    await world.untilQuiet();
    const workspaces = world.objects(WORKSPACES) as readonly Workspace[];
    expect(workspaces.map((workspace) => [workspace.metadata.name, readyOf(workspace)])).toEqual([
      ['a', 'True'],
      ['b', 'True'],
      [PLATFORM_AGENT_NAME, 'True'],
    ]);
    expect(people.podsOf(world, 'b')[0]?.status?.phase).toBe('Running');
    expect(world.violations).toEqual([]);
  });

  it.for(Object.entries<Script>({ ...LIVES, ...DELETIONS, ...REFUSALS }))(
    '%s: a restart afterwards writes nothing',
    async ([, script]) => {
      const { world } = await play(script, () => noFaults);
      const before = world.operatorWrites;
      expect(before).toBeGreaterThan(0);
      world.restartOperators();
      await world.untilQuiet();
      expect(world.operatorWrites).toBe(before);
    },
  );
});
