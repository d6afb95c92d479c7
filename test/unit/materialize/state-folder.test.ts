import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { differences, fingerprint, OLD, shortcomings } from '../../torture/volume/world.ts';
import { setScene } from './scene.ts';

const scene = await setScene();
const { at, replace, start } = scene;

const elsewhere = (): string => scene.world.outside[0];
const isRoot = process.getuid?.() === 0;

const inOwnPlace = (found: string) => ({ path: '.molecule', action: 'healed', wanted: 'directory', found });
const movedAside = (name: string, found: string) => ({
  path: `.molecule/${name}`,
  action: 'displaced',
  wanted: 'absent',
  found,
  keptAt: `.molecule/displaced/.molecule/${name}`,
});

describe('what somebody did to the folder that is ours', () => {
  it.each([
    [
      'a link in its place',
      () => replace('.molecule', (path) => symlinkSync(elsewhere(), path)),
      inOwnPlace('symlink'),
    ],
    ['a FIFO in its place', () => replace('.molecule', (path) => execFileSync('mkfifo', [path])), inOwnPlace('fifo')],
    ['a file in its place', () => replace('.molecule', (path) => writeFileSync(path, 'x')), inOwnPlace('unread 644')],
    ['it is closed', () => chmodSync(at('.molecule'), 0), inOwnPlace('directory of a wrong mode')],
    ['it is open to all', () => chmodSync(at('.molecule'), 0o777), inOwnPlace('directory of a wrong mode')],
    ['another folder of the volume in its place', () => takeTheWorkspace(), movedAside('a', 'directory')],
    ['a link among our files', () => symlinkSync(elsewhere(), at('.molecule/x')), movedAside('x', 'symlink')],
    ['a FIFO among our files', () => execFileSync('mkfifo', [at('.molecule/x')]), movedAside('x', 'fifo')],
    [
      'a name that would forge a line of the report',
      () => writeFileSync(at('.molecule/x\ny'), ''),
      { ...movedAside('x?y', 'e3b0c44298fc 644') },
    ],
    [
      'a link at the inventory',
      () => replace('.molecule/manifest.json', (path) => symlinkSync(join(scene.world.root, 'token'), path)),
      movedAside('manifest.json', 'symlink'),
    ],
    [
      'a folder at the inventory',
      () => replace('.molecule/manifest.json', (path) => mkdirSync(path)),
      movedAside('manifest.json', 'directory'),
    ],
    [
      'a link at the copy of the bundle',
      () => replace('.molecule/bundle', (path) => symlinkSync(join(scene.world.root, 'token'), path)),
      movedAside('bundle', 'symlink'),
    ],
    [
      'a second name of a file of the agent at the inventory',
      () => replace('.molecule/manifest.json', (path) => linkSync(at('MEMORY.md'), path)),
      movedAside('manifest.json', 'unread 644 links=2'),
    ],
    [
      'a staging folder that no run of ours made',
      () => {
        mkdirSync(at('.molecule/staging-0123456789abcdef'));
        symlinkSync(elsewhere(), at('.molecule/staging-0123456789abcdef/file-0123456789abcdef'));
      },
      movedAside('staging-0123456789abcdef', 'directory'),
    ],
    [
      'a link where the trash is',
      () => symlinkSync(elsewhere(), at('.molecule/trash')),
      { path: '.molecule/trash', action: 'healed', wanted: 'directory', found: 'symlink' },
    ],
    [
      'a link where displaced files go',
      () => symlinkSync(elsewhere(), at('.molecule/displaced')),
      { path: '.molecule/displaced', action: 'healed', wanted: 'directory', found: 'symlink' },
    ],
  ] as const)('is told in the report and undone: %s', async (_what, tamper, change) => {
    tamper();
    const untouched = fingerprint(scene.world.outside);
    const { exitCode, report } = await start(OLD, { isServerAway: true });
    expect({ exitCode, outcome: report.outcome }).toEqual({ exitCode: 0, outcome: 'changed' });
    expect(report.changes).toContainEqual(change);
    const again = await start(OLD, { isServerAway: true });
    expect({ outcome: again.report.outcome, left: shortcomings(scene.world, OLD) }).toEqual({
      outcome: 'unchanged',
      left: [],
    });
    expect(lstatSync(at('.molecule')).mode & 0o702).toBe(0o700);
    expect(['bundle', 'displaced', 'manifest.json']).toEqual(expect.arrayContaining(readdirSync(at('.molecule'))));
    expect(differences(untouched, scene.world.outside)).toEqual([]);
  });

  function takeTheWorkspace(): void {
    rmSync(at('.molecule'), { recursive: true });
    renameSync(at('workspace'), at('.molecule'));
  }

  it.skipIf(!isRoot)('is told at every run while it belongs to another user', async () => {
    chownSync(at('.molecule'), 12_345, 12_345);
    for (let run = 0; run < 2; run++) {
      const { exitCode, report } = await start(OLD);
      expect({ exitCode, changes: report.changes }).toEqual({
        exitCode: 0,
        changes: [{ path: '.molecule', action: 'kept', wanted: 'OtherOwner', found: 'unknown' }],
      });
    }
  });

  it('is no tampering when a run of ours left it that was cut off', async () => {
    mkdirSync(at('.molecule/staging-0123456789abcdef'), { mode: 0o700 });
    writeFileSync(at('.molecule/staging-0123456789abcdef/file-0123456789abcdef'), 'half of a fi');
    mkdirSync(at('.molecule/trash'));
    expect((await start(OLD)).report).toMatchObject({ outcome: 'unchanged', changes: [] });
    writeFileSync(at('config.yaml'), 'edited');
    expect((await start(OLD)).report.changes).toHaveLength(1);
    expect(readdirSync(at('.molecule')).sort()).toEqual(['bundle', 'displaced', 'manifest.json']);
  });

  it('does not make it unhealable: names that are no UTF-8 are deleted like any other', async () => {
    const planted = at('.molecule/trash/deep');
    mkdirSync(planted, { recursive: true });
    writeFileSync(Buffer.concat([Buffer.from(`${planted}/`), Buffer.of(0xff, 0xfe)]), '');
    writeFileSync(at('config.yaml'), 'edited');
    expect((await start(OLD)).exitCode).toBe(0);
    rmSync(at('config.yaml'));
    mkdirSync(at('config.yaml'));
    writeFileSync(Buffer.concat([Buffer.from(`${at('config.yaml')}/`), Buffer.of(0xff, 0xfe)]), '');
    for (let run = 0; run < 2; run++) {
      expect((await start(OLD)).exitCode).toBe(0);
      writeFileSync(at('config.yaml'), 'edited again');
    }
  });

  it('costs nothing when nothing was done: a volume in order is only read', async () => {
    const before = fingerprint([scene.world.target]);
    const { report } = await start(OLD, { isServerAway: true });
    expect({ outcome: report.outcome, changed: differences(before, [scene.world.target]) }).toEqual({
      outcome: 'unchanged',
      changed: [],
    });
    expect(existsSync(at('.molecule/displaced'))).toBe(false);
    expect(readFileSync(at('.molecule/manifest.json'), 'utf8')).toContain('config.yaml');
  });
});
