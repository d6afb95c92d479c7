import { FetchError, type ForgeClient } from '../../../src/assets/fetch/forge.ts';
import { type AssetRequest, checkRequest } from '../../../src/assets/store/asset-request.ts';
import type { Artifact, AssetStore } from '../../../src/assets/store/asset-store.ts';
import { sha256Hex } from '../../../src/platform/digest.ts';

/** The commit that the n-th push to a repository made. */
function commitOf(repo: string, revision: number): string {
  return sha256Hex(`${repo} ${revision}`).slice(0, 40);
}

/** A forge with one branch for every repository, and what was fetched of it. */
export class FakeForge {
  readonly client: ForgeClient;
  readonly assets: AssetStore;
  readonly #fetched = new Map<string, Artifact>();
  #revision: number;

  /** `pinned`: what some repositories stand at, whatever was pushed since; undefined: they do not exist. */
  constructor({ revision = 1, pinned = new Map<string, string | undefined>() } = {}) {
    this.#revision = revision;
    this.client = {
      resolve: async ({ repo }) => {
        const commit = pinned.has(repo) ? pinned.get(repo) : commitOf(repo, this.#revision);
        if (commit === undefined) throw new FetchError('RepositoryNotFound', `The repository ${repo} does not exist`);
        return commit;
      },
      download: async () => {
        throw new Error('Only the asset store downloads, and this one does not');
      },
      readCommit: async () => {
        throw new Error('No template of these stories wants a signature');
      },
      readTree: async () => {
        throw new Error('No template of these stories wants a signature');
      },
    };
    this.assets = {
      ensure: async (request) => this.#ensure(request),
      has: async (digest) => [...this.#fetched.values()].some((artifact) => artifact.digest === digest),
      open: async () => undefined,
      sweep: async () => undefined,
    };
  }

  /** Somebody pushes to every repository. Returns the number of the revision. */
  push(): number {
    this.#revision += 1;
    return this.#revision;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Whether a tree of this digest was ever there. */
  hasFetched(digest: string): boolean {
    return [...this.#fetched.values()].some((artifact) => artifact.digest === digest);
  }

  #ensure(request: AssetRequest): Artifact {
    const { revision } = checkRequest(request);
    const known = this.#fetched.get(revision);
    const artifact = {
      revision,
      digest: `sha256:${sha256Hex(revision)}`,
      sizeBytes: 1200,
      files: 4,
      ignored: 0,
      isCached: known !== undefined,
    };
    this.#fetched.set(revision, artifact);
    return artifact;
  }
}
