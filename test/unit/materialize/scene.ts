import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach } from 'vitest';
import type { RunResult } from '../../../src/materialize/result.ts';
import { makeWorlds, type StartOptions, type World } from '../../torture/volume/world.ts';
import { type Files, makePlace, type Place, type TemporaryPlace } from './fixture.ts';

/** What the tests of one file play on: each of them has a world of its own. */
export interface Scene {
  /** A Pod that ran before, made anew for each test. */
  readonly world: World;
  /** Another world from here on: a Pod that ran before, or a new Workspace. */
  change(kind?: 'used' | 'empty'): Promise<World>;
  /** Where a path of the volume lies. */
  at(path: string): string;
  /** One start of the init container. */
  start(files: Files, options?: StartOptions): Promise<RunResult>;
  /** Takes away what stands at a path of the volume and plants something else there. */
  replace(path: string, plant: (full: string) => void): void;
}

/** To be called at the top of a test file, once. */
export async function setScene(): Promise<Scene> {
  const worlds = await makeWorlds(new AbortController().signal);
  let world = await worlds.make();
  const change: Scene['change'] = async (kind = 'used') => {
    await worlds.remove(world);
    world = await (kind === 'used' ? worlds.make() : worlds.makeEmpty());
    return world;
  };
  const at = (path: string): string => join(world.target, path);

  beforeEach(async () => {
    await change();
  });
  afterAll(() => worlds[Symbol.asyncDispose]());
  return {
    get world() {
      return world;
    },
    change,
    at,
    start: (files, options) => worlds.start(world, files, options),
    replace: (path, plant) => {
      rmSync(at(path), { recursive: true, force: true });
      plant(at(path));
    },
  };
}

/** A volume that nobody used, new for each test, in one object for the whole file. */
export interface CurrentPlace extends Place {
  /** Where a path of the volume lies. */
  at(path: string): string;
  /** Writes a file of the volume with the folders above it, and says where it lies. */
  write(path: string, content: string | Buffer): string;
  /** Another volume from here on. */
  change(): Promise<void>;
}

/** To be called at the top of a test file, once. */
export function usePlace(): CurrentPlace {
  let place: TemporaryPlace | undefined;
  const current = (): Place => {
    if (place === undefined) throw new Error('Cannot use place: no test has begun');
    return place;
  };
  const change = async (): Promise<void> => {
    await place?.remove();
    place = await makePlace();
  };
  const at = (path: string): string => join(current().target, path);

  beforeEach(change);
  afterAll(() => place?.remove());
  return {
    get root() {
      return current().root;
    },
    get target() {
      return current().target;
    },
    at,
    write: (path, content) => {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), content);
      return at(path);
    },
    change,
  };
}
