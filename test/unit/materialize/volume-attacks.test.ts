import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openVolume } from '../../../src/materialize/volume.ts';
import { type FileCall, type Interceptor, interceptFileCalls } from '../../torture/volume/file-calls.ts';
import { canExchange, startExchange } from '../../torture/volume/live-neighbour.ts';
import { namesBelow } from '../../torture/volume/names-below.ts';
import { watchOutside } from '../../torture/volume/watch.ts';
import { differences, fingerprint, foreignPaths, NEW, OLD, shortcomings } from '../../torture/volume/world.ts';
import { setScene } from './scene.ts';

const scene = await setScene();
const { at, start } = scene;
const calls = await interceptFileCalls();
afterAll(() => calls[Symbol.dispose]());

let untouched: ReadonlyMap<string, string>;
const remember = (): void => {
  untouched = fingerprint(foreignPaths(scene.world));
};
const notTouched = (): void => expect(differences(untouched, foreignPaths(scene.world))).toEqual([]);
beforeEach(remember);

/** Acts once, before the first call for which it is time. */
function once(isTime: (call: FileCall) => boolean, act: () => void): Interceptor {
  let isOver = false;
  return (call, perform) => {
    if (!isOver && isTime(call)) {
      isOver = true;
      act();
    }
    return perform();
  };
}

const path = ({ args }: FileCall): string => String(args[0]);
const isPlacing = (name: string) => (call: FileCall) =>
  call.name === 'renameSync' && String(call.args[1]).endsWith(`/${name}`);

describe('a hostile writer on the volume', () => {
  it.skipIf(!canExchange())(
    'V1 never leads a run through a link that changes places with a folder in one step',
    async () => {
      const watch = watchOutside(scene.world.outside);
      let starts = 0;
      {
        await using _exchange = await startExchange(scene.world, ['prompts', 'agent-skills', '.molecule']);
        for (; watch.opens() < 3_000; starts++) {
          await calls.intercept(watch.interceptor, () => start(starts % 2 === 0 ? NEW : OLD));
        }
      }
      expect(watch.escapes).toEqual([]);
      expect((await start(NEW)).exitCode).toBe(0);
      expect(shortcomings(scene.world, NEW)).toEqual([]);
      notTouched();
    },
  );

  it.each(['config.yaml', 'agent-skills', 'agent-skills/git', '.molecule', '.molecule/bundle'])(
    'V2 V3 reaches nothing by planting a link at %s before any one of its calls',
    async (place) => {
      for (const index of await indicesAllOver(40)) {
        await scene.change();
        remember();
        const watch = watchOutside(scene.world.outside);
        const plant = once(isCall(index), () => {
          rmSync(at(place), { recursive: true, force: true });
          if (existsSync(join(at(place), '..'))) symlinkSync(scene.world.outside[0], at(place));
        });
        const { exitCode } = await calls.intercept(
          (call, perform) => plant(call, () => watch.interceptor(call, perform)),
          () => start(NEW),
        );
        const again = await start(NEW);
        expect([0, 75]).toContain(exitCode);
        const found = { index, again: again.exitCode, escapes: watch.escapes, left: shortcomings(scene.world, NEW) };
        expect(found).toEqual({ index, again: 0, escapes: [], left: [] });
        notTouched();
      }
    },
  );

  it('V5 makes no run write into a file of which it holds a second name', async () => {
    linkSync(at('config.yaml'), at('second'));
    await start(NEW);
    expect(readFileSync(at('second'), 'utf8')).toBe('name: old\n');
    expect({ links: lstatSync(at('config.yaml')).nlink, left: shortcomings(scene.world, NEW) }).toEqual({
      links: 1,
      left: [],
    });
  });

  it('V6 gets nothing written into a folder that it moves elsewhere while the run holds it', async () => {
    rmSync(at('prompts/system.md'));
    let isWriting = false;
    const move: Interceptor = (call, perform) => {
      isWriting ||= call.name === 'fsyncSync';
      const result = perform();
      const isHeld = isWriting && call.name === 'openSync' && path(call).endsWith('/prompts');
      if (isHeld && !existsSync(at('workspace/moved'))) renameSync(at('prompts'), at('workspace/moved'));
      return result;
    };
    const { exitCode } = await calls.intercept(move, () => start(OLD));
    expect({ exitCode, moved: readdirSync(at('workspace/moved')), left: shortcomings(scene.world, OLD) }).toEqual({
      exitCode: 0,
      moved: [],
      left: [],
    });
  });

  it('V6 gets nothing more written into a folder that it moves elsewhere after the first file', () => {
    const volume = openVolume(scene.world.target);
    const write = (name: string): void =>
      volume.place(volume.stage({ kind: 'bytes', bytes: Buffer.from(name) }, 0o644), `prompts/${name}`);
    try {
      write('one.md');
      renameSync(at('prompts'), at('workspace/moved'));
      mkdirSync(at('prompts'));
      write('two.md');
      const names = [at('workspace/moved'), at('prompts')].map((folder) => readdirSync(folder).sort());
      expect(names).toEqual([['one.md', 'system.md'], ['two.md']]);
    } finally {
      volume.close();
    }
  });

  it('V9 finds its edit of a published file healed by the next run, and kept aside', async () => {
    writeFileSync(at('config.yaml'), 'edited');
    await start(OLD, { isServerAway: true });
    expect(shortcomings(scene.world, OLD)).toEqual([]);
    expect(readFileSync(at('.molecule/displaced/config.yaml'), 'utf8')).toBe('edited');
  });

  it('V10 changes nothing by a descriptor that it kept open across the publishing', async () => {
    const fd = openSync(at('config.yaml'), 'r+');
    await start(NEW);
    writeSync(fd, 'LATE', 0);
    closeSync(fd);
    expect(shortcomings(scene.world, NEW)).toEqual([]);
  });

  it('V10 is found out when it writes by a descriptor of the file that was staged', async () => {
    let fd: number | undefined;
    const keep: Interceptor = (call, perform) => {
      if (fd === undefined && isPlacing('config.yaml')(call)) fd = openSync(path(call), 'r+');
      const result = perform();
      if (fd !== undefined && call.name === 'fsyncSync' && lstatSync(at('config.yaml')).isFile())
        writeSync(fd, 'LATE', 0);
      return result;
    };
    await calls.intercept(keep, () => start(NEW));
    if (fd !== undefined) closeSync(fd);
    expect(fd).toBeDefined();
    expect(shortcomings(scene.world, NEW)).toEqual([]);
    expect(readFileSync(at('.molecule/displaced/config.yaml'), 'utf8')).toBe('LATE: new\n');
  });

  it.each([false, true])(
    'V11 gains nothing by swapping the copy between proof and use (server away: %s)',
    async (isServerAway) => {
      rmSync(join(scene.world.state, 'bundle'));
      const before = fingerprint([at('config.yaml')]);
      writeFileSync(at('prompts/system.md'), 'edited');
      const forge = (): void => {
        const bytes = readFileSync(at('.molecule/bundle'));
        writeFileSync(at('.molecule/bundle'), bytes.fill('X', bytes.length - 4));
      };
      const swap = once((call) => call.name === 'open' && path(call).endsWith('bundle.new'), forge);
      const { exitCode } = await calls.intercept(swap, () => start(OLD, { isServerAway }));
      expect(exitCode).toBe(isServerAway ? 75 : 0);
      expect(readFileSync(at('prompts/system.md'), 'utf8')).toBe(isServerAway ? 'edited' : 'Be kind.\n');
      expect(differences(before, [at('config.yaml')])).toEqual([]);
      expect(existsSync(at('.molecule/displaced'))).toBe(!isServerAway);
    },
  );

  it('V12 loses nothing elsewhere when a folder that is being deleted turns into a link, before any one of its calls', async () => {
    const fillTrash = (): void => void mkdirSync(at('.molecule/trash/old/deep/deeper'), { recursive: true });
    fillTrash();
    for (const index of await indicesAllOver(80)) {
      await scene.change();
      remember();
      fillTrash();
      const swap = once(isCall(index), () => {
        const name = namesBelow(at('.molecule')).find((below) => /(old|item-[0-9a-f]+|deep|deeper)$/.test(below));
        if (name === undefined) return;
        rmSync(at(join('.molecule', name)), { recursive: true });
        symlinkSync(scene.world.outside[0], at(join('.molecule', name)));
      });
      await calls.intercept(swap, () => start(NEW));
      expect((await start(NEW)).exitCode).toBe(0);
      notTouched();
    }
  });

  /** As many indices from all over the calls of a run that nobody disturbs. */
  async function indicesAllOver(count: number): Promise<readonly number[]> {
    let made = 0;
    const countCall: Interceptor = (_call, perform) => {
      made += 1;
      return perform();
    };
    await calls.intercept(countCall, () => start(NEW));
    return Array.from({ length: count }, (_, index) => Math.floor((index * made) / count));
  }

  function isCall(index: number): () => boolean {
    let made = 0;
    return () => made++ === index;
  }
});
