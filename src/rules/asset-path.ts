/**
 * Which paths of a template may reach an agent's volume (TA-12, TA-14, TA-18). Fetcher, server side and materializer ask
 * the same functions, so that a path refused in one place is refused in all (TA-13).
 */

/** What a TemplateAsset includes when it does not say (C3). */
export const DEFAULT_INCLUDE: readonly string[] = ['config.yaml', 'prompts/**', 'agent-skills/**'];

/** The folder at the root of the volume where the materializer keeps its own files. No template may name it. */
export const RESERVED_FOLDER = '.molecule';
/** Whatever stands in a folder of this name, git may run; git itself cannot hold one, so no honest template has it. */
const GIT_FOLDER = '.git';
/** Below it lies, under the path where it was found, what somebody had put where the template's files belong. */
export const DISPLACED_FOLDER = `${RESERVED_FOLDER}/displaced`;

export const PATH_LIMITS = { pathBytes: 512, componentBytes: 255, depth: 32, globs: 64 } as const;

const ASCII = /^[ -~]*$/;
/** Nearly every path of a template: none of these is hostile, so that nothing else has to be asked. */
const PLAIN = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/;

/** Owned by the agent (TA-18) or written by the platform with credentials in it (TA-1); compared by `foldPath`. */
const PROTECTED_FILES: ReadonlySet<string> = new Set(
  ['MEMORY.md', 'USER.md', 'CLAUDE.md', '.auth_token', '.platform_inbound_secret'].map(foldPath),
);
const PROTECTED_FOLDERS: readonly string[] = ['.claude/sessions', 'workspace'].map(foldPath);

/** What would forge a log line or make a path read differently than it is: controls, bidi marks, separators, BOM. */
const FORBIDDEN_CHARACTER = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/u;
const DRIVE = /^[A-Za-z]:/;

export type PathFault =
  | 'PathEmpty'
  | 'PathAbsolute'
  | 'PathTraversal'
  | 'PathBackslash'
  | 'PathForbiddenCharacter'
  | 'PathNotUtf8'
  | 'PathTooLong'
  | 'PathComponentTooLong'
  | 'PathTooDeep'
  | 'PathReserved'
  | 'PathProtected';

/**
 * Faults that no entry of an archive may have, wanted or not: a path with one of these is an attempt to land elsewhere, or
 * to be read as another. Backslashes count as separators here, since some program on the way may treat them so (TA-14).
 */
export function findHostility(path: string): PathFault | undefined {
  if (PLAIN.test(path)) return undefined;
  if (path === '') return 'PathEmpty';
  if (!path.isWellFormed() || path.includes('\ufffd')) return 'PathNotUtf8';
  if (FORBIDDEN_CHARACTER.test(path)) return 'PathForbiddenCharacter';
  const normalised = path.replaceAll('\\', '/');
  if (normalised.startsWith('/') || DRIVE.test(normalised)) return 'PathAbsolute';
  if (normalised.split('/').some((component) => component === '' || component === '.' || component === '..')) {
    return 'PathTraversal';
  }
  return undefined;
}

/** The bounds of a path inside a repository, wanted or not. */
export function findExcess(path: string): PathFault | undefined {
  if (byteLength(path) > PATH_LIMITS.pathBytes) return 'PathTooLong';
  const components = path.split('/');
  if (components.length > PATH_LIMITS.depth) return 'PathTooDeep';
  return components.some((component) => byteLength(component) > PATH_LIMITS.componentBytes)
    ? 'PathComponentTooLong'
    : undefined;
}

/** Everything a path must satisfy to be written to a volume; undefined means that it may be. */
export function findPathFault(path: string): PathFault | undefined {
  const fault = findHostility(path) ?? findExcess(path);
  if (fault !== undefined) return fault;
  if (path.includes('\\')) return 'PathBackslash';
  const folded = foldPath(path).split('/');
  if (folded[0] === RESERVED_FOLDER || folded.includes(GIT_FOLDER)) return 'PathReserved';
  return isProtectedPath(path) ? 'PathProtected' : undefined;
}

/** Paths that belong to the agent or hold its credentials: never written, never pruned, even when included (TA-18). */
export function isProtectedPath(path: string): boolean {
  const folded = foldPath(path);
  if (PROTECTED_FILES.has(folded)) return true;
  return PROTECTED_FOLDERS.some((folder) => folded === folder || folded.startsWith(`${folder}/`));
}

/**
 * Equal for two paths that a case-insensitive or normalising file system may take for one. Down, up and down again: up
 * is what makes `ß` and `SS` meet, and `ẞ` has to become `ß` before.
 */
export function foldPath(path: string): string {
  if (ASCII.test(path)) return path.toLowerCase();
  return path.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC');
}

/** Parsed include globs. `files` are exact paths; `folders` are the part before `/**`. */
export interface IncludeSet {
  readonly files: ReadonlySet<string>;
  readonly folders: readonly string[];
}

export type IncludeResult =
  | { readonly kind: 'valid'; readonly include: IncludeSet }
  | { readonly kind: 'invalid'; readonly glob: string; readonly message: string };

/**
 * The whole grammar: `path/to/file` means exactly that file, `path/to/folder/**` means every file below that folder.
 * Nothing else is a wildcard, so that everybody reads an allowlist the same way; `**` alone is refused because a list
 * that allows all is none. A protected path may be named and has no effect.
 */
export function parseInclude(globs: readonly string[]): IncludeResult {
  if (globs.length === 0) return { kind: 'invalid', glob: '', message: 'Include is empty: name at least one path' };
  if (globs.length > PATH_LIMITS.globs) {
    return { kind: 'invalid', glob: '', message: `Include has more than ${PATH_LIMITS.globs} entries` };
  }
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const glob of globs) {
    const isFolder = glob.endsWith('/**');
    const path = isFolder ? glob.slice(0, -3) : glob;
    const message = explainBadGlob(path);
    if (message !== undefined) return { kind: 'invalid', glob, message: `Include ${JSON.stringify(glob)} ${message}` };
    (isFolder ? folders : files).add(path);
  }
  return { kind: 'valid', include: { files, folders: [...folders].sort() } };
}

function explainBadGlob(path: string): string | undefined {
  if (/[*?[\]{}!]/.test(path)) return 'uses a wildcard: write an exact path, or a folder followed by /**';
  if (path.endsWith('/')) return 'ends with a slash: a folder is written as folder/**';
  const fault = findPathFault(path);
  if (fault === 'PathReserved') return `names ${RESERVED_FOLDER} or ${GIT_FOLDER}, which are reserved`;
  if (fault !== undefined && fault !== 'PathProtected') return `is not a relative path inside the template (${fault})`;
  return undefined;
}

export function isIncluded(include: IncludeSet, path: string): boolean {
  return include.files.has(path) || include.folders.some((folder) => path.startsWith(`${folder}/`));
}

/** Folders above an included path: in an archive nothing but a directory may stand there. */
export function isAboveInclude(include: IncludeSet, path: string): boolean {
  const prefix = `${path}/`;
  if (include.folders.some((folder) => folder === path || folder.startsWith(prefix))) return true;
  for (const file of include.files) if (file.startsWith(prefix)) return true;
  return false;
}

/** The folders above a path, outermost first: `a/b/c` gives `a`, `a/b`. */
export function parentsOf(path: string): readonly string[] {
  const parents: string[] = [];
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    parents.push(path.slice(0, slash));
  }
  return parents;
}

/** The folder that a path lies in, empty at the top: `a/b/c` gives `a/b`. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
