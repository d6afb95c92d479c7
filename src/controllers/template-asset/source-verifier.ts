import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { CONFIG_MAPS } from '../../apis/v1alpha1/resources.ts';
import type { TemplateAsset, TemplateAssetVerifySignature } from '../../apis/v1alpha1/types.generated.ts';
import type { ForgeCallOptions } from '../../assets/fetch/forge.ts';
import { believeForge } from '../../assets/verify/believe-forge.ts';
import { type CheckedCommit, checkSignature } from '../../assets/verify/check-signature.ts';
import type { CommitCache } from '../../assets/verify/commit-cache.ts';
import { readSigners, type Signers } from '../../assets/verify/signers.ts';
import { VerificationError } from '../../assets/verify/verification-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ApiError, isNotFound } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { sourceOf } from './asset-request.ts';
import type { Proof } from './snapshot.ts';

export interface SourceVerifierOptions {
  readonly client: KubeClient;
  readonly commits: CommitCache;
  /** Wall clock: keys have a time. */
  readonly today: () => Date;
}

export interface VerifyOptions extends ForgeCallOptions {
  /** How old what the forge says about its own keys may be. */
  readonly maxAgeMs: number;
}

/** What spec.verify wanted of a revision, and got. */
export interface VerifiedRevision {
  readonly proof: Proof;
  /** The tree that was signed with it, where that was checked here: its files have to be those. */
  readonly tree?: string;
}

/** Asks a revision for what spec.verify wants of it; nothing of a revision is downloaded before it is given. */
export class SourceVerifier {
  readonly #options: SourceVerifierOptions;

  constructor(options: SourceVerifierOptions) {
    this.#options = options;
  }

  /**
   * What it proved; undefined where spec wants nothing.
   * @throws VerificationError, FetchError, errors of the apiserver
   */
  async verify(asset: TemplateAsset, revision: string, options: VerifyOptions): Promise<VerifiedRevision | undefined> {
    const { commit, signature } = asset.spec.verify ?? {};
    if (commit !== undefined && commit !== revision)
      throw new VerificationError(
        'CommitMismatch',
        `It is what ${JSON.stringify(sourceOf(asset).ref)} stands for, and spec.verify.commit is ${commit.slice(0, 12)}`,
      );
    if (signature !== undefined) {
      const { signer, ...signed } = await this.#checkSignature(asset, revision, { ...options, signature });
      const message = `Revision ${revision.slice(0, 12)} is signed by ${signer}`;
      return { proof: { reason: REASONS.signatureVerified, message }, ...signed };
    }
    if (commit === undefined) return undefined;
    const message = `Revision ${revision.slice(0, 12)} is the one that spec.verify.commit names`;
    return { proof: { reason: REASONS.commitPinned, message } };
  }

  /** Who signed, for people, and what. Of what the forge answers for, no tree is named: it would be its word as well. */
  async #checkSignature(
    asset: TemplateAsset,
    revision: string,
    { signature, ...question }: VerifyOptions & { readonly signature: TemplateAssetVerifySignature },
  ): Promise<{ readonly signer: string; readonly tree?: string }> {
    const { commits, today } = this.#options;
    if (signature.by === 'forge') {
      believeForge(await commits.read(sourceOf(asset), revision, question));
      return { signer: 'a key that the forge knows' };
    }
    const { namespace = '' } = asset.metadata;
    const signers = await this.#readSigners({ namespace, name: signature.signersRef?.name ?? '' }, question.signal);
    const check = async (maxAgeMs: number): Promise<CheckedCommit> => {
      const answer = await commits.read(sourceOf(asset), revision, { ...question, maxAgeMs });
      return checkSignature(revision, answer, { signers, now: today() });
    };
    // What was signed is in the commit's id, and so does not age; an answer that proves nothing may have been a bad one.
    return check(Number.POSITIVE_INFINITY).catch((error: unknown) => {
      if (error instanceof VerificationError && !error.mayEndBySigners) return check(question.maxAgeMs);
      throw error;
    });
  }

  /** Read by name at the moment of use: ConfigMaps of tenants are never watched or listed. */
  async #readSigners(
    key: { readonly namespace: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<Signers> {
    const { data = {} } = await this.#options.client
      .get<KubeObject & { readonly data?: Readonly<Record<string, string>> }>(CONFIG_MAPS, key, { signal })
      .catch((error: unknown) => {
        if (isNotFound(error))
          throw new VerificationError('SignersNotFound', `ConfigMap "${key.name}" does not exist in this namespace`);
        if (error instanceof ApiError && error.code === 403)
          throw new VerificationError('SignersNotRead', `ConfigMap "${key.name}" cannot be read`);
        throw error;
      });
    return readSigners(key.name, data);
  }
}
