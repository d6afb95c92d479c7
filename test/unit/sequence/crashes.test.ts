import { beforeAll, describe, expect, it } from 'vitest';
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
import type { Json } from '../../memory-api/rest.ts';
import { type Fault, type FaultSource, faultAt, faultEvery, noFaults } from './faults.ts';
import * as people from './scenario.ts';
import { World } from './world.ts';

/** What people do at once, until nothing happens any more. */
type Act = (world: World) => void;

interface Script {
  /** Goes well. */
  readonly given: readonly Act[];
  /** Meets with faults. */
  readonly when: readonly Act[];
}

const birth: Act = (world) => {
  people.createForeignObjects(world);
  people.createWorkspace(world, 'a', { templateRef: { name: people.TEMPLATE } });
  people.createWorkspace(world, 'b', { parentRef: { name: 'a' } });
  people.createTemplate(world);
  people.createOrg(world);
};

const edits: Act = (world) => {
  people.addForeignMetadata(world);
  people.editPlatformAgent(world);
  people.deleteWalls(world);
  people.stripLabels(world, 'b');
  people.pushTemplates(world);
};

const anotherImage: Act = (world) => {
  people.editOrg(world, { defaults: { image: 'example/agent:2' } });
  people.editWorkspace(world, 'b', { suspend: true, parentRef: null });
};

const interruptions: Act = (world) => {
  people.editWorkspace(world, 'b', { suspend: false });
  people.endAgents(world, 'a');
  people.deletePods(world, PLATFORM_AGENT_NAME);
};

const deletions: Act = (world) => {
  people.deleteWorkspace(world, 'a');
  people.deleteWorkspace(world, 'b');
};

const everything: Act = (world) => {
  deletions(world);
  people.deleteWorkspace(world, PLATFORM_AGENT_NAME);
  people.deleteTemplate(world);
  people.deleteOrg(world);
};

const refused: Act = (world) => {
  world.verdict = 'Denied';
  everything(world);
};

/** Meanwhile agents end, and what surrounds them is changed. */
const undecided: Act = (world) => {
  world.verdict = undefined;
  deletions(world);
  people.endAgents(world, 'a');
  people.deletePods(world, 'b');
  people.stripLabels(world, 'b');
};

const allowed: Act = (world) => {
  world.verdict = 'Approved';
  deletions(world);
};

const namesake: Act = (world) => people.createWorkspace(world, 'a', { templateRef: { name: people.TEMPLATE } });

const DELETING: ReadonlySet<Act> = new Set([deletions, refused, undecided]);

const SCRIPTS = {
  'The birth of an Org': { given: [], when: [birth] },
  'What people edit': { given: [birth], when: [edits, anotherImage, interruptions] },
  'The end of agents and of their Org': { given: [birth], when: [deletions, namesake, people.deleteOrg] },
  'A no to everything, and a yes after it': { given: [birth], when: [refused, allowed] },
  'Deletions that wait': { given: [birth], when: [undecided, allowed] },
} satisfies Readonly<Record<string, Script>>;

/** To die before an effect is to die after the one before it. */
const FAULTS: readonly Fault[] = ['died after', 'request lost', 'answer lost'];

interface Run {
  readonly world: World;
  /** What was there at the end of each step. */
  readonly ends: readonly (readonly Json[])[];
}

async function play({ given, when }: Script, fault: FaultSource): Promise<Run> {
  let isFaulty = false;
  const world = new World({ faults: [() => (isFaulty ? fault() : undefined)] });
  const ends: (readonly Json[])[] = [];
  people.openCluster(world);
  for (const act of [...given, ...when]) {
    isFaulty = when.includes(act);
    act(world);
    await world.untilQuiet();
    ends.push(world.fingerprint());
  }
  return { world, ends };
}

/** Who everybody is, and the uids of what they have. */
function standingOf(world: World): readonly unknown[] {
  const workspaces = world.objects(WORKSPACES) as readonly Workspace[];
  const [org] = world.objects(ORGS) as readonly Org[];
  return [
    workspaces.map(({ metadata, status }) => [metadata.name, status?.id, status?.incarnation]),
    org?.status?.orgID,
    [PODS, PERSISTENT_VOLUME_CLAIMS].map((resource) => world.objects(resource).map(({ metadata }) => metadata.uid)),
  ];
}

function readyOf(object: Org | Workspace): string | undefined {
  return object.status?.conditions?.find(({ type }) => type === CONDITIONS.ready)?.status;
}

describe('without a fault', () => {
  it('everybody is ready', async () => {
    const { world } = await play(SCRIPTS['What people edit'], noFaults);
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
    const { world } = await play(SCRIPTS['The end of agents and of their Org'], noFaults);
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

  it.for(Object.entries(SCRIPTS))('%s: a restart afterwards writes nothing', async ([, script]) => {
    const { world } = await play(script, noFaults);
    const before = world.operatorWrites;
    expect(before).toBeGreaterThan(0);
    world.restartOperators();
    await world.untilQuiet();
    expect(world.operatorWrites).toBe(before);
  });
});

describe.for(Object.entries(SCRIPTS))('%s comes to the same end', ([, script]) => {
  const fewestEffects = script.when.some((act) => DELETING.has(act)) ? 4 : 3;
  let ends: Run['ends'];
  beforeAll(async () => {
    ends = (await play(script, noFaults)).ends;
  });

  it.for(FAULTS)('whichever single effect met with: %s', { timeout: 120_000 }, async (fault) => {
    for (let n = 1, isOver = false; !isOver; n += 1) {
      const source = faultAt(n, fault);
      const run = await play(script, source);
      expect(run.world.violations, `effect ${n}`).toEqual([]);
      expect(run.world.ledger.consumedTwice, `effect ${n}`).toEqual([]);
      expect(run.ends, `effect ${n}`).toEqual(ends);
      isOver = source.effects() < n;
    }
  });

  // With fewer none would get past the calls that have to be made again first: in a deletion those are snapshot, intent and outcome.
  it.for([3, 4, 5, 8].filter((n) => n >= fewestEffects))('although a process lives for %i effects only', async (n) => {
    const run = await play(script, faultEvery(n, 'died after'));
    expect(run.world.violations).toEqual([]);
    expect(run.world.ledger.consumedTwice).toEqual([]);
    expect(run.ends).toEqual(ends);
  });
});
