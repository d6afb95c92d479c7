import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KeptList } from '../../../src/assets/kept-version.ts';
import { decodeKeptList } from '../../../src/assets/kept-version.ts';
import { MaterializeError } from '../../../src/materialize/exit-codes.ts';
import { listKept, putBack } from '../../../src/materialize/kept-versions.ts';
import { openVolume } from '../../../src/materialize/volume.ts';
import { heal, listing, WANTED } from './fixture.ts';
import { usePlace } from './scene.ts';

const place = usePlace();
const { write } = place;

function read(path: string): string {
  return readFileSync(join(place.target, path), 'utf8');
}

function list(): KeptList {
  const volume = openVolume(place.target);
  try {
    return decodeKeptList(JSON.stringify(listKept(volume, place.target)));
  } finally {
    volume.close();
  }
}

function restore(path: string): boolean {
  const volume = openVolume(place.target);
  try {
    return putBack(volume, path);
  } finally {
    volume.close();
  }
}

function textOf(content: string | undefined): string {
  return Buffer.from(content ?? '', 'base64').toString('utf8');
}

describe('listKept', () => {
  it('finds nothing, and makes nothing, on a volume that nothing was moved aside on', () => {
    expect(list()).toEqual({ versions: [], omitted: 0 });
    expect(existsSync(join(place.target, '.molecule'))).toBe(false);
  });

  it('shows what a healing moved aside, with what lies there now', async () => {
    await heal(place, WANTED);
    write('prompts/system.md', 'Be rude.\n');
    await heal(place, WANTED);
    const { versions } = list();
    expect(versions).toHaveLength(1);
    const [version] = versions;
    expect(version).toMatchObject({
      path: 'prompts/system.md',
      keptAt: '.molecule/displaced/prompts/system.md',
      kept: { kind: 'file', sizeBytes: 9 },
    });
    const shown = [version?.kept, version?.present];
    expect(shown.map((file) => file?.kind === 'file' && textOf(file.content))).toEqual(['Be rude.\n', 'Be kind.\n']);
  });

  it('is in the order of the paths, folders of any depth included', () => {
    for (const path of ['prompts/b.md', 'config.yaml', 'agent-skills/a/b/c/SKILL.md'])
      write(`.molecule/displaced/${path}`, path);
    expect(list().versions.map(({ path }) => path)).toEqual([
      'agent-skills/a/b/c/SKILL.md',
      'config.yaml',
      'prompts/b.md',
    ]);
  });

  it('reads through no link, neither among what was kept nor in the place of the folders themselves', () => {
    const secret = join(place.root, 'secret');
    mkdirSync(secret);
    writeFileSync(join(secret, 'token'), 'sesame');
    mkdirSync(join(place.target, '.molecule/displaced'), { recursive: true });
    symlinkSync(join(secret, 'token'), join(place.target, '.molecule/displaced/config.yaml'));
    symlinkSync(secret, join(place.target, '.molecule/displaced/prompts'));
    symlinkSync(join(secret, 'token'), join(place.target, 'config.yaml'));
    const found = list();
    expect(JSON.stringify(found)).not.toContain(Buffer.from('sesame').toString('base64'));
    expect(found.versions.map(({ path, kept, present }) => [path, kept.kind, present.kind])).toEqual([
      ['config.yaml', 'symlink', 'symlink'],
      ['prompts', 'symlink', 'absent'],
    ]);
  });

  it.each(['.molecule', '.molecule/displaced'])('does not follow a link at %s', (at) => {
    const elsewhere = join(place.root, 'elsewhere');
    mkdirSync(join(elsewhere, 'displaced'), { recursive: true });
    writeFileSync(join(elsewhere, 'displaced/config.yaml'), 'sesame');
    writeFileSync(join(elsewhere, 'config.yaml'), 'sesame');
    mkdirSync(dirname(join(place.target, at)), { recursive: true });
    symlinkSync(elsewhere, join(place.target, at));
    expect(list()).toEqual({ versions: [], omitted: 1 });
  });

  it('shows no content of a file that is too large, and as much as there is room for of many', () => {
    write('.molecule/displaced/prompts/large.md', Buffer.alloc(256 * 1024 + 1, 'x'));
    for (let index = 0; index < 20; index += 1)
      write(`.molecule/displaced/prompts/${index}.md`, Buffer.alloc(256 * 1024, 'x'));
    const found = list();
    const shown = found.versions.filter(({ kept }) => kept.kind === 'file' && kept.content !== undefined);
    expect(found.versions).toHaveLength(21);
    expect(shown).toHaveLength(16);
    expect(shown.map(({ path }) => path)).not.toContain('prompts/large.md');
    expect(JSON.stringify(found).length).toBeLessThan(8 * 1024 * 1024);
  });

  it('lists two hundred and counts the rest', () => {
    for (let index = 0; index < 203; index += 1) write(`.molecule/displaced/prompts/${index}.md`, 'x');
    const { versions, omitted } = list();
    expect({ listed: versions.length, omitted }).toEqual({ listed: 200, omitted: 3 });
  });

  it('counts names that no template can have, and shows none of them', () => {
    write('.molecule/displaced/prompts/\u001b[2J.md', 'x');
    write('.molecule/displaced/MEMORY.md', 'x');
    expect(list()).toEqual({ versions: [], omitted: 2 });
  });
});

describe('putBack', () => {
  async function edited(): Promise<void> {
    await heal(place, WANTED);
    write('prompts/system.md', 'Be rude.\n');
    await heal(place, WANTED);
  }

  it('puts a copy where the agent finds it, and leaves what was kept', async () => {
    await edited();
    expect(restore('prompts/system.md')).toBe(true);
    expect(read('prompts/system.md')).toBe('Be rude.\n');
    expect(read('.molecule/displaced/prompts/system.md')).toBe('Be rude.\n');
    expect(statSync(join(place.target, 'prompts/system.md')).nlink).toBe(1);
  });

  it('does nothing the second time', async () => {
    await edited();
    restore('prompts/system.md');
    const before = listing(place.target);
    expect(restore('prompts/system.md')).toBe(false);
    expect(listing(place.target)).toEqual(before);
  });

  it('lasts until the next healing, which moves it aside again', async () => {
    await edited();
    restore('prompts/system.md');
    await heal(place, WANTED);
    expect([read('prompts/system.md'), read('.molecule/displaced/prompts/system.md')]).toEqual([
      'Be kind.\n',
      'Be rude.\n',
    ]);
  });

  it('makes the folders that are gone by now', async () => {
    write('.molecule/displaced/prompts/deep/er/a.md', 'mine');
    expect(restore('prompts/deep/er/a.md')).toBe(true);
    expect(read('prompts/deep/er/a.md')).toBe('mine');
  });

  it('refuses to overwrite an edit that is nowhere else, and leaves both as they are', async () => {
    await edited();
    write('prompts/system.md', 'Be mysterious.\n');
    const before = listing(place.target);
    expect(() => restore('prompts/system.md')).toThrow('would be lost');
    expect(listing(place.target)).toEqual(before);
  });

  it.each([
    ['a path that climbs out', '../outside', 2],
    ['what belongs to the agent', 'MEMORY.md', 2],
    ['our own folder', '.molecule/manifest.json', 2],
    ['a path of which nothing is kept', 'prompts/other.md', 65],
    ['a folder', 'prompts', 65],
  ])('refuses %s', async (_name, path, exitCode) => {
    await edited();
    write('../outside', 'untouched');
    const before = listing(place.target);
    expect(() => restore(path)).toThrow(expect.objectContaining({ name: MaterializeError.name, exitCode }));
    expect(listing(place.target)).toEqual(before);
  });

  it('follows no link: neither from what was kept, nor to where it goes, nor on the way', async () => {
    await edited();
    const outside = write('../outside', 'untouched');
    symlinkSync(outside, join(place.target, '.molecule/displaced/config.yaml'));
    expect(() => restore('config.yaml')).toThrow('no file is kept');

    write('.molecule/displaced/prompts/link.md', 'mine');
    symlinkSync(outside, join(place.target, 'prompts/link.md'));
    expect(() => restore('prompts/link.md')).toThrow('would be lost');

    mkdirSync(join(place.root, 'elsewhere'));
    symlinkSync(join(place.root, 'elsewhere'), join(place.target, 'linked'));
    write('.molecule/displaced/linked/a.md', 'mine');
    expect(() => restore('linked/a.md')).toThrow();
    expect(existsSync(join(place.root, 'elsewhere/a.md'))).toBe(false);
    expect(readFileSync(outside, 'utf8')).toBe('untouched');
  });

  it('gives the file one of the two modes that a template knows', async () => {
    chmodSync(write('.molecule/displaced/prompts/run.sh', '#!/bin/sh\n'), 0o6777);
    restore('prompts/run.sh');
    expect((statSync(join(place.target, 'prompts/run.sh')).mode & 0o7777).toString(8)).toBe('755');
  });
});
