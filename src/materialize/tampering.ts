import { closeSync, readdirSync } from 'node:fs';
import { DISPLACED_FOLDER, RESERVED_FOLDER } from '../rules/asset-path.ts';
import { compareByBytes } from '../rules/asset-tree.ts';
import { type Anchor, below, isUsableDirectory, lstatBelow, openDirectoryBelow } from './anchored.ts';
import { inspectBelow, kindOf } from './inspect.ts';
import type { Observed, Operation, Refusal } from './plan.ts';
import { isLeftover, TRASH_FOLDER } from './staging.ts';

export interface Tampering {
  readonly operations: readonly Operation[];
  readonly refusals: readonly Refusal[];
}

const NONE: Tampering = { operations: [], refusals: [] };
const FILES: readonly string[] = ['bundle', 'manifest.json'];
const FOLDERS: readonly string[] = [DISPLACED_FOLDER.slice(RESERVED_FOLDER.length + 1), TRASH_FOLDER];

/**
 * What somebody did to our own folder on the volume. Nothing in there is ever believed, so this protects nobody; it tells
 * the people that there is somebody who tries. What a run of ours left when it was cut off is no tampering.
 * @param current the staging folder of this run
 */
export function findTampering(root: Anchor, current: string | undefined): Tampering {
  const stats = lstatBelow(root, RESERVED_FOLDER);
  if (stats === undefined) return NONE;
  if (!stats.isDirectory()) {
    const found: Observed = stats.isFile()
      ? inspectBelow(root, { name: RESERVED_FOLDER, hashUpToBytes: 0, asksEmpty: false })
      : { kind: kindOf(stats) };
    return { operations: [{ kind: 'discard', path: RESERVED_FOLDER, found }], refusals: [] };
  }
  const isForeign = stats.uid !== process.geteuid?.();
  const refusals: readonly Refusal[] = isForeign ? [{ path: RESERVED_FOLDER, reason: 'OtherOwner' }] : [];
  if (!isForeign && (!isUsableDirectory(stats) || (stats.mode & 0o002) !== 0)) {
    // What lies inside is looked at when the folder is open to us and to nobody else.
    return { operations: [{ kind: 'repairDirectory', path: RESERVED_FOLDER }], refusals };
  }
  return { operations: findStrangers(root, current), refusals };
}

function findStrangers(root: Anchor, current: string | undefined): readonly Operation[] {
  const own = openDirectoryBelow(root, RESERVED_FOLDER);
  try {
    const names = readdirSync(below(own, '.')).sort(compareByBytes);
    return names.filter((name) => name !== current).flatMap((name) => judge(own, name));
  } finally {
    closeSync(own.fd);
  }
}

function judge(own: Anchor, name: string): readonly Operation[] {
  const found = inspectBelow(own, { name, hashUpToBytes: 0, asksEmpty: false });
  if (found.kind === 'absent' || found.kind === 'hidden') return [];
  const path = `${RESERVED_FOLDER}/${name}`;
  if (FOLDERS.includes(name)) return found.kind === 'directory' ? [] : [{ kind: 'discard', path, found }];
  const isOurs = FILES.includes(name) ? found.kind === 'file' && found.links === 1 : isLeftover(own, name);
  return isOurs ? [] : [{ kind: 'displace', path, found, isReplaced: false }];
}
