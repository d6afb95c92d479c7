import { compareByBytes } from '../../rules/asset-tree.ts';
import type { ForgeTreeEntry } from '../fetch/forge.ts';
import { type GitHash, gitHashOf, objectId } from './git-object.ts';
import { VerificationError } from './verification-error.ts';

/** What lies at a path of a commit; a folder is what is in it. */
export interface SignedEntry {
  readonly kind: 'file' | 'executable' | 'link' | 'submodule';
  readonly id: string;
}

/** By path in the repository. */
export type SignedTree = ReadonlyMap<string, SignedEntry>;

const FOLDER = '40000';
/** Modes as Git writes them into a tree; 100664 is of its first months. */
const KINDS: ReadonlyMap<string, SignedEntry['kind']> = new Map([
  ['100644', 'file'],
  ['100664', 'file'],
  ['100755', 'executable'],
  ['120000', 'link'],
  ['160000', 'submodule'],
]);

/** Names with one slash between them: `/a` would lie beside `a` in the same folder, and hide it from whoever looks for `a`. */
const PLAIN_PATH = /^[^\0/]+(?:\/[^\0/]+)*$/;

interface Child {
  /** As Git writes it: without zeros before it. */
  readonly mode: string;
  readonly name: string;
  readonly entry: ForgeTreeEntry;
}

/**
 * Puts the tree objects together again from what a forge lists. The topmost has to have the id that the signed commit names,
 * so that nothing in the listing was changed, left out or added; what does not lead up to it is not in the result.
 * @throws VerificationError TreeMismatch, TreeIncomplete
 */
export function proveTree(tree: string, entries: readonly ForgeTreeEntry[] | undefined): SignedTree {
  if (entries === undefined)
    throw new VerificationError(
      'TreeIncomplete',
      'Its files cannot be compared with what was signed: the repository has more of them, or longer paths, than the forge lists or an archive may hold',
    );
  const hash = gitHashOf(tree);
  const children = byFolder(entries);
  const signed = new Map<string, SignedEntry>();
  const idOfFolder = (folder: string): string => {
    const sorted = (children.get(folder) ?? []).toSorted((a, b) => compareByBytes(sortedAs(a), sortedAs(b)));
    const parts = sorted.flatMap(({ mode, name, entry }) => {
      const kind = KINDS.get(mode);
      if (kind !== undefined) signed.set(entry.path, { kind, id: entry.id });
      const id = kind === undefined ? idOfFolder(entry.path) : entry.id;
      return [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')];
    });
    return objectId('tree', Buffer.concat(parts), hash);
  };
  const isListing =
    entries.every((entry) => isPlain(entry, hash)) && new Set(entries.map(({ path }) => path)).size === entries.length;
  if (!isListing || idOfFolder('') !== tree)
    throw new VerificationError('TreeMismatch', 'The files that the forge lists for it are not those that were signed');
  return signed;
}

/** Whatever else a name, a mode or an id could hold might pass for the beginning of the next entry. */
function isPlain({ path, mode, id }: ForgeTreeEntry, hash: GitHash): boolean {
  const bare = bareMode(mode);
  const isId = /^[0-9a-f]+$/.test(id) && id.length === (hash === 'sha1' ? 40 : 64);
  return isId && (bare === FOLDER || KINDS.has(bare)) && PLAIN_PATH.test(path);
}

function byFolder(entries: readonly ForgeTreeEntry[]): ReadonlyMap<string, readonly Child[]> {
  const children = new Map<string, Child[]>();
  for (const entry of entries) {
    const slash = entry.path.lastIndexOf('/');
    const folder = slash < 0 ? '' : entry.path.slice(0, slash);
    const child = { mode: bareMode(entry.mode), name: entry.path.slice(slash + 1), entry };
    const beside = children.get(folder);
    if (beside === undefined) children.set(folder, [child]);
    else beside.push(child);
  }
  return children;
}

function bareMode(mode: string): string {
  return mode.replace(/^0/, '');
}

/** Git sorts a folder as if its name ended with a slash. */
function sortedAs({ mode, name }: Child): string {
  return mode === FOLDER ? `${name}/` : name;
}
