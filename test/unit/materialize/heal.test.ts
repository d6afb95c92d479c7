import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Volume } from '../../../src/materialize/volume.ts';
import { type Files, heal, identities, includeOf, listing, WANTED, wantedListing } from './fixture.ts';
import { usePlace } from './scene.ts';

const place = usePlace();
const { at, write } = place;

describe('healing', () => {
  it('fills an empty volume, and a second run writes nothing at all', async () => {
    const first = await heal(place, WANTED);
    expect(first.operations.filter(({ kind }) => kind === 'place')).toHaveLength(4);
    expect(listing(place.target)).toEqual(wantedListing(WANTED));
    const before = identities(place.target);
    const second = await heal(place, WANTED);
    expect(second.operations).toEqual([]);
    expect(identities(place.target)).toEqual(before);
  });

  it('replaces an edited file, restores a deleted one, repairs a mode, and leaves the others alone', async () => {
    await heal(place, WANTED);
    const untouched = lstatSync(at('agent-skills/git/SKILL.md'));
    write('config.yaml', 'name: edited\n');
    rmSync(at('prompts/system.md'));
    chmodSync(at('agent-skills/git/scripts/log.sh'), 0o600);
    const { operations } = await heal(place, WANTED);
    expect(listing(place.target)).toEqual({
      ...wantedListing(WANTED),
      '.molecule/displaced/config.yaml': '644 name: edited\n',
    });
    expect(operations.map(({ kind }) => kind)).toEqual(['place', 'displace', 'place', 'place']);
    expect(lstatSync(at('agent-skills/git/SKILL.md'))).toMatchObject({
      ino: untouched.ino,
      mtimeMs: untouched.mtimeMs,
    });
  });

  it('keeps one displaced version for each path, the latest, whatever kind the older one was', async () => {
    await heal(place, WANTED);
    rmSync(at('config.yaml'));
    write('config.yaml/deep/er/file', 'first\n');
    chmodSync(at('config.yaml/deep'), 0o500);
    await heal(place, WANTED);
    expect(listing(place.target)['.molecule/displaced/config.yaml/deep/er/file']).toBe('644 first\n');
    write('config.yaml', 'second\n');
    await heal(place, WANTED);
    expect(listing(place.target)).toEqual({
      ...wantedListing(WANTED),
      '.molecule/displaced/config.yaml': '644 second\n',
    });
  });

  it('takes a new revision without setting the old one aside, since nobody edited it', async () => {
    await heal(place, WANTED);
    const next: Files = { ...WANTED, 'config.yaml': 'name: next\n' };
    await heal(place, next);
    expect(listing(place.target)).toEqual(wantedListing(next));
  });

  it('never touches what is not the template’s', async () => {
    const own = {
      'MEMORY.md': 'm',
      'CLAUDE.md': 'c',
      '.claude/sessions/1.jsonl': 's',
      'workspace/a': 'w',
      'prompts/mine.md': 'p',
      'notes.txt': 'n',
    };
    for (const [path, text] of Object.entries(own)) write(path, text);
    await heal(place, WANTED);
    await heal(place, { 'config.yaml': 'only this\n' });
    expect(listing(place.target)).toEqual({
      ...Object.fromEntries(Object.entries(own).map(([path, text]) => [path, `644 ${text}`])),
      'config.yaml': '644 only this\n',
    });
  });
});

describe('pruning', () => {
  it('removes what an earlier run wrote and the folders that this empties', async () => {
    await heal(place, WANTED);
    write('agent-skills/own/SKILL.md', 'mine\n');
    const next: Files = { 'config.yaml': 'name: wanted\n' };
    const { operations } = await heal(place, next);
    expect(operations.map((operation) => operation.kind)).toEqual([
      'prune',
      'prune',
      'prune',
      'removeDirectory',
      'removeDirectory',
      'removeDirectory',
    ]);
    expect(listing(place.target)).toEqual({ ...wantedListing(next), 'agent-skills/own/SKILL.md': '644 mine\n' });
    expect(lstatSync(at('prompts'), { throwIfNoEntry: false })).toBeUndefined();
  });

  it('sets an edited file aside instead of deleting it', async () => {
    await heal(place, WANTED);
    write('prompts/system.md', 'my edit\n');
    const { 'prompts/system.md': _gone, ...next } = WANTED;
    await heal(place, next);
    expect(listing(place.target)).toEqual({
      ...wantedListing(next),
      '.molecule/displaced/prompts/system.md': '644 my edit\n',
    });
  });

  it('does not believe an inventory on the volume that names what is not ours to prune', async () => {
    await heal(place, WANTED);
    write('MEMORY.md', 'mine');
    write('notes/a.md', 'mine');
    writeFileSync(join(place.root, 'outside'), 'precious');
    const paths = ['MEMORY.md', 'notes/a.md', '../outside', '/etc/passwd', 'prompts/../../outside', '.molecule/x'];
    const files = paths.map((path) => ({ path, sha256: ['0'.repeat(64)] }));
    writeFileSync(at('.molecule/manifest.json'), JSON.stringify({ version: 1, files }));
    const { refusals } = await heal(place, WANTED);
    expect(refusals.map(({ path }) => path).sort()).toEqual([...paths].sort());
    expect(listing(place.target)).toEqual({
      ...wantedListing(WANTED),
      'MEMORY.md': '644 mine',
      'notes/a.md': '644 mine',
    });
    expect(readFileSync(join(place.root, 'outside'), 'utf8')).toBe('precious');
  });

  it('prefers the inventory that only we can write over the one on the volume', async () => {
    const trusted: { text: string | undefined } = { text: undefined };
    await heal(place, WANTED, { trusted });
    writeFileSync(at('.molecule/manifest.json'), JSON.stringify({ version: 1, files: [] }));
    await heal(place, { 'config.yaml': 'x' }, { trusted });
    expect(Object.keys(listing(place.target))).toEqual(['config.yaml']);
  });

  it('prunes only inside the include list of today', async () => {
    const wide = includeOf('config.yaml', 'docs/**');
    await heal(place, { 'config.yaml': 'x', 'docs/a.md': 'a' }, { include: wide });
    await heal(place, { 'config.yaml': 'x' }, { include: includeOf('config.yaml') });
    expect(Object.keys(listing(place.target))).toEqual(['config.yaml', 'docs/a.md']);
    await heal(place, { 'config.yaml': 'x' }, { include: wide });
    expect(Object.keys(listing(place.target))).toEqual(['config.yaml']);
  });
});

describe('cut off in the middle', () => {
  const MUTATIONS = [
    'stage',
    'place',
    'displace',
    'makeDirectory',
    'repairDirectory',
    'removeDirectory',
    'prune',
    'sync',
  ] as const;

  /** Lets `count` changes through and fails the next one, before or after it happened. */
  function failing(volume: Volume, { count, isAfter }: { count: number; isAfter: boolean }): Volume {
    let left = count;
    const wrap =
      <A extends unknown[], R>(call: (...args: A) => R) =>
      (...args: A): R => {
        left -= 1;
        if (left >= 0) return call(...args);
        if (isAfter) call(...args);
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      };
    return {
      ...volume,
      ...Object.fromEntries(MUTATIONS.map((name) => [name, wrap(volume[name].bind(volume) as () => unknown)])),
    } as Volume;
  }

  const NEXT: Files = {
    'config.yaml': 'name: next\n',
    'prompts/system.md': 'Be kind.\n',
    'agent-skills/new/SKILL.md': '# New\n',
  };

  async function prepare(): Promise<void> {
    await place.change();
    await heal(place, WANTED);
    write('config.yaml', 'name: edited\n');
    rmSync(at('agent-skills/git/SKILL.md'));
    mkdirSync(at('agent-skills/new/SKILL.md/x'), { recursive: true });
  }

  it.each([false, true])(
    'after any change (failure after it: %s), the next run ends where an undisturbed one does',
    async (isAfter) => {
      await prepare();
      await heal(place, NEXT);
      const expected = listing(place.target);
      let steps = 0;
      for (let isDone = false; !isDone; steps++) {
        await prepare();
        isDone = await heal(place, NEXT, { wrap: (volume) => failing(volume, { count: steps, isAfter }) }).then(
          () => true,
          (error: unknown) => {
            expect(error).toMatchObject({ code: 'ENOSPC' });
            return false;
          },
        );
        await heal(place, NEXT);
        expect({ steps, files: listing(place.target) }).toEqual({ steps, files: expected });
        expect((await heal(place, NEXT)).operations).toEqual([]);
      }
      expect(steps).toBeGreaterThan(10);
    },
  );

  it('after any change, going back to the old revision still prunes what the new one had brought', async () => {
    const brought = (): boolean => lstatSync(at('agent-skills/new/SKILL.md'), { throwIfNoEntry: false }) !== undefined;
    let isDone = false;
    let left = 0;
    for (let steps = 0; !isDone; steps++) {
      await place.change();
      await heal(place, WANTED);
      isDone = await heal(place, NEXT, { wrap: (volume) => failing(volume, { count: steps, isAfter: true }) }).then(
        () => true,
        () => false,
      );
      if (brought()) left += 1;
      await heal(place, WANTED);
      expect({ steps, isLeft: brought(), files: listing(place.target) }).toEqual({
        steps,
        isLeft: false,
        files: wantedListing(WANTED),
      });
    }
    expect(left).toBeGreaterThan(2);
  });

  it('leaves the old tree as it was when there is no room for the new one', async () => {
    await heal(place, WANTED);
    const before = listing(place.target);
    const full = (volume: Volume): Volume => ({
      ...volume,
      stage: (content, mode) => {
        if (content.kind === 'range' && content.sizeBytes > 8)
          throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        return volume.stage(content, mode);
      },
    });
    await expect(
      heal(place, { ...NEXT, 'prompts/a.md': 'x', 'prompts/z.md': 'much too long' }, { wrap: full }),
    ).rejects.toThrow('full');
    expect(listing(place.target)).toEqual(before);
  });
});
