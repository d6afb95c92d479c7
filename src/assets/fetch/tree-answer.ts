import { z } from 'zod';
import { findExcess } from '../../rules/asset-path.ts';
import { ARCHIVE_LIMITS } from '../archive/read-archive.ts';
import { FetchError, type ForgeTreeEntry } from './forge.ts';
import type { ForgeGet, ForgeHttp } from './forge-http.ts';
import { parseJson } from './parse-json.ts';
import { readText } from './polite-http.ts';

/** An archive of more is refused. */
export const MAX_TREE_ENTRIES = ARCHIVE_LIMITS.entries;
/** GitHub cuts off at 7 MB. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export interface TreePage {
  readonly entries: readonly ForgeTreeEntry[];
  readonly isLast: boolean;
}

/** Gitea and GitHub write the same. */
const answer = z.object({
  tree: z.array(z.object({ path: z.string(), mode: z.string().max(6), sha: z.string().max(64) })),
  truncated: z.boolean(),
});

/**
 * One answer with entries of a tree; undefined when it holds what no archive may. Not kept for the next time, as small answers
 * are: it is large, and asked for once.
 * @throws FetchError, also BadResponse for what is no list
 */
export async function readTreePage(http: ForgeHttp, call: ForgeGet): Promise<TreePage | undefined> {
  const { body } = await http.get({ ...call, accept: 'application/json' });
  const { data } = answer.safeParse(parseJson(await readText(body, MAX_ANSWER_BYTES)));
  if (data === undefined)
    throw new FetchError('BadResponse', `Cannot verify files: ${call.url.origin} does not list those of the commit`);
  const isTooMuch = data.tree.length > MAX_TREE_ENTRIES || data.tree.some(({ path }) => findExcess(path) !== undefined);
  if (isTooMuch) return undefined;
  return { entries: data.tree.map(({ path, mode, sha }) => ({ path, mode, id: sha })), isLast: !data.truncated };
}
