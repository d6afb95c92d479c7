import { findPathFault, type IncludeSet, isIncluded } from '../../rules/asset-path.ts';
import type { AssetMode } from '../../rules/asset-tree.ts';
import { escapePath } from '../archive/archive-error.ts';
import type { SignedEntry, SignedTree } from './prove-tree.ts';
import { VerificationError } from './verification-error.ts';

/** A file that came out of an archive, below `subPath`. */
export interface FoundFile {
  readonly path: string;
  readonly mode: AssetMode;
  /** As Git would name its bytes. */
  readonly id: string;
}

export interface ChosenPart {
  readonly include: IncludeSet;
  /** Folder of the repository that counts as its top. */
  readonly subPath?: string;
}

/**
 * Returns when these are the files that the signed tree has where `include` looks: every one of them, with its bytes and
 * whether it can be executed, and no other.
 * @throws VerificationError TreeMismatch
 */
export function compareFiles(signed: SignedTree, found: readonly FoundFile[], chosen: ChosenPart): void {
  const wanted = wantedOf(signed, chosen);
  const there = new Map(found.map((file) => [file.path, file]));
  const faults = [...new Set([...wanted.keys(), ...there.keys()])].toSorted().flatMap((path) => {
    const fault = findFault(wanted.get(path), there.get(path));
    return fault === undefined ? [] : [`${escapePath(path)} ${fault}`];
  });
  const [first, ...others] = faults;
  if (first === undefined) return;
  const more = others.length === 0 ? '' : `, and ${others.length} more differ`;
  throw new VerificationError('TreeMismatch', `The archive of it is not what was signed: ${first}${more}`);
}

/** The agent's own files are taken from no template, and of a submodule an archive holds nothing. */
function wantedOf(signed: SignedTree, { include, subPath = '' }: ChosenPart): ReadonlyMap<string, SignedEntry> {
  const base = subPath === '' ? '' : `${subPath}/`;
  return new Map(
    [...signed].flatMap(([whole, entry]): readonly [string, SignedEntry][] => {
      const path = whole.slice(base.length);
      const isWanted = whole.startsWith(base) && isIncluded(include, path) && findPathFault(path) !== 'PathProtected';
      return isWanted && entry.kind !== 'submodule' ? [[path, entry]] : [];
    }),
  );
}

function findFault(wanted: SignedEntry | undefined, found: FoundFile | undefined): string | undefined {
  if (wanted === undefined) return 'is not in the commit';
  if (found === undefined) return 'is missing';
  if (wanted.kind === 'link') return 'is a link in the commit';
  if (wanted.id !== found.id) return 'has other bytes';
  return (wanted.kind === 'executable') === (found.mode === 0o755) ? undefined : 'may be executed in one of them alone';
}
