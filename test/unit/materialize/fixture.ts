import { closeSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBundleHead } from '../../../src/assets/bundle/bundle-file.ts';
import { encodeBundleHead } from '../../../src/assets/bundle/format.ts';
import { type Healing, healVolume, INVENTORY_PATH } from '../../../src/materialize/heal.ts';
import { decodeInventory } from '../../../src/materialize/inventory.ts';
import { openVolume, type Volume } from '../../../src/materialize/volume.ts';
import { sha256Hex } from '../../../src/platform/digest.ts';
import { type IncludeSet, parseInclude } from '../../../src/rules/asset-path.ts';
import { type AssetMode, sortTree, treeDigest } from '../../../src/rules/asset-tree.ts';
import { IN_MEMORY } from '../../support/in-memory.ts';
import { namesBelow } from '../../torture/volume/names-below.ts';

export type Files = Readonly<Record<string, string | { readonly body: string; readonly mode: AssetMode }>>;

export interface TestBundle {
  readonly bytes: Buffer;
  readonly digest: string;
}

export function bundleOf(files: Files): TestBundle {
  const bodies = new Map(
    Object.entries(files).map(([path, file]) => [path, typeof file === 'string' ? file : file.body]),
  );
  const tree = sortTree(
    [...bodies].map(([path, body]) => {
      const given = files[path];
      const mode = typeof given === 'object' ? given.mode : 0o644;
      return { path, mode, sizeBytes: Buffer.byteLength(body), sha256: sha256Hex(body) };
    }),
  );
  const bytes = Buffer.concat([encodeBundleHead(tree), ...tree.map(({ path }) => Buffer.from(bodies.get(path) ?? ''))]);
  return { bytes, digest: treeDigest(tree) };
}

export function includeOf(...globs: string[]): IncludeSet {
  const result = parseInclude(globs);
  if (result.kind === 'invalid') throw new Error(result.message);
  return result.include;
}

export const DEFAULT = includeOf('config.yaml', 'prompts/**', 'agent-skills/**');

export const WANTED: Files = {
  'config.yaml': 'name: wanted\n',
  'prompts/system.md': 'Be kind.\n',
  'agent-skills/git/SKILL.md': '# Git\n',
  'agent-skills/git/scripts/log.sh': { body: '#!/bin/sh\ngit log\n', mode: 0o755 },
};

export interface Place {
  /** Holds everything of one test: the volume and what lies beside it. */
  readonly root: string;
  readonly target: string;
}

export interface TemporaryPlace extends Place {
  remove(): Promise<void>;
}

export async function makePlace(): Promise<TemporaryPlace> {
  const root = await mkdtemp(join(IN_MEMORY, 'volume-'));
  const target = join(root, 'configs');
  await mkdir(target);
  return { root, target, remove: () => rm(root, { recursive: true, force: true }) };
}

export interface HealRun {
  readonly include?: IncludeSet;
  /** Put around the real volume, to break it or to interfere. */
  readonly wrap?: (volume: Volume) => Volume;
  /** The inventory that only we can write; kept in this object between runs. Absent: the volume's copy is used. */
  readonly trusted?: { text: string | undefined };
}

/** Heals the way both programs do, from a bundle in a file beside the volume. */
export async function heal(place: Place, files: Files, run: HealRun = {}): Promise<Healing> {
  const path = join(place.root, 'bundle');
  await writeFile(path, bundleOf(files).bytes);
  await using handle = await open(path, 'r');
  const real = openVolume(place.target);
  const volume = run.wrap?.(real) ?? real;
  try {
    const stored = readText(real, INVENTORY_PATH);
    return await healVolume({
      volume,
      bundle: { fd: handle.fd, head: await readBundleHead(handle) },
      include: run.include ?? DEFAULT,
      inventory: decodeInventory(run.trusted?.text ?? stored ?? '') ?? new Map(),
      saveInventory: async (text) => {
        if (run.trusted !== undefined) run.trusted.text = text;
      },
    });
  } finally {
    real.close();
  }
}

function readText(volume: Volume, path: string): string | undefined {
  const fd = volume.openFile(path);
  if (fd === undefined) return undefined;
  const text = readFileSync(fd, 'utf8');
  closeSync(fd);
  return text;
}

/** Everything below a directory: files with their bytes and mode, links with their target. Our own folder apart from what was displaced. */
export function listing(directory: string): Readonly<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const name of namesBelow(directory)) {
    if (name === '.molecule' || (name.startsWith('.molecule/') && !name.startsWith('.molecule/displaced/'))) continue;
    const path = join(directory, name);
    const stats = lstatSync(path);
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.size > 1024 * 1024) result[name] = 'large';
    else if (stats.isFile()) result[name] = `${mode} ${readFileSync(path, 'utf8')}`;
    else if (stats.isSymbolicLink()) result[name] = `-> ${readlinkSync(path)}`;
    else if (!stats.isDirectory()) result[name] = 'other';
  }
  return result;
}

export function wantedListing(files: Files): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(files).map(([path, file]) =>
      typeof file === 'string' ? [path, `644 ${file}`] : [path, `${file.mode.toString(8)} ${file.body}`],
    ),
  );
}

/** Identity of everything on the volume: a write of any kind changes it. */
export function identities(directory: string): readonly string[] {
  return namesBelow(directory).map((name) => {
    const { ino, mode, mtimeMs, ctimeMs, size } = lstatSync(join(directory, name));
    return `${name} ${ino} ${mode} ${mtimeMs} ${ctimeMs} ${size}`;
  });
}
