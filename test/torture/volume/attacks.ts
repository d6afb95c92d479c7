import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fchmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SeededRandom } from '../../unit/faults/random.ts';
import { namesBelow } from './names-below.ts';

/** What a hostile neighbour has in hands: the volume, and names of what lies elsewhere. It writes only to the volume. */
export interface Ground {
  readonly target: string;
  readonly outside: readonly string[];
}

const PLACES = [
  ...['config.yaml', 'prompts', 'prompts/system.md', 'agent-skills', 'agent-skills/git', 'agent-skills/git/SKILL.md'],
  ...['agent-skills/git/scripts', 'agent-skills/git/scripts/log.sh', 'agent-skills/find', 'agent-skills/find/SKILL.md'],
  ...['.molecule', '.molecule/manifest.json', '.molecule/bundle', '.molecule/displaced', '.molecule/trash'],
  ...['.molecule/displaced/prompts', '.molecule/displaced/config.yaml', '.molecule/staging-0123456789abcdef'],
] as const;
/** Where the neighbour puts what it takes away. */
const AWAY = 'neighbour';

interface Reach extends Ground {
  readonly random: SeededRandom;
  /** Another place. */
  readonly other: () => string;
}

type Attack = (reach: Reach, place: string) => void;

const ATTACKS: readonly [Attack, ...Attack[]] = [
  function link(reach, place) {
    takeAway(reach, place);
    symlinkSync(anyOf(reach.outside, reach.random), place);
  },
  function exchange({ target, other }, place) {
    const taken = other();
    const between = join(target, AWAY, 'between');
    renameSync(place, between);
    renameSync(taken, place);
    renameSync(between, taken);
  },
  function move({ target, random }, place) {
    renameSync(place, join(target, AWAY, `taken-${random.between(0, 9)}`));
  },
  function moveBack({ target, random }, place) {
    renameSync(join(target, AWAY, `taken-${random.between(0, 9)}`), place);
  },
  function fifo(ground, place) {
    takeAway(ground, place);
    linkSync(join(ground.target, AWAY, 'fifo'), place);
  },
  function file(ground, place) {
    takeAway(ground, place);
    writeFileSync(place, 'planted', { flag: 'wx' });
  },
  function folder(ground, place) {
    takeAway(ground, place);
    const made = join(ground.target, AWAY, 'made');
    mkdirSync(join(made, 'a/b'), { recursive: true });
    symlinkSync(anyOf(ground.outside, ground.random), join(made, `link-${ground.random.between(0, 1e9)}`));
    renameSync(made, place);
  },
  takeAway,
  function edit(_ground, place) {
    withFile(place, (fd) => writeSync(fd, 'edited'));
  },
  function close(_ground, place) {
    withFile(place, (fd) => fchmodSync(fd, 0));
  },
  function secondName({ target }, place) {
    linkSync(place, join(target, AWAY, `second-${lstatSync(place).ino}`));
  },
  function nameOfAnother(ground, place) {
    takeAway(ground, place);
    linkSync(join(ground.target, AWAY, 'other'), place);
  },
];

/** One act at one place of the volume, also at what a run stages at the moment. Nothing happens where it is impossible. */
export function attack(ground: Ground, random: SeededRandom): void {
  using opened = new DisposableStack();
  const other = (): string => reach(ground.target, placeIn(ground.target, random), opened);
  try {
    random.pick(ATTACKS)({ ...ground, random, other }, other());
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
  }
}

/** Links lead elsewhere, also those of another neighbour: what it does through one would be its deed and not the run's. */
function reach(target: string, place: string, opened: DisposableStack): string {
  const fd = opened.adopt(openSync(dirname(place), constants.O_RDONLY | constants.O_DIRECTORY), closeSync);
  const anchor = `/proc/self/fd/${fd}`;
  const isInside = `${readlinkSync(anchor)}/`.startsWith(`${target}/`);
  return isInside ? join(anchor, basename(place)) : join(target, AWAY, 'nowhere', 'at all');
}

/** What the attacks need on the volume. */
export function prepareGround(target: string): void {
  mkdirSync(join(target, AWAY));
  execFileSync('mkfifo', [join(target, AWAY, 'fifo')]);
  writeFileSync(join(target, AWAY, 'other'), 'other');
}

function placeIn(target: string, random: SeededRandom): string {
  const isStaged = random.next() < 0.2;
  if (!isStaged) return join(target, anyOf(PLACES, random));
  const own = join(target, '.molecule');
  const names = namesBelow(own).filter((name) => /^(staging|trash)/.test(name));
  return join(own, names.length === 0 ? 'staging-planted' : anyOf(names, random));
}

/** Deletes it where no run of ours renames anything, so that what is deleted is what was there. */
function takeAway({ target }: Ground, place: string): void {
  const away = join(target, AWAY, 'gone');
  renameSync(place, away);
  rmSync(away, { recursive: true, force: true });
}

function withFile(place: string, use: (fd: number) => void): void {
  const { O_NOFOLLOW, O_NONBLOCK, O_APPEND, O_WRONLY } = constants;
  const fd = openSync(place, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
}

function anyOf<T>(items: readonly T[], random: SeededRandom): T {
  const item = items[random.between(0, items.length - 1)];
  if (item === undefined) throw new Error('Cannot choose from nothing');
  return item;
}
