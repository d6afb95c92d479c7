import { PLATFORM_AGENT_NAME } from '../../../src/apis/v1alpha1/names.ts';
import * as people from './scenario.ts';
import type { World } from './world.ts';

const RETENTION_MS = 30 * 60_000;
const TTL_MS = 5 * 60_000;

/** What people do at once. */
type Deed = (world: World) => void;
/** Time that passes although nothing happens. */
type Pause = (world: World) => Promise<void>;
/** One step, after which nothing happens any more. */
type Act = Deed | Pause;

export interface Script {
  /** Goes well. */
  readonly given: readonly Act[];
  /** Meets with faults. */
  readonly when: readonly Act[];
  /** Nobody loses anything by it: all have the same Pods and volumes afterwards, and are who they were. */
  readonly isHarmless?: true;
}

export const birth: Deed = (world) => {
  people.createForeignObjects(world);
  people.createWorkspace(world, 'a', { templateRef: { name: people.TEMPLATE } });
  people.createWorkspace(world, 'b', { parentRef: { name: 'a' } });
  people.createTemplate(world);
  people.createOrg(world);
};

const edits: Deed = (world) => {
  people.addForeignMetadata(world);
  people.editPlatformAgent(world);
  people.deleteWalls(world);
  people.stripLabels(world, 'b');
  people.pushTemplates(world);
};

const anotherImage: Deed = (world) => {
  people.editOrg(world, { defaults: { image: 'example/agent:2' } });
  people.editWorkspace(world, 'b', { suspend: true, parentRef: null });
};

const interruptions: Deed = (world) => {
  people.editWorkspace(world, 'b', { suspend: false });
  people.endAgents(world, 'a');
  people.deletePods(world, PLATFORM_AGENT_NAME);
};

const deletions: Deed = (world) => {
  people.deleteWorkspace(world, 'a');
  people.deleteWorkspace(world, 'b');
};

/** An agent, what it runs on, and the Org of both. */
export const refused: Deed = (world) => {
  world.verdict = 'Denied';
  people.deleteWorkspace(world, 'a');
  people.deleteTemplate(world);
  people.deleteOrg(world);
};

/** Meanwhile agents end, and what surrounds them is changed. */
export const undecided: Deed = (world) => {
  world.verdict = undefined;
  deletions(world);
  people.endAgents(world, 'a');
  people.deletePods(world, 'b');
  people.stripLabels(world, 'b');
};

const allowed: Deed = (world) => {
  world.verdict = 'Approved';
  deletions(world);
};

/** The children go with their parent, under its approval. */
export const parentDeleted: Deed = (world) => {
  world.verdict = 'Approved';
  people.deleteWorkspace(world, 'a');
};

const parentRefused: Deed = (world) => {
  world.verdict = 'Denied';
  people.deleteWorkspace(world, 'a');
};

export const askedBack: Deed = (world) => people.askBack(world, 'a');

/** Whose data nobody asked back in time loses it. */
export const timePasses: Pause = (world) => world.advance(RETENTION_MS);

const asked: Deed = (world) => people.askFirst(world, 'a');

const unanswered: Deed = (world) => {
  world.verdict = undefined;
  people.editOrg(world, { approvals: { ttl: '5m' } });
  people.deleteWorkspace(world, 'a');
};

const expired: Pause = (world) => world.advance(TTL_MS);

const denied: Deed = (world) => {
  world.verdict = 'Denied';
};

export const shortRetention: Deed = (world) => people.editOrg(world, { retention: { volumes: '30m' } });

const namesake: Deed = (world) => people.createWorkspace(world, 'a', { templateRef: { name: people.TEMPLATE } });

export const LIVES = {
  'The birth of an Org': { given: [], when: [birth] },
  'What people edit': { given: [birth], when: [edits, anotherImage, interruptions] },
} satisfies Readonly<Record<string, Script>>;

export const DELETIONS = {
  'The end of agents and of their Org': { given: [birth], when: [deletions, namesake, people.deleteOrg] },
  'Deletions that wait': { given: [birth], when: [undecided, allowed] },
  'A parent that is deleted, asked back, and a child that is not': {
    given: [birth, shortRetention],
    when: [parentDeleted, askedBack, timePasses],
  },
  'A deletion that was approved before': { given: [birth], when: [asked, parentDeleted] },
} satisfies Readonly<Record<string, Script>>;

export const REFUSALS = {
  'A no to everything': { given: [birth], when: [refused], isHarmless: true },
  'A no, and a yes after it': { given: [birth], when: [parentRefused, parentDeleted] },
  'A question that nobody answers in time, and a no to the next': {
    given: [birth],
    when: [unanswered, expired, denied],
    isHarmless: true,
  },
} satisfies Readonly<Record<string, Script>>;
