import { ANNOTATIONS, ORG_NAME, PLATFORM_AGENT_NAME } from '../../../src/apis/v1alpha1/names.ts';
import { ORGS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import { BROKEN_IMAGE } from './neighbours.ts';
import * as people from './scenario.ts';
import type { World } from './world.ts';

type Pick = <T>(choices: readonly T[]) => T;
type Act = (world: World, pick: Pick) => void;

const NAMES = ['a', 'b', 'c', 'd'];
const TEMPLATES = ['engineer', 'writer'];
const IMAGES = ['example/agent:1', 'example/agent:2', BROKEN_IMAGE];

/** Everything that people do, in no order. What does not fit the moment is refused by the API, as in life. */
const ACTS: readonly Act[] = [
  (world, pick) => people.createWorkspace(world, pick(NAMES), pick([{}, { templateRef: { name: pick(TEMPLATES) } }])),
  (world, pick) =>
    people.createWorkspace(world, pick(NAMES), {
      parentRef: { name: pick(NAMES) },
      templateRef: { name: pick(TEMPLATES) },
    }),
  (world, pick) => people.createWorkspace(world, pick(NAMES), { image: pick(IMAGES) }),
  (world, pick) => people.deleteWorkspace(world, pick([...NAMES, PLATFORM_AGENT_NAME])),
  (world, pick) => people.editWorkspace(world, pick([...NAMES, PLATFORM_AGENT_NAME]), { suspend: pick([true, false]) }),
  (world, pick) => people.editWorkspace(world, pick(NAMES), { parentRef: pick([null, { name: pick(NAMES) }]) }),
  (world, pick) => people.editWorkspace(world, pick(NAMES), { role: pick(['x', 'y']), image: pick([null, ...IMAGES]) }),
  (world) => people.createOrg(world),
  (world, pick) => people.editOrg(world, { defaults: { image: pick(IMAGES) } }),
  (world, pick) => people.editOrg(world, { platformAgent: pick([null, { displayName: 'Chief' }]) }),
  (world, pick) => pick([people.deleteOrg, people.editPlatformAgent, people.editPlatformAgent])(world),
  (world, pick) => people.createTemplate(world, pick([...TEMPLATES, PLATFORM_AGENT_NAME])),
  (world, pick) => people.deleteTemplate(world, pick(TEMPLATES)),
  (world, pick) => {
    world.verdict = pick(['Approved', 'Denied', undefined]);
  },
  (world, pick) => people.askFirst(world, pick([...NAMES, PLATFORM_AGENT_NAME])),
  (world, pick) => people.askBack(world, pick(NAMES)),
  (world, pick) => people.editOrg(world, { retention: { volumes: pick(['168h', '1m']) } }),
  (world) => people.pushTemplates(world),
  (world, pick) => people.deletePods(world, pick(NAMES)),
  (world, pick) => people.endAgents(world, pick(NAMES)),
  (world, pick) => people.stripLabels(world, pick(NAMES)),
  (world, pick) =>
    people.editPods(world, pick(NAMES), {
      [pick([ANNOTATIONS.assetsDigest, ANNOTATIONS.specHash, ANNOTATIONS.workspaceUID])]: pick([null, 'x']),
    }),
  (world) => people.addForeignMetadata(world),
  (world, pick) => {
    const name = pick(NAMES);
    people.createWorkspace(world, name);
    people.addForeignFinalizer(world, name);
  },
  (world, pick) => people.removeForeignFinalizer(world, pick(NAMES)),
  (world) => people.deleteWalls(world),
  (world, pick) => people.takeNames(world, pick(NAMES)),
  (world) => people.freeNames(world),
];

/** `steps` things that people do, with pauses in which the operator gets anywhere between nowhere and to its end. */
export async function livePeople(
  world: World,
  { random, steps }: { readonly random: () => number; readonly steps: number },
): Promise<void> {
  const pick: Pick = (choices) => choices[Math.floor(random() * choices.length)] as (typeof choices)[number];
  people.openCluster(world);
  people.createForeignObjects(world);
  people.createOrg(world);
  people.createTemplate(world, 'engineer');
  for (let step = 0; step < steps; step += 1) {
    pick(ACTS)(world, pick);
    await world.advance(pick([0, 20, 300, 1_500, 6_000, 30_000]));
  }
}

/** Takes back what would keep things waiting for ever, approves what waits, and makes sure that there is an Org. */
export async function tidyUp(world: World): Promise<void> {
  world.verdict = 'Approved';
  people.freeNames(world);
  for (const { metadata } of world.objects(WORKSPACES)) {
    people.removeForeignFinalizer(world, metadata.name);
    people.editWorkspace(world, metadata.name, { parentRef: null });
  }
  await world.untilQuiet();
  // Who came back meanwhile came back with everything.
  for (const { metadata } of world.objects(WORKSPACES)) people.removeForeignFinalizer(world, metadata.name);
  if (world.object(ORGS, people.key(ORG_NAME)) === undefined) people.createOrg(world);
  await world.untilQuiet();
}
