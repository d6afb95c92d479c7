import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import { readFluxState } from '../../assets/fetch/flux-artifact.ts';
import type { FluxDownloadError } from '../../assets/fetch/flux-client.ts';
import type { FluxOrigin } from '../../assets/store/asset-request.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ApiError, isNotFound, isNotServed } from '../../kube/errors.ts';
import type { Resource } from '../../kube/objects.ts';
import type { Failure } from './snapshot.ts';

const flux = { group: 'source.toolkit.fluxcd.io', version: 'v1', namespaced: true } as const;

/** Where artifacts of Flux are told of; somebody else's kinds, which a cluster need not have. */
export const FLUX_SOURCES: Readonly<Record<ArtifactRef['kind'], Resource>> = {
  GitRepository: { ...flux, plural: 'gitrepositories', kind: 'GitRepository' },
  OCIRepository: { ...flux, plural: 'ocirepositories', kind: 'OCIRepository' },
  Bucket: { ...flux, plural: 'buckets', kind: 'Bucket' },
  ExternalArtifact: { ...flux, plural: 'externalartifacts', kind: 'ExternalArtifact' },
};

/** Flux has no artifact that could be taken: what is published stays. */
export class FluxError extends Error {
  override readonly name = 'FluxError';
  readonly reason: Reason;

  constructor(reason: Reason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export type ArtifactRef = NonNullable<TemplateAsset['spec']['artifactRef']>;

/**
 * The artifact of the object that spec.artifactRef names, and the folder of it that is wanted. The object is read by name at
 * the moment of use: its kind may not be installed, so nothing of Flux is ever watched.
 * @throws FluxError, errors of the apiserver
 */
export async function readFluxOrigin(
  { kind, name, subPath }: ArtifactRef,
  { client, namespace }: { readonly client: Pick<KubeClient, 'get'>; readonly namespace: string },
  signal: AbortSignal,
): Promise<FluxOrigin> {
  const what = `${kind} "${name}"`;
  const object = await client.get(FLUX_SOURCES[kind], { namespace, name }, { signal }).catch((error: unknown) => {
    if (isNotServed(error))
      throw new FluxError(
        REASONS.fluxNotInstalled,
        `The cluster does not serve ${kind} of source.toolkit.fluxcd.io/v1; install Flux, or name the repository in spec.source`,
      );
    if (isNotFound(error))
      throw new FluxError(
        REASONS.artifactNotFound,
        `${what} does not exist in this namespace; create it, or correct spec.artifactRef`,
      );
    if (error instanceof ApiError && error.code === 403)
      throw new FluxError(
        REASONS.artifactNotRead,
        `${what} cannot be read; let the operator's account get it, as manifests/rbac does`,
      );
    throw error;
  });
  const state = readFluxState(object, namespace);
  if (state.kind === 'stored') return { artifact: state.artifact, ...(subPath === undefined ? {} : { subPath }) };
  const look = `see kubectl describe ${kind.toLowerCase()} ${name}`;
  if (state.kind === 'invalid') throw new FluxError(REASONS.artifactInvalid, `${what} ${state.fault}; ${look}`);
  const why = state.reason === undefined ? 'has no artifact yet' : `is not ready (${state.reason})`;
  throw new FluxError(REASONS.artifactNotReady, `${what} ${why}; ${look}`);
}

const REACH =
  'see that the controller of Flux runs and lets the operator in (its NetworkPolicy), and that --forge-networks lists its network';

const WHO_ANSWERS = 'see what answers there: the controller of Flux, or something in between';

/** What of a download of Flux a person can see to; a forge is not involved. */
export function explainFluxDownload({ code, message }: FluxDownloadError): Failure {
  const failure = (reason: Reason, advice: string, what = message): Failure => ({
    reason,
    message: `${what}; ${advice}`,
    isFinal: false,
  });
  switch (code) {
    case 'DigestMismatch':
      return failure(REASONS.artifactMismatch, WHO_ANSWERS);
    case 'NotFound':
      return failure(REASONS.artifactNotFound, 'see why it stores no new one', 'Flux keeps the artifact no more (404)');
    case 'Unauthorized':
      return failure(REASONS.fetchFailed, REACH, 'Flux does not hand the artifact to the operator (401 or 403)');
    case 'TooLarge':
      return failure(
        REASONS.archiveTooLarge,
        'keep the template in a smaller source, or leave files out by its spec.ignore',
      );
    case 'AddressRefused':
      return failure(REASONS.addressRefused, REACH);
    case 'RedirectRefused':
      return failure(REASONS.redirectRefused, WHO_ANSWERS);
    case 'HostNotFound':
      return failure(REASONS.hostNotFound, REACH);
    case 'TLSFailed':
      return failure(REASONS.tlsFailed, REACH);
    case 'TimedOut':
      return failure(REASONS.fetchTimedOut, REACH);
    default:
      return failure(REASONS.fetchFailed, REACH);
  }
}
