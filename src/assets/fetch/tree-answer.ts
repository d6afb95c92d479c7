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

/** Far above the seven of an entry. More of them would take many times their own size in memory when they are read. */
const MAX_ANSWER_VALUES = 16 * MAX_TREE_ENTRIES;

const [COMMA, BRACKET, BRACE] = [0x2c, 0x5b, 0x7b];

export interface TreePage {
  readonly entries: readonly ForgeTreeEntry[];
  readonly isLast: boolean;
}

/** Gitea and GitHub write the same. */
const entry = z.object({ path: z.string(), mode: z.string().max(6), sha: z.string().max(64) });
const answer = z.object({ tree: z.array(entry), truncated: z.boolean() });
/** Before each of them is looked at: what is wrong is noted of each, however many there are. */
const list = z.object({ tree: z.array(z.unknown()) });

/**
 * One answer with entries of a tree; undefined when it holds what no archive may. Not kept for the next time, as small answers
 * are: it is large, and asked for once.
 * @throws FetchError, also BadResponse for what is no list
 */
export async function readTreePage(http: ForgeHttp, call: ForgeGet): Promise<TreePage | undefined> {
  const { body } = await http.get({ ...call, accept: 'application/json' });
  const text = await readText(body, MAX_ANSWER_BYTES);
  if (countValues(text) > MAX_ANSWER_VALUES) return undefined;
  const value = parseJson(text);
  if ((list.safeParse(value).data?.tree.length ?? 0) > MAX_TREE_ENTRIES) return undefined;
  const { data } = answer.safeParse(value);
  if (data === undefined)
    throw new FetchError('BadResponse', `Cannot verify files: ${call.url.origin} does not list those of the commit`);
  if (data.tree.some(({ path }) => findExcess(path) !== undefined)) return undefined;
  return { entries: data.tree.map(({ path, mode, sha }) => ({ path, mode, id: sha })), isLast: !data.truncated };
}

/** How many values the JSON can have, less one: every other one follows a comma, or the beginning of a list or an object. */
function countValues(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character === COMMA || character === BRACKET || character === BRACE) count += 1;
  }
  return count;
}
