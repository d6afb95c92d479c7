import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256Hex } from '../../../src/platform/digest.ts';
import { runOrThrow } from '../../lib/run.ts';

export interface ArchiveInput {
  readonly name: string;
  /** tar.gz with one top folder, as forges make them. */
  readonly archive: string;
  readonly archiveBytes: number;
  /** What the files hold, as SHA-256 in hex, by their paths below the top folder. */
  readonly files: ReadonlyMap<string, string>;
  readonly bytes: number;
}

const TOP = 'template';

/** Many small files: 2,000 of them, 11.8 MB, which gzip halves. */
export async function makeSmall(directory: string): Promise<ArchiveInput> {
  const sizes = Array.from({ length: 2_000 }, (_, index) => 400 + ((index * 7_919) % 11_000));
  const paths = sizes.map(
    (_, index) => `agent-skills/skill-${index % 100}/part-${Math.floor(index / 500)}/${index}.md`,
  );
  return makeInput('small', { directory, paths, sizes });
}

/** Few large files: 40 of 1 MiB each. */
export async function makeBig(directory: string): Promise<ArchiveInput> {
  const sizes = Array.from({ length: 40 }, () => 1024 * 1024);
  return makeInput('big', { directory, paths: sizes.map((_, index) => `agent-skills/data/${index}.txt`), sizes });
}

/** What an agent is made of: 200 files, about a megabyte, below `directory`. */
export async function writeTemplate(directory: string): Promise<void> {
  const sizes = Array.from({ length: 200 }, (_, index) => 400 + ((index * 7_919) % 11_000));
  await writeFiles(directory, {
    paths: sizes.map((_, index) => `agent-skills/skill-${index % 10}/${index}.md`),
    sizes,
  });
}

interface InputPlan {
  readonly paths: readonly string[];
  readonly sizes: readonly number[];
}

async function makeInput(
  name: string,
  { directory, paths, sizes }: InputPlan & { readonly directory: string },
): Promise<ArchiveInput> {
  const source = join(directory, `${name}-source`);
  const files = await writeFiles(join(source, TOP), { paths, sizes });
  const archive = join(directory, `${name}.tar.gz`);
  const sameEverywhere = ['--format=ustar', '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  await runOrThrow('tar', [...sameEverywhere, '-czf', archive, '-C', source, TOP]);
  await rm(source, { recursive: true });
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { name, archive, archiveBytes: (await stat(archive)).size, files, bytes };
}

/** Returns the SHA-256 of each file. */
async function writeFiles(directory: string, { paths, sizes }: InputPlan): Promise<ReadonlyMap<string, string>> {
  const text = createProse();
  const files = new Map<string, string>();
  for (const [index, path] of paths.entries()) {
    const file = join(directory, path);
    const content = text(sizes[index] ?? 0);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    files.set(path, sha256Hex(content));
  }
  return files;
}

/** Text that gzip makes about half as long, the same at every run. */
function createProse(): (length: number) => string {
  let state = 0x9e3779b9;
  const below = (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  const letters = (length: number): string =>
    Array.from({ length }, () => String.fromCharCode(97 + below(26))).join('');
  const words = Array.from({ length: 4_096 }, () => letters(2 + below(8)));
  return (length) => {
    const parts: string[] = [];
    for (let missing = length; missing > 0; ) {
      const part = `${below(40) === 0 ? letters(8) : words[below(words.length)]}${below(12) === 0 ? '\n' : ' '}`;
      parts.push(part);
      missing -= part.length;
    }
    return parts.join('').slice(0, length);
  };
}
