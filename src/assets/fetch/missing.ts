import { FetchError, type ForgeSource } from './forge.ts';
import type { ForgeGet, ForgeHttp } from './forge-http.ts';
import type { TextReader } from './polite-http.ts';

/** The two ways of asking a forge: for small answers and for streams. */
export interface ForgeAccess {
  readonly http: ForgeHttp;
  readonly texts: TextReader;
}

const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * A handler that puts a name to what is missing. 404 does not say: one more request, for the repository, tells a ref from a
 * repository. Forges answer 404 to whoever may not know that a repository exists, so a missing right stays a possibility.
 */
export function explainMissing(about: {
  readonly access: ForgeAccess;
  readonly source: ForgeSource;
  /** Asks for the repository itself. */
  readonly repository: ForgeGet;
  /** Asks for the commit on top of it; where the repository itself may be called empty for a while after its first push. */
  readonly head?: ForgeGet;
}): (error: unknown) => Promise<never> {
  return async (error) => {
    const code = error instanceof FetchError ? error.code : undefined;
    if (code === 'NotFound') throw await whatIsMissing(about);
    if (code === 'RefNotFound') throw noRef(about.source);
    if (code === 'RepositoryEmpty') throw empty(about.source);
    throw error;
  };
}

async function whatIsMissing({
  access,
  source,
  repository,
  head,
}: Parameters<typeof explainMissing>[0]): Promise<FetchError> {
  try {
    const text = await access.texts.read({ ...repository, accept: 'application/json' }, MAX_ANSWER_BYTES);
    return isEmpty(text) && !(await hasCommit(access, head)) ? empty(source) : noRef(source);
  } catch (error) {
    if (!(error instanceof FetchError) || error.code !== 'NotFound') throw error;
    const who =
      repository.authorization === undefined ? 'is private and no token was given' : 'is hidden from this token';
    const what = `Repository ${source.owner}/${source.repo} does not exist at ${repository.url.origin} or ${who}`;
    return new FetchError('RepositoryNotFound', what);
  }
}

async function hasCommit({ texts }: ForgeAccess, head: ForgeGet | undefined): Promise<boolean> {
  if (head === undefined) return false;
  try {
    await texts.read({ ...head, accept: 'application/json' }, MAX_ANSWER_BYTES);
    return true;
  } catch (error) {
    if (error instanceof FetchError && error.code === 'NotFound') return false;
    throw error;
  }
}

function noRef({ owner, repo, ref }: ForgeSource): FetchError {
  return new FetchError('RefNotFound', `Repository ${owner}/${repo} has no branch, tag or commit "${ref}"`);
}

function empty({ owner, repo }: ForgeSource): FetchError {
  return new FetchError('RepositoryEmpty', `Repository ${owner}/${repo} is empty`);
}

/** As Gitea says it; GitHub has another answer for an empty repository (409). */
function isEmpty(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'empty' in value && value.empty === true;
  } catch {
    return false;
  }
}
