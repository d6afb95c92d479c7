import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunResult } from '../../../src/materialize/result.ts';
import { runByHand } from '../../../src/materialize/run-by-hand.ts';
import { type FileCall, interceptFileCalls } from '../../torture/volume/file-calls.ts';
import { archive } from '../assets/tar-builder.ts';

let root: string;
let target: string;
let lines: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'by-hand-'));
  vi.stubEnv('TMPDIR', root);
  target = await mkdtemp(join(root, 'target-'));
  await writeFile(join(root, 'archive.tgz'), archive());
  lines = [];
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

/** Puts the archive into the target on a disk that fails at some calls. */
async function run(fails: (call: FileCall) => boolean): Promise<RunResult> {
  using calls = await interceptFileCalls();
  return await calls.intercept(
    (call, perform) => {
      if (!fails(call)) return perform();
      throw Object.assign(new Error(`EIO: injected, ${call.name}`), { code: 'EIO', syscall: call.name });
    },
    () =>
      runByHand({
        archive: join(root, 'archive.tgz'),
        target,
        log: (line) => void lines.push(line),
        signal: AbortSignal.timeout(30_000),
      }),
  );
}

describe('an archive that is put into a directory by hand', () => {
  it('says nothing about what went well, and leaves nothing behind', async () => {
    expect(await run(() => false)).toMatchObject({ exitCode: 0, report: { outcome: 'changed' } });
    expect(lines).toEqual([]);
    expect((await readdir(root)).filter((name) => name.startsWith('materialize-'))).toEqual([]);
  });

  it('is in place also where the target cannot be cleaned up, which is said', async () => {
    expect(await run(({ name }) => name === 'rmdirSync')).toMatchObject({
      exitCode: 0,
      report: { outcome: 'changed' },
    });
    expect(await readFile(join(target, 'config.yaml'), 'utf8')).toBe('name: a\n');
    expect(lines).toEqual(['Cannot clean up the target: EIO: injected, rmdirSync']);
  });

  it('is in place also where the temporary directory stays, which is said', async () => {
    const isTemporary = ({ name, args: [path] }: FileCall): boolean =>
      name === 'rm' && /materialize-\w+$/.test(String(path));
    expect(await run(isTemporary)).toMatchObject({ exitCode: 0, report: { outcome: 'changed' } });
    expect(lines).toEqual(['Cannot clean up the temporary directory: EIO: injected, rm']);
  });

  it('is not in place where the target cannot be written, with the code for that', async () => {
    expect(await run(({ name }) => name === 'renameSync')).toMatchObject({
      exitCode: 73,
      report: { outcome: 'failed', reason: expect.stringMatching(/^Cannot heal volume: /) },
    });
    expect(await readdir(target)).not.toContain('config.yaml');
  });
});
