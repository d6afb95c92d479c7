import { cpSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunResult } from '../../../src/materialize/result.ts';
import { runInPod } from '../../../src/materialize/run-in-pod.ts';
import { IN_MEMORY } from '../../support/in-memory.ts';
import { serve } from '../../unit/assets/http-server.ts';
import { bundleOf, type Files } from '../../unit/materialize/fixture.ts';
import { namesBelow } from './names-below.ts';

/** Two revisions that share files, change files, and have files that the other one has not. */
export const OLD: Files = {
  'config.yaml': 'name: old\n',
  'prompts/system.md': 'Be kind.\n',
  'agent-skills/git/SKILL.md': '# Git\n',
  'agent-skills/git/scripts/log.sh': { body: '#!/bin/sh\ngit log\n', mode: 0o755 },
};
export const NEW: Files = {
  'config.yaml': 'name: new\n',
  'prompts/system.md': 'Be kind.\n',
  'agent-skills/git/SKILL.md': '# Git, second edition\n',
  'agent-skills/find/SKILL.md': '# Find\n',
};
const INCLUDE = JSON.stringify(['config.yaml', 'prompts/**', 'agent-skills/**']);

/** What the agent has on the same volume. No run may change it. */
export const OWNED: Readonly<Record<string, string>> = {
  'MEMORY.md': 'm',
  '.claude/sessions/1.jsonl': 's',
  'workspace/a/b': 'w',
  'notes.txt': 'n',
};

/** Stands in every file that must never come onto the volume. */
export const CANARY = 'canary of another mount';
const HOUR_MS = 3_600_000;

export interface World {
  readonly root: string;
  readonly target: string;
  readonly state: string;
  /** Beside the volume: a tree on its file system, one on another, and the file with the token. */
  readonly outside: readonly [string, string, string];
}

export interface StartOptions {
  readonly isServerAway?: boolean;
}

export interface Worlds extends AsyncDisposable {
  /** What a Pod has that ran before: the old revision on its volume and in its state directory. */
  make(): Promise<World>;
  /** What a new Workspace has: nothing of ours. */
  makeEmpty(): Promise<World>;
  /** One start of the init container. */
  start(world: World, files: Files, options?: StartOptions): Promise<RunResult>;
  remove(world: World): Promise<void>;
}

/** The other mount is the disk where the volumes are in memory. */
export async function makeWorlds(signal: AbortSignal): Promise<Worlds> {
  await using opened = new AsyncDisposableStack();
  const makeDirectory = async (parent: string): Promise<string> =>
    opened.adopt(await mkdtemp(join(parent, 'torture-')), (path) => rm(path, { recursive: true, force: true }));
  const base = await makeDirectory(IN_MEMORY);
  const otherMount = await makeDirectory(tmpdir());
  const bundles = new Map(
    [OLD, NEW].map(bundleOf).map(({ digest, bytes }) => [`/v1/assets/${encodeURIComponent(digest)}`, bytes]),
  );
  const server = opened.use(
    await serve((request, response) => {
      const bytes = bundles.get(request.url ?? '');
      if (bytes === undefined) request.on('end', () => response.writeHead(204).end()).resume();
      else sendFrom(response, bytes, /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]);
    }),
  );
  let starts = 0;

  const worldAt = (root: string): World => ({
    root,
    target: join(root, 'configs'),
    state: join(root, 'state'),
    outside: [join(root, 'outside'), otherMount, join(root, 'token')],
  });
  const start: Worlds['start'] = (world, files, { isServerAway = false } = {}) => {
    starts += 1;
    return runInPod({
      env: {
        ASSETS_DIGEST: bundleOf(files).digest,
        ASSETS_INCLUDE: INCLUDE,
        ASSET_SERVER_URL: isServerAway ? 'http://127.0.0.1:1' : server.url,
      },
      nowMs: starts * HOUR_MS,
      log: () => undefined,
      signal,
      places: { target: world.target, stateDirectory: world.state, tokenFile: join(world.root, 'token') },
    });
  };
  const copyOf = async ({ root }: World): Promise<World> => {
    const copy = worldAt(await mkdtemp(join(base, 'world-')));
    cpSync(root, copy.root, { recursive: true, preserveTimestamps: true });
    return copy;
  };

  const empty = worldAt(join(base, 'empty'));
  write(empty.root, { token: CANARY });
  write(empty.target, OWNED);
  mkdirSync(empty.state);
  for (const sink of [join(empty.root, 'outside'), otherMount]) write(sink, SINK);
  const used = await copyOf(empty);
  await start(used, OLD);

  const held = opened.move();
  return {
    make: () => copyOf(used),
    makeEmpty: () => copyOf(empty),
    start,
    remove: ({ root }) => rm(root, { recursive: true, force: true }),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** All bytes, or those behind where an earlier transfer broke off. */
function sendFrom(response: ServerResponse, bytes: Buffer, first: string | undefined): void {
  if (first === undefined) return void response.end(bytes);
  const rest = bytes.subarray(Number(first));
  const range = `bytes ${first}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(rest.length === 0 ? 416 : 206, { 'content-range': range }).end(rest);
}

/** Where a link to a folder of the volume would lead: to files with the names that a run writes, and some more. */
const SINK: Readonly<Record<string, string>> = Object.fromEntries(
  ['system.md', 'SKILL.md', 'git/SKILL.md', 'scripts/log.sh', 'log.sh', 'manifest.json', 'bundle', 'displaced/x'].map(
    (path) => [path, CANARY],
  ),
);

function write(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

/** Everything at and below the paths: what it is, which inode, whose, how long and since when, and what stands in it. */
export function fingerprint(paths: readonly string[]): ReadonlyMap<string, string> {
  const prints = new Map<string, string>();
  for (const path of paths) {
    const below = lstatSync(path).isDirectory() ? namesBelow(path) : [];
    for (const full of [path, ...below.map((name) => join(path, name))]) {
      const { dev, ino, mode, uid, size, mtimeMs } = lstatSync(full);
      const text = lstatSync(full).isFile() ? readFileSync(full, 'utf8') : '';
      prints.set(full, [dev, ino, mode, uid, size, mtimeMs, text].join(' '));
    }
  }
  return prints;
}

export function ownedPaths({ target }: World): readonly string[] {
  return Object.keys(OWNED).map((path) => join(target, path));
}

/** All that is no run's to change: what the agent owns on the volume, and what lies beside it. */
export function foreignPaths(world: World): readonly string[] {
  return [...ownedPaths(world), ...world.outside];
}

/** What is not as it was, one line each. */
export function differences(before: ReadonlyMap<string, string>, paths: readonly string[]): readonly string[] {
  const now = fingerprint(paths.filter((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined));
  const all = [...new Set([...before.keys(), ...now.keys()])];
  return all.filter((path) => before.get(path) !== now.get(path)).map((path) => `${path} was changed`);
}

/** What of a revision does not lie on the volume as it should, one line each. */
export function shortcomings({ target }: World, files: Files): readonly string[] {
  return Object.entries(files).flatMap(([path, file]) => {
    const wanted = typeof file === 'string' ? { body: file, mode: 0o644 } : file;
    const stats = lstatSync(join(target, path), { throwIfNoEntry: false });
    if (stats?.isFile() !== true) return [`${path} is no file`];
    const isWanted = (stats.mode & 0o7777) === wanted.mode && stats.nlink === 1;
    return isWanted && readFileSync(join(target, path), 'utf8') === wanted.body ? [] : [`${path} is not as wanted`];
  });
}
