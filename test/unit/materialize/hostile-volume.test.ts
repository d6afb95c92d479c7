import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { MaterializeError } from '../../../src/materialize/exit-codes.ts';
import type { Volume } from '../../../src/materialize/volume.ts';
import { heal, listing, WANTED, wantedListing } from './fixture.ts';
import { usePlace } from './scene.ts';

const place = usePlace();
const { at } = place;

describe('on a hostile volume', () => {
  let outside: string;

  beforeEach(() => {
    outside = join(place.root, 'outside');
    mkdirSync(join(outside, 'git'), { recursive: true });
    writeFileSync(join(outside, 'system.md'), 'precious');
    writeFileSync(join(outside, 'git/SKILL.md'), 'precious');
  });

  const outsideIsIntact = (): void => {
    expect(listing(outside)).toEqual({ 'system.md': '644 precious', 'git/SKILL.md': '644 precious' });
  };

  const attacks: readonly (readonly [string, (outside: string) => void])[] = [
    ['V2 symlink at a file', (o) => replaceBy('prompts/system.md', (path) => symlinkSync(join(o, 'system.md'), path))],
    [
      'V2b dangling symlink at a file',
      (o) => replaceBy('prompts/system.md', (path) => symlinkSync(join(o, 'new'), path)),
    ],
    ['V3 symlink at a folder', (o) => replaceBy('prompts', (path) => symlinkSync(o, path))],
    ['V3b symlink at a folder above', (o) => replaceBy('agent-skills', (path) => symlinkSync(o, path))],
    ['V3c symlink that climbs', () => replaceBy('agent-skills/git', (path) => symlinkSync('../../outside/git', path))],
    ['V4 FIFO at a file', () => replaceBy('config.yaml', (path) => execFileSync('mkfifo', [path]))],
    ['V4b FIFO at a folder', () => replaceBy('prompts', (path) => execFileSync('mkfifo', [path]))],
    [
      'V5 hard link to a stranger’s file',
      (o) => replaceBy('prompts/system.md', (path) => linkSync(join(o, 'system.md'), path)),
    ],
    [
      'V5b hard link to a file that has the right content today',
      () => linkSync(at('agent-skills/git/SKILL.md'), join(place.root, 'second-name')),
    ],
    ['V7 closed folder', () => chmodSync(at('agent-skills/git'), 0o000)],
    [
      'V7b closed folders, one in another',
      () => {
        for (const path of ['agent-skills/git/scripts', 'agent-skills/git', 'agent-skills']) chmodSync(at(path), 0o000);
      },
    ],
    ['a folder at a file', () => replaceBy('config.yaml', (path) => mkdirSync(join(path, 'a/b'), { recursive: true }))],
    ['a file at a folder', () => replaceBy('agent-skills', (path) => writeFileSync(path, 'mine'))],
    ['a set-uid file', () => chmodSync(at('agent-skills/git/scripts/log.sh'), 0o4755)],
    ['a sparse file of a terabyte', () => execFileSync('truncate', ['-s', '1T', at('config.yaml')])],
    ['symlink at our own folder', (o) => replaceBy('.molecule', (path) => symlinkSync(o, path))],
    ['FIFO at our own folder', () => replaceBy('.molecule', (path) => execFileSync('mkfifo', [path]))],
    [
      'symlink at our inventory',
      (o) => replaceBy('.molecule/manifest.json', (path) => symlinkSync(join(o, 'system.md'), path)),
    ],
    [
      'folder at our inventory',
      () => replaceBy('.molecule/manifest.json', (path) => mkdirSync(join(path, 'a'), { recursive: true })),
    ],
    ['FIFO at our inventory', () => replaceBy('.molecule/manifest.json', (path) => execFileSync('mkfifo', [path]))],
    ['symlink where displaced files go', (o) => symlinkSync(o, at('.molecule/displaced'))],
    ['V12 leftover staging with links in it', (o) => plantStaging(o)],
  ];

  function replaceBy(path: string, plant: (full: string) => void): void {
    rmSync(at(path), { recursive: true, force: true });
    plant(at(path));
  }

  function plantStaging(target: string): void {
    mkdirSync(at('.molecule/staging-0/deep/deeper'), { recursive: true });
    symlinkSync(target, at('.molecule/staging-0/link'));
    symlinkSync(target, at('.molecule/staging-0/deep/link'));
    chmodSync(at('.molecule/staging-0/deep'), 0o000);
    rmSync(at('config.yaml'));
  }

  it.each(attacks)('heals and never leaves it: %s', async (_name, attack) => {
    await heal(place, WANTED);
    attack(outside);
    await heal(place, WANTED);
    const { operations } = await heal(place, WANTED);
    expect(operations).toEqual([]);
    const healed = Object.entries(listing(place.target)).filter(([path]) => !path.startsWith('.molecule/'));
    expect(Object.fromEntries(healed)).toEqual(wantedListing(WANTED));
    for (const path of Object.keys(WANTED)) expect(lstatSync(at(path)).nlink).toBe(1);
    outsideIsIntact();
  });

  it('V1 does not follow a folder that turns into a symlink between looking and writing', async () => {
    await heal(place, WANTED);
    rmSync(at('prompts/system.md'));
    let isSwapped = false;
    const swap = (volume: Volume): Volume => ({
      ...volume,
      place: (staged, path) => {
        if (path === 'prompts/system.md' && !isSwapped) {
          isSwapped = true;
          renameSync(at('prompts'), at('prompts-away'));
          symlinkSync(outside, at('prompts'));
        }
        volume.place(staged, path);
      },
    });
    const { operations } = await heal(place, WANTED, { wrap: swap });
    expect(operations[0]).toMatchObject({ kind: 'displace', path: 'prompts', found: { kind: 'symlink' } });
    expect(readFileSync(at('prompts/system.md'), 'utf8')).toBe('Be kind.\n');
    outsideIsIntact();
  });

  it('V6 notices that a folder was moved away under it', async () => {
    rmSync(join(outside, 'git'), { recursive: true });
    let isMoved = false;
    const move = (volume: Volume): Volume => ({
      ...volume,
      sync: () => {
        if (!isMoved) renameSync(at('prompts'), at('elsewhere'));
        isMoved = true;
        volume.sync();
      },
    });
    await heal(place, WANTED, { wrap: move });
    expect(listing(place.target)).toMatchObject(wantedListing(WANTED));
  });

  it('gives up with “try again” when somebody keeps changing the volume', async () => {
    const spoil = (volume: Volume): Volume => ({
      ...volume,
      sync: () => {
        volume.sync();
        rmSync(at('config.yaml'), { force: true });
      },
    });
    await expect(heal(place, WANTED, { wrap: spoil })).rejects.toThrow(MaterializeError);
  });
});
