import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExtractRow, measureExtraction } from './assets/extract.ts';
import { measureSharing, type ShareRow } from './assets/share.ts';
import { printResult, round } from './results.ts';

/** In memory: what is compared are programs, not disks. */
const MEMORY_DIR = '/dev/shm';

/** From an archive to files, against other programs; and one revision for N Workspaces, against a fetch for each. */
export async function measureAssets(workspaces: number): Promise<void> {
  const directory = await mkdtemp(join(MEMORY_DIR, 'molecule-bench-'));
  try {
    const extraction = await measureExtraction(directory);
    console.table(extraction);
    const sharing = await measureSharing(directory, workspaces);
    console.table(sharing);
    printResult({ ...compareExtraction(extraction), ...compareSharing(sharing), workspaces });
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Speeds as multiples of the others': 1 is as fast, 4 is four times as fast. */
function compareExtraction(rows: readonly ExtractRow[]): Readonly<Record<string, number>> {
  const secondsOf = (input: string, contestant: ExtractRow['contestant']): number =>
    rows.find((row) => row.input === input && row.contestant === contestant)?.seconds ?? Number.NaN;
  const speeds = ['small', 'big'].flatMap((input) =>
    (['bundle', 'extract'] as const).flatMap((ours) => [
      [`${input}.${ours}.speedOfGnuTar`, round(secondsOf(input, 'gnuTar') / secondsOf(input, ours))] as const,
      [`${input}.${ours}.speedOfNodeTar`, round(secondsOf(input, 'nodeTar') / secondsOf(input, ours))] as const,
    ]),
  );
  const ours = rows.filter(({ contestant }) => contestant === 'bundle' || contestant === 'extract');
  return { ...Object.fromEntries(speeds), peakRssMb: Math.max(...ours.map(({ peakRssMb }) => peakRssMb)) };
}

/** Of the shared way; times as shares of those of a fetch per Workspace. */
function compareSharing(rows: readonly ShareRow[]): Readonly<Record<string, number>> {
  const pick = (way: ShareRow['way'], until: ShareRow['until']): ShareRow | undefined =>
    rows.find((row) => row.way === way && row.until === until);
  const share = (until: ShareRow['until']): number =>
    round((pick('shared', until)?.seconds ?? Number.NaN) / (pick('perWorkspace', until)?.seconds ?? Number.NaN));
  return {
    downloads: pick('shared', 'fetched')?.downloads ?? Number.NaN,
    forgeBytes: pick('shared', 'fetched')?.bytes ?? Number.NaN,
    wallUntilFetched: share('fetched'),
    wallUntilInPlace: share('inPlace'),
  };
}
