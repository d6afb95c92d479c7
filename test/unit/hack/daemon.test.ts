import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRecorded, logTail, readArgv, startDaemon, stopRecorded } from '../../../hack/lib/daemon.ts';
import { waitFor } from '../../../hack/lib/wait.ts';

const FOREVER = 'setInterval(() => undefined, 1000)';

describe('a daemon', () => {
  let dir: string;
  let pidFile: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'molecule-daemon-'));
    pidFile = join(dir, 'sleeper.pid');
  });

  afterEach(async () => {
    await stopRecorded(pidFile);
    await rm(dir, { recursive: true });
  });

  function startSleeper(script = FOREVER, lifetime: 'parent' | 'detached' = 'parent') {
    const args = ['-e', script, dir];
    return startDaemon({
      name: 'sleeper',
      program: process.execPath,
      args,
      logFile: join(dir, 'log'),
      pidFile,
      lifetime,
    });
  }

  it.each(['parent', 'detached'] as const)(
    'with the lifetime %s is found by its pid file and stopped by it',
    async (lifetime) => {
      const daemon = await startSleeper(FOREVER, lifetime);
      expect(await findRecorded(pidFile)).toBe(daemon.pid);
      expect(await stopRecorded(pidFile)).toBe(true);
      expect(await readArgv(daemon.pid)).toEqual([]);
      expect(await stopRecorded(pidFile)).toBe(false);
    },
  );

  it('that does not heed SIGTERM is killed after the grace period', async () => {
    const daemon = await startSleeper(`process.on('SIGTERM', () => undefined); console.log('deaf'); ${FOREVER}`);
    await waitFor(async () => (await logTail(daemon.logFile)) === 'deaf', { what: 'it listen', timeoutMs: 10_000 });
    await stopRecorded(pidFile, { graceMs: 200 });
    expect(await readArgv(daemon.pid)).toEqual([]);
  });

  it('is not taken for another process that has its number now', async () => {
    await writeFile(pidFile, JSON.stringify({ pid: process.pid, args: ['something', 'else'] }));
    expect(await findRecorded(pidFile)).toBeUndefined();
    expect(await stopRecorded(pidFile)).toBe(false);
  });

  it.each(['', '{', '{"pid":"1"}'])('is not known from a broken pid file: %j', async (text) => {
    await writeFile(pidFile, text);
    expect(await findRecorded(pidFile)).toBeUndefined();
  });

  it('that cannot be started says which one', async () => {
    const spec = { name: 'absent', program: join(dir, 'absent'), args: [dir], logFile: join(dir, 'log'), pidFile };
    await expect(startDaemon({ ...spec, lifetime: 'detached' })).rejects.toThrow('Cannot start absent');
  });
});
