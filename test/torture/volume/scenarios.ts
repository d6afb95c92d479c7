import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleOf, type Files } from '../../unit/materialize/fixture.ts';
import { NEW, OLD, type World, type Worlds } from './world.ts';

/** A run of the init container with much to do. */
export interface Scenario {
  readonly name: string;
  readonly wanted: Files;
  readonly isServerAway: boolean;
  /** What an agent wrote at paths of the template; it has to be found again, there or where it was moved to. */
  readonly edits: readonly string[];
  make(worlds: Worlds): Promise<World>;
}

export const EDIT = 'what the agent wrote\n';

export const SCENARIOS: readonly Scenario[] = [
  { name: 'a new workspace', wanted: OLD, isServerAway: false, edits: [], make: (worlds) => worlds.makeEmpty() },
  {
    name: 'a new revision over what the agent changed',
    wanted: NEW,
    isServerAway: false,
    edits: ['config.yaml', 'agent-skills/git/scripts/log.sh'],
    make: async (worlds) => {
      const world = await worlds.make();
      const at = (path: string): string => join(world.target, path);
      for (const path of ['config.yaml', 'agent-skills/git/scripts/log.sh']) writeFileSync(at(path), EDIT);
      rmSync(at('agent-skills/git/SKILL.md'));
      mkdirSync(at('agent-skills/find/SKILL.md/in the way'), { recursive: true });
      rmSync(at('.molecule/bundle'));
      symlinkSync(join(world.root, 'token'), at('.molecule/bundle'));
      return world;
    },
  },
  {
    name: 'a new workspace after a transfer that was cut off',
    wanted: OLD,
    isServerAway: false,
    edits: [],
    make: async (worlds) => {
      const world = await worlds.makeEmpty();
      const { digest, bytes } = bundleOf(OLD);
      writeFileSync(join(world.state, 'bundle-000000000000.part'), 'of what was wanted before');
      const damaged = Buffer.from(bytes.subarray(0, bytes.length - 20)).fill('X', bytes.length - 30);
      writeFileSync(join(world.state, `bundle-${digest.slice('sha256:'.length, 19)}.part`), damaged);
      return world;
    },
  },
  {
    name: 'a new Pod while the operator is away',
    wanted: OLD,
    isServerAway: true,
    edits: ['prompts/system.md'],
    make: async (worlds) => {
      const world = await worlds.make();
      for (const name of ['bundle', 'manifest.json', 'backoff.json']) rmSync(join(world.state, name));
      writeFileSync(join(world.target, 'prompts/system.md'), EDIT);
      rmSync(join(world.target, 'agent-skills'), { recursive: true });
      return world;
    },
  },
];
