import { canonicalJson, sha256Hex } from '../../platform/digest.ts';
import { findPathFault, parseInclude } from '../../rules/asset-path.ts';
import type { ChooserOptions } from '../archive/choose-files.ts';
import { ARCHIVE_LIMITS, type ArchiveLimits, FILTER_VERSION } from '../archive/read-archive.ts';
import type { FluxArtifact } from '../fetch/flux-artifact.ts';
import { type ForgeSource, isCommit } from '../fetch/forge.ts';
import type { ForgeCredential } from '../fetch/forge-credential.ts';

export interface ForgeOrigin {
  readonly source: ForgeSource;
  /** What `source.ref` was resolved to; 40 hex. */
  readonly commit: string;
  /**
   * The tree of the commit, where it is known from the signed commit itself: only what is proved to be of it is kept.
   * Absent: the forge is believed to send the files of the commit.
   */
  readonly tree?: string;
  readonly credential?: ForgeCredential;
}

export interface FluxOrigin {
  readonly artifact: FluxArtifact;
  /** Folder of the artifact to take. */
  readonly subPath?: string;
}

/** Where an archive comes from, and by what right it is asked for. */
export type AssetOrigin = ForgeOrigin | FluxOrigin;

/** What is taken of it. */
export interface AssetChoice {
  readonly include: readonly string[];
  readonly limits?: { readonly assetBytes?: number };
}

export type ForgeRequest = ForgeOrigin & AssetChoice;

export type AssetRequest = ForgeRequest | (FluxOrigin & AssetChoice);

/** The request cannot be meant; nobody was asked. The API's schema should have refused it. */
export class AssetRequestError extends RangeError {
  override readonly name = 'AssetRequestError';
}

/** A request that can be meant. */
export interface CheckedRequest {
  readonly origin: AssetOrigin;
  /** Names the tree and the right to it, see `keyOf`. */
  readonly key: string;
  readonly revision: string;
  readonly chosen: ChooserOptions;
  readonly limits: ArchiveLimits;
}

/** @throws AssetRequestError */
export function checkRequest({ include, limits: { assetBytes } = {}, ...origin }: AssetRequest): CheckedRequest {
  const subPath = subPathOf(origin);
  const parsed = parseInclude(include);
  if (parsed.kind === 'invalid') throw new AssetRequestError(`Cannot take assets: ${parsed.message}`);
  if ('commit' in origin && !isCommit(origin.commit))
    throw new AssetRequestError('Cannot take assets: the commit is not 40 hexadecimal digits');
  if (subPath !== '' && findPathFault(subPath) !== undefined)
    throw new AssetRequestError('Cannot take assets: subPath is not a folder inside the repository');
  const limits: ArchiveLimits = { ...ARCHIVE_LIMITS, ...(assetBytes === undefined ? {} : { assetBytes }) };
  return {
    origin,
    key: sha256Hex(canonicalJson({ ...keyOf(origin), subPath, include, limits, filter: FILTER_VERSION })),
    revision: 'artifact' in origin ? origin.artifact.revision : origin.commit,
    chosen: { include: parsed.include, subPath, layout: 'artifact' in origin ? 'bare' : 'oneFolder' },
    limits,
  };
}

function subPathOf(origin: AssetOrigin): string {
  return ('artifact' in origin ? origin.subPath : origin.source.subPath) ?? '';
}

/**
 * What a revision's tree depends on, and by what right it was fetched: the credential, or the namespace whose object names
 * the artifact. Without the latter, anybody who knows a commit of a private repository, or the digest of an artifact, would
 * be served what was fetched with somebody else's.
 */
function keyOf(origin: AssetOrigin): Readonly<Record<string, string>> {
  if ('artifact' in origin) {
    const { namespace, sha256 } = origin.artifact;
    return { namespace, sha256 };
  }
  const { source, commit, tree, credential } = origin;
  const { forge, baseURL, owner, repo } = source;
  // What the forge was believed for is never taken for what was proved.
  const proved = tree === undefined ? {} : { tree };
  return { forge, baseURL, owner, repo, commit, credential: credential?.id ?? '', ...proved };
}
