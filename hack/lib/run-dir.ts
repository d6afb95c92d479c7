import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ELSEWHERE_FILE, removePostgresData } from '../postgres/data.ts';
import { stopRecorded } from './daemon.ts';
import { listDir, readIfExists, writeAtomically } from './files.ts';

const OWNER_FILE = 'owner';

/**
 * A directory for one run of the calling process below `parent`. Runs side by side get one each; those whose process is
 * gone are cleaned first: their daemons, by the pid files anywhere below, and then their files.
 */
export async function openRunDir(parent: string): Promise<{ readonly dir: string; remove(): Promise<void> }> {
  for (const name of await listDir(parent)) {
    const dir = join(parent, name);
    const [pid = '', birth] = ((await readIfExists(join(dir, OWNER_FILE))) ?? '').trim().split(' ');
    const isOwned = birth !== undefined && birth === (await birthOf(pid));
    if (!isOwned) await removeRunDir(dir);
  }
  const dir = join(parent, `run-${process.pid}`);
  await mkdir(dir, { recursive: true, mode: 0o711 });
  await writeAtomically(join(dir, OWNER_FILE), `${process.pid} ${await birthOf(String(process.pid))}\n`);
  return { dir, remove: () => removeRunDir(dir) };
}

/**
 * When a process began, which tells it from a later one with its number; undefined when it is gone. Test runners
 * change their command line, so that would not do. Without /proc every process counts as gone.
 */
async function birthOf(pid: string): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field is the program's name in parentheses and may hold spaces; the 22nd is the time.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

async function removeRunDir(dir: string): Promise<void> {
  const files = await readdir(dir, { recursive: true });
  for (const file of files.filter((name) => name.endsWith('.pid'))) await stopRecorded(join(dir, file));
  const outside = files.filter((name) => basename(name) === ELSEWHERE_FILE);
  for (const file of outside) await removePostgresData(join(dir, dirname(file)));
  await rm(dir, { recursive: true, force: true });
}
