import { constants } from 'node:fs';
import { access, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, relative } from 'node:path';

/** True when the path exists, whatever it is. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The file's text, or undefined when there is no such file. */
export async function readIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The names in a directory, in order; none when there is no such directory. */
export async function listDir(path: string): Promise<readonly string[]> {
  return (await exists(path)) ? (await readdir(path)).sort() : [];
}

/** Paths of all files below a directory, relative to it and in order; none when there is no such directory. */
export async function listTree(path: string): Promise<readonly string[]> {
  if (!(await exists(path))) return [];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => relative(path, join(entry.parentPath, entry.name))).sort();
}

/** Writes the whole file or nothing: readers never see half of it. Makes the directory. */
export async function writeAtomically(path: string, content: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, content, { mode });
  await rename(temporary, path);
}

// Administrators' programs are missing from many users' PATH; Go's archive installs outside of it.
const FURTHER_PROGRAM_DIRS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/go/bin'];

/** The absolute path of a program from PATH or the usual directories beside it; undefined when it is not installed. */
export async function findProgram(name: string, furtherDirs: readonly string[] = []): Promise<string | undefined> {
  const dirs = [...(process.env.PATH ?? '').split(delimiter), ...FURTHER_PROGRAM_DIRS, ...furtherDirs];
  for (const dir of dirs.filter((candidate) => candidate !== '')) {
    const path = join(dir, name);
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return path;
  }
  return undefined;
}
