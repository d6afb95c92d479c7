import type { ForgeCredential } from './forge-credential.ts';

/**
 * Where a template lives. `ref` is a branch, a tag or a commit, as git reads it: of a tag and a branch of one name it is the
 * tag, and `heads/NAME` or `tags/NAME` says which is meant. `subPath` is the folder of the repository to take.
 */
export interface ForgeSource {
  readonly forge: 'gitea' | 'github';
  /** As people see it: https://forge.example, without credentials or query. */
  readonly baseURL: string;
  readonly owner: string;
  readonly repo: string;
  readonly ref: string;
  readonly subPath?: string;
}

export interface ForgeCallOptions {
  readonly credential?: ForgeCredential;
  readonly signal: AbortSignal;
}

/**
 * The port to a Git forge. A call rejects with a FetchError for whatever the forge or the network does, with the signal's
 * reason when aborted, and with anything else only for a fault of our own.
 */
export interface ForgeClient {
  /** The commit (40 hex) that `source.ref` stands for now. Costs one request; a ref that is a commit costs none. */
  resolve(source: ForgeSource, options: ForgeCallOptions): Promise<string>;
  /** The repository at a commit as tar.gz. The stream has to be read to its end or returned, else its socket stays open. */
  download(source: ForgeSource, commit: string, options: ForgeCallOptions): Promise<AsyncIterable<Uint8Array>>;
  /** What the forge says of the commit's signature. Costs one request. */
  readCommit(source: ForgeSource, commit: string, options: ForgeCallOptions): Promise<ForgeCommit>;
  /**
   * All that is in a tree, by its id: folders, and what is in them. undefined when it is more than the forge lists, or than an
   * archive may hold; a part of it is never returned. Each page of it costs one request, and all of them no more time than one.
   */
  readTree(
    source: ForgeSource,
    tree: string,
    options: ForgeCallOptions,
  ): Promise<readonly ForgeTreeEntry[] | undefined>;
}

/** As the forge sent it: none of it is proved. */
export interface ForgeTreeEntry {
  /** From the top. */
  readonly path: string;
  /** As Git shows it: 100644. */
  readonly mode: string;
  readonly id: string;
}

/** As the forge sent it: none of it is proved, and none of it is for people to read. */
export interface ForgeCommit {
  /** Whether the forge itself takes the signature for good. */
  readonly isVerified: boolean;
  /** Why, as a word of the forge. */
  readonly reason: string;
  /** What was signed: the commit without its signature. Empty, as the signature is, where there is none. */
  readonly payload: string;
  readonly signature: string;
}

export type FetchErrorCode =
  // what the forge says
  | 'Unauthorized'
  | 'RateLimited'
  | 'RepositoryNotFound'
  | 'RepositoryEmpty'
  | 'RefNotFound'
  | 'RefAbbreviated'
  /** 404 before anybody asked what it is that is not there. */
  | 'NotFound'
  | 'BadResponse'
  | 'RedirectRefused'
  | 'TooLarge'
  // how the forge cannot be reached; Unreachable is also a forge that says so itself (5xx)
  | 'Unreachable'
  | 'HostNotFound'
  | 'AddressRefused'
  | 'TLSFailed'
  | 'TimedOut'
  // what should not have been asked
  | 'InvalidSource'
  | 'HostNotAllowed';

/** The forge did not give what was asked. The message is for people: it holds no token, no URL query and no body. */
export class FetchError extends Error {
  override readonly name = 'FetchError';
  readonly code: FetchErrorCode;
  /** When the forge said how long to wait. */
  readonly retryAfterMs?: number;

  constructor(
    code: FetchErrorCode,
    message: string,
    options?: { readonly retryAfterMs?: number; readonly cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    if (options?.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

/** Lower-case only: forges accept both, and one commit must have one name. */
export function isCommit(ref: string): boolean {
  return /^[0-9a-f]{40}$/.test(ref);
}

/** The commit that the ref names by itself, in whichever case it is written. */
export function pinnedCommit({ ref }: Pick<ForgeSource, 'ref'>): string | undefined {
  const commit = ref.toLowerCase();
  return isCommit(commit) ? commit : undefined;
}
