import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Volume } from '../../../src/materialize/volume.ts';
import { type Interceptor, interceptFileCalls } from '../../torture/volume/file-calls.ts';
import { differences, fingerprint, NEW, OLD, ownedPaths, shortcomings } from '../../torture/volume/world.ts';
import { type Files, heal, listing, makePlace, WANTED, wantedListing } from './fixture.ts';
import { setScene } from './scene.ts';

const scene = await setScene();
const { at, start } = scene;
const calls = await interceptFileCalls();
afterAll(() => calls[Symbol.dispose]());

const isRoot = process.getuid?.() === 0;

describe('what is put in its place', () => {
  it('was made durable before, and so was all that comes with it, however many files that are', async () => {
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`prompts/${index}.md`, `${index}`]));
    const durable = new Set<string>();
    const early: string[] = [];
    let durableAtFirst: number | undefined;
    const place = await makePlace();
    await calls.intercept(
      ({ name, args }, perform) => {
        if (name === 'fsyncSync') durable.add(readlinkSync(`/proc/self/fd/${String(args[0])}`));
        if (name === 'renameSync' && String(args[1]).endsWith('.md')) {
          durableAtFirst ??= durable.size;
          const staged = realpathSync(String(args[0]));
          if (!durable.has(staged)) early.push(String(args[1]));
        }
        return perform();
      },
      () => heal(place, many),
    );
    expect(listing(place.target)).toEqual(wantedListing(many));
    await place.remove();
    expect(early).toEqual([]);
    expect(durableAtFirst).toBeGreaterThan(600);
  });

  it('was made durable before what somebody edited is moved aside for it', async () => {
    const place = await makePlace();
    await heal(place, WANTED);
    writeFileSync(join(place.target, 'config.yaml'), 'edited\n');
    const order: string[] = [];
    await calls.intercept(
      ({ name }, perform) => {
        if (name === 'fsyncSync' || name === 'linkSync') order.push(name);
        return perform();
      },
      () => heal(place, WANTED),
    );
    await place.remove();
    expect(order.slice(0, 2)).toEqual(['fsyncSync', 'linkSync']);
  });
});

describe('a volume that is full', () => {
  it.each(['ENOSPC', 'EDQUOT'])(
    'V8 keeps the old tree and is told of, whichever byte is one too many (%s)',
    async (code) => {
      let isEnough = false;
      let failures = 0;
      for (let room = 0; !isEnough; room += 7) {
        const before = fingerprint(Object.keys(OLD).map(at));
        const { exitCode, report } = await calls.intercept(withRoomFor(room, code), () => start(NEW));
        isEnough = exitCode === 0;
        if (isEnough) break;
        failures += 1;
        expect({ room, exitCode, outcome: report.outcome }).toEqual({ room, exitCode: 73, outcome: 'failed' });
        expect(report.reason).toMatch(/^Cannot heal volume: it(s quota is used up| is full); /);
        expect(differences(before, [...before.keys()])).toEqual([]);
      }
      expect(failures).toBeGreaterThan(10);
      expect(shortcomings(scene.world, NEW)).toEqual([]);
    },
  );

  it.skipIf(!canMount())(
    'V8 keeps the old tree on a real file system that runs full, and has the new one when it grew',
    async () => {
      const place = await makePlace();
      const big: Files = { ...WANTED, 'config.yaml': 'x'.repeat(30_000), 'prompts/more.md': 'y'.repeat(30_000) };
      const outcomes = new Set<string>();
      for (let sizeKiB = 48; sizeKiB <= 192; sizeKiB += 12) {
        mount(place.target, `size=${sizeKiB}k`);
        try {
          await heal(place, WANTED);
          const failure = await heal(place, big).then(
            () => undefined,
            (error: unknown) => error,
          );
          outcomes.add(failure === undefined ? 'healed' : 'full');
          const mine = Object.entries(listing(place.target)).filter(([path]) => !path.startsWith('.molecule/'));
          expect(Object.fromEntries(mine)).toMatchObject(failure === undefined ? {} : wantedListing(WANTED));
          if (failure !== undefined) expect(failure).toMatchObject({ code: 'ENOSPC' });
          mount(place.target, 'remount,size=4m');
          await heal(place, big);
          expect((await heal(place, big)).operations).toEqual([]);
        } finally {
          spawnSync('umount', [place.target]);
        }
      }
      await place.remove();
      expect([...outcomes].sort()).toEqual(['full', 'healed']);
    },
  );

  /** So many bytes can still be written to the volume; the last write that fits in part is done in part. */
  function withRoomFor(bytes: number, code: string): Interceptor {
    let room = bytes;
    return ({ name, args }, perform) => {
      if (name !== 'writeSync') return perform();
      const [fd, chunk, offset] = args as [number, Buffer, number];
      const length = Math.min(room, chunk.length - offset);
      if (length === 0) throw Object.assign(new Error(`${code}: no room, write`), { code, syscall: 'write' });
      room -= length;
      return perform([fd, chunk, offset, length]);
    };
  }
});

describe('a volume that is closed', () => {
  it('V7 is opened again when it is ours, root and all', async () => {
    for (const path of ['agent-skills/git', 'agent-skills', '']) chmodSync(at(path), 0);
    expect((await start(NEW)).exitCode).toBe(0);
    expect(shortcomings(scene.world, NEW)).toEqual([]);
  });

  it.skipIf(!isRoot)('V7 is opened again by a user who has no more rights than its owner', async () => {
    const { exitCode } = await asOwner(async () => {
      for (const path of ['prompts/system.md', 'agent-skills/git', 'agent-skills', '.molecule', ''])
        chmodSync(at(path), 0);
      return start(NEW);
    });
    expect(exitCode).toBe(0);
    expect(shortcomings(scene.world, NEW)).toEqual([]);
  });

  it.skipIf(!isRoot).each(['', 'prompts', 'agent-skills/git', '.molecule'])(
    'ends with 73, and says whose fault it is, while another user owns “%s”',
    async (path) => {
      const untouched = fingerprint(ownedPaths(scene.world));
      const { exitCode, report } = await asOwner(
        () => start(NEW),
        () => {
          rmSync(at('prompts/system.md'));
          chownSync(at(path), 0, 0);
        },
      );
      expect({ exitCode, outcome: report.outcome }).toEqual({ exitCode: 73, outcome: 'failed' });
      expect(report.reason).toMatch(
        /^Cannot heal volume: something on it belongs to another user and is closed to us; give it to the user of the agent \(EACCES: permission denied, /,
      );
      expect(
        differences(untouched, ownedPaths(scene.world)).filter((line) => !line.includes(scene.world.target)),
      ).toEqual([]);
      expect((await start(NEW)).exitCode).toBe(0);
    },
  );

  /** Runs with the rights of a user who owns everything here, but for what `prepare` takes from him. */
  async function asOwner<T>(work: () => Promise<T>, prepare: () => void = () => undefined): Promise<T> {
    const uid = 65_532;
    spawnSync('chown', ['-R', `${uid}:${uid}`, scene.world.root]);
    prepare();
    chmodSync(join(scene.world.root, '..'), 0o755);
    process.seteuid?.(uid);
    try {
      return await work();
    } finally {
      process.seteuid?.(0);
    }
  }
});

describe('a volume that is read-only', () => {
  it.skipIf(!canMount())('is enough while it is in order, and is told of when there is something to heal', async () => {
    mount(scene.world.target, 'size=1m');
    try {
      expect((await start(OLD)).exitCode).toBe(0);
      mount(scene.world.target, 'remount,ro');
      expect((await start(OLD)).report.outcome).toBe('unchanged');
      const { exitCode, report } = await start(NEW);
      expect({ exitCode, reason: report.reason }).toEqual({
        exitCode: 73,
        reason: expect.stringMatching(
          /^Cannot heal volume: it is read-only; have it mounted with the right to write \(EROFS: /,
        ),
      });
      expect(shortcomings(scene.world, OLD)).toEqual([]);
    } finally {
      spawnSync('umount', [scene.world.target]);
    }
  });
});

describe('a disk with errors', () => {
  it('is no reason to wait when only our copy of the bundle cannot be read: the server is asked', async () => {
    rmSync(join(scene.world.state, 'bundle'));
    const broken: Interceptor = ({ name, args }, perform) => {
      if (name === 'open' && String(args[0]).startsWith('/proc/self/fd/'))
        throw Object.assign(new Error('EIO: i/o error, open'), { code: 'EIO', syscall: 'open' });
      return perform();
    };
    expect((await calls.intercept(broken, () => start(NEW))).exitCode).toBe(0);
  });

  it('in the init container’s own directory is not said of the volume', async () => {
    rmSync(scene.world.state, { recursive: true });
    writeFileSync(scene.world.state, '');
    const { exitCode, report } = await start(NEW);
    expect(exitCode).toBe(75);
    expect(report.reason).toMatch(/^Cannot use the init container's own directory: ENOTDIR/);
  });
});

describe('a run that is disturbed', () => {
  it('takes nothing for healed that it could not look at', async () => {
    const place = await makePlace();
    await heal(place, WANTED);
    writeFileSync(join(place.target, 'config.yaml'), 'edited');
    const blind = (volume: Volume): Volume => ({
      ...volume,
      observe: (paths, options) => {
        const seen = new Map(volume.observe(paths, options));
        if (seen.has('config.yaml')) seen.set('config.yaml', { kind: 'hidden' });
        return seen;
      },
    });
    await expect(heal(place, WANTED, { wrap: blind })).rejects.toMatchObject({ exitCode: 75 });
    await place.remove();
  });

  it('never leaves a path without a file while it replaces what the agent edited', async () => {
    writeFileSync(at('config.yaml'), 'edited');
    let absent = 0;
    const watch: Interceptor = (_call, perform) => {
      if (!existsSync(at('config.yaml'))) absent += 1;
      return perform();
    };
    await calls.intercept(watch, () => start(NEW));
    expect({ absent, left: shortcomings(scene.world, NEW) }).toEqual({ absent: 0, left: [] });
  });

  it('is not held for ever by somebody who fills our folder as fast as it is emptied', async () => {
    mkdirSync(at('.molecule/trash/0'), { recursive: true });
    let planted = 0;
    const refill: Interceptor = ({ name }, perform) => {
      const result = perform();
      if (name === 'rmdirSync' && existsSync(at('.molecule/trash'))) mkdirSync(at(`.molecule/trash/p${++planted}`));
      return result;
    };
    const { exitCode, report } = await calls.intercept(refill, () => start(NEW));
    expect({ exitCode, reason: report.reason }).toEqual({
      exitCode: 75,
      reason: 'Cannot heal volume: somebody keeps filling our folder on it',
    });
    expect((await start(NEW)).exitCode).toBe(0);
    expect(readdirSync(at('.molecule')).sort()).toEqual(['bundle', 'manifest.json']);
    expect(lstatSync(at('config.yaml')).nlink).toBe(1);
  });
});

function canMount(): boolean {
  if (!isRoot) return false;
  const directory = mkdtempSync(join(tmpdir(), 'mount-'));
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory]).status === 0;
  if (isMounted) spawnSync('umount', [directory]);
  rmSync(directory, { recursive: true });
  return isMounted;
}

function mount(directory: string, options: string): void {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`Cannot mount: ${stderr}`);
}
