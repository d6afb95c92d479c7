import { execFileSync } from 'node:child_process';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CANARY, differences, fingerprint, foreignPaths, NEW, OLD, shortcomings } from '../../torture/volume/world.ts';
import { bundleOf } from './fixture.ts';
import { setScene } from './scene.ts';

const scene = await setScene();
const { at, replace, start } = scene;

/** As in a new Pod: nothing that only the init container can write. */
function forgetState(): void {
  for (const name of ['bundle', 'manifest.json', 'backoff.json']) rmSync(join(scene.world.state, name));
}

describe('what an agent plants on its volume', () => {
  const forged = bundleOf({ ...OLD, 'config.yaml': 'name: forged\n' });
  const lying = Buffer.from(bundleOf(OLD).bytes).fill('X', bundleOf(OLD).bytes.length - 4);

  it.each([
    [
      'a link to the token',
      () => replace('.molecule/bundle', (path) => symlinkSync(join(scene.world.root, 'token'), path)),
    ],
    ['a link to another mount', () => replace('.molecule', (path) => symlinkSync(scene.world.outside[1], path))],
    ['a FIFO', () => replace('.molecule/bundle', (path) => execFileSync('mkfifo', [path]))],
    ['a bundle with another tree', () => writeFileSync(at('.molecule/bundle'), forged.bytes)],
    [
      'a bundle whose head tells the wanted digest and whose content is another',
      () => writeFileSync(at('.molecule/bundle'), lying),
    ],
    ['half a bundle', () => truncateSync(at('.molecule/bundle'), 300)],
    ['a bundle with something behind it', () => writeFileSync(at('.molecule/bundle'), 'more', { flag: 'a' })],
    ['nothing at all', () => rmSync(at('.molecule'), { recursive: true })],
  ] as const)('is no source for a new Pod while the operator is away: %s', async (_what, plant) => {
    forgetState();
    plant();
    writeFileSync(at('config.yaml'), 'edited');
    const before = fingerprint([at('config.yaml'), at('prompts/system.md'), ...foreignPaths(scene.world)]);
    const { exitCode, report } = await start(OLD, { isServerAway: true });
    expect({ exitCode, outcome: report.outcome }).toEqual({ exitCode: 75, outcome: 'waiting' });
    expect(differences(before, [...before.keys()])).toEqual([]);
    expect((await start(OLD)).exitCode).toBe(0);
    expect(shortcomings(scene.world, OLD)).toEqual([]);
    expect(JSON.stringify(report)).not.toContain(CANARY);
  });

  it('does not fill the disk of the init container: a copy longer than the wanted one is not copied', async () => {
    forgetState();
    const size = bundleOf(OLD).bytes.length;
    truncateSync(at('.molecule/bundle'), 200 * 1024 * 1024);
    expect((await start(OLD, { isServerAway: true })).exitCode).toBe(75);
    expect(lstatSync(join(scene.world.state, 'bundle.new'), { throwIfNoEntry: false })?.size ?? 0).toBeLessThanOrEqual(
      size,
    );
  });

  it.each([
    '',
    '{',
    '{"version":1,"files":{}}',
    `{"version":1,"files":[{"path":5,"sha256":[]}]}`,
    'x'.repeat(5_000_000),
  ])('is no inventory and harms nobody: %#', async (text) => {
    forgetState();
    writeFileSync(at('.molecule/manifest.json'), text);
    expect((await start(NEW)).exitCode).toBe(0);
    expect(shortcomings(scene.world, NEW)).toEqual([]);
  });

  it('has nothing pruned that the template does not include, whatever the inventory says', async () => {
    forgetState();
    const paths = [
      'MEMORY.md',
      'notes.txt',
      'workspace/a/b',
      '.claude/sessions/1.jsonl',
      '../token',
      '/etc/passwd',
      '.molecule/x',
    ];
    const files = paths.map((path) => ({ path, sha256: hashesOf(path) }));
    writeFileSync(at('.molecule/manifest.json'), JSON.stringify({ version: 1, files }));
    const before = fingerprint(foreignPaths(scene.world));
    const { exitCode, report } = await start(NEW);
    expect(exitCode).toBe(0);
    expect(differences(before, [...before.keys()])).toEqual([]);
    expect(
      report.changes
        .filter(({ action }) => action === 'kept')
        .map(({ path }) => path)
        .sort(),
    ).toEqual([...paths].sort());
  });

  function hashesOf(path: string): readonly string[] {
    const names = [at(path), join(scene.world.root, 'token')].filter((full) =>
      lstatSync(full, { throwIfNoEntry: false })?.isFile(),
    );
    return names.map((full) => execFileSync('sha256sum', [full], { encoding: 'utf8' }).slice(0, 64));
  }
});

describe('everything that the template does not include', () => {
  const name: fc.Arbitrary<string> = fc.constantFrom(
    'a',
    'b',
    'config.yaml',
    'prompts',
    'agent-skills',
    'MEMORY.md',
    'Config.yaml',
    '.env',
    'ü',
  );
  const stranger = fc.record({
    components: fc.array(name, { minLength: 1, maxLength: 4 }),
    kind: fc.constantFrom('file', 'closed', 'link', 'folder', 'second name'),
    text: fc.string({ maxLength: 20 }),
  });

  /** Links that lead back to the folder they lie in. */
  const knots = ['a', 'a/a', 'a/b'].map((path) => ({ components: path.split('/'), kind: 'link' as const, text: '' }));

  it('keeps bytes, mode, time and inode, on any volume', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stranger, { maxLength: 25 }), fc.boolean(), async (strangers, isUsed) => {
        await scene.change(isUsed ? 'used' : 'empty');
        const planted = strangers.flatMap(({ components, kind, text }) => {
          const path = components.join('/');
          return !isOurs(path) && plant(path, kind, text) ? [at(path)] : [];
        });
        const before = fingerprint([...planted, ...foreignPaths(scene.world)]);
        for (const wanted of [NEW, OLD]) expect((await start(wanted)).exitCode).toBe(0);
        expect(differences(before, [...before.keys()])).toEqual([]);
        expect(shortcomings(scene.world, OLD)).toEqual([]);
      }),
      { numRuns: 60, examples: [[knots, true]] },
    );
  });

  /** Included, or above what is included. */
  function isOurs(path: string): boolean {
    return /^(config\.yaml|prompts|agent-skills)(\/|$)/.test(path);
  }

  function plant(path: string, kind: string, text: string): boolean {
    try {
      mkdirSync(join(at(path), '..'), { recursive: true });
      if (kind === 'folder') mkdirSync(at(path));
      else if (kind === 'link') symlinkSync(scene.world.outside[0], at(path));
      else if (kind === 'second name') linkSync(at('notes.txt'), at(path));
      else writeFileSync(at(path), text, { flag: 'wx', mode: kind === 'closed' ? 0 : 0o664 });
      return readFileSync(at('notes.txt'), 'utf8') === 'n';
    } catch {
      return false;
    }
  }
});
