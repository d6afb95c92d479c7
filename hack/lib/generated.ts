import { join } from 'node:path';
import { readIfExists, writeAtomically } from './files.ts';
import { CHECKOUT_DIR } from './paths.ts';

/**
 * Puts a generated file in its place, or with `isCheck` only compares: throws when the committed one differs, naming the
 * first line that does.
 */
export async function acceptGenerated(options: {
  /** Relative to the checkout. */
  readonly file: string;
  /** What it is made from, for the message. */
  readonly source: string;
  readonly content: string;
  readonly isCheck: boolean;
}): Promise<void> {
  const { file, source, content, isCheck } = options;
  const path = join(CHECKOUT_DIR, file);
  if (!isCheck) return writeAtomically(path, content);
  const committed = await readIfExists(path);
  if (committed === content) return;
  const wanted = content.split('\n');
  const found = (committed ?? '').split('\n');
  const at = wanted.findIndex((line, index) => line !== found[index]);
  const line = at === -1 ? wanted.length : at;
  throw new Error(
    `Cannot accept ${file}: it is not what ${source} says, from line ${line + 1} on. Run make generate\n- ${found[line] ?? ''}\n+ ${wanted[line] ?? ''}`,
  );
}
