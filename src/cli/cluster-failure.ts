import { API_VERSION } from '../apis/v1alpha1/names.ts';
import { ApiError, TransportError } from '../kube/errors.ts';
import { coerceError } from '../platform/errors.ts';

export interface Attempt {
  /** After "Cannot": `read the Orgs`. */
  readonly what: string;
  /** After "ask for": `the right to list orgs in namespace "acme"`. */
  readonly right: string;
  /** What to do when the object itself is not there. */
  readonly whenMissing?: string;
}

/** What a person has to do about a call that failed. */
export function explainFailure(thrown: unknown, attempt: Attempt): Error {
  const cause = coerceError(thrown);
  const text = explanation(cause, attempt);
  return text === undefined ? cause : new Error(text, { cause });
}

/** The same for a write: what policies and rights say about it is said in their own words, which name what to do. */
export function explainRefusal(thrown: unknown, attempt: Attempt): Error {
  const cause = coerceError(thrown);
  const isRefused = cause instanceof ApiError && cause.code !== 401 && cause.code !== 404;
  return isRefused ? cause : explainFailure(cause, attempt);
}

function explanation(error: Error, { what, right, whenMissing }: Attempt): string | undefined {
  if (isSilence(error)) {
    return `Cannot reach the cluster: ${error.message}; check that it runs and that "kubectl config current-context" names it`;
  }
  if (!(error instanceof ApiError)) return undefined;
  switch (error.code) {
    case 401:
      return `Cannot log in to the cluster: ${error.message}; renew the credentials of this context`;
    case 403:
      return `Cannot ${what}: ${error.message}; ask for ${right}`;
    case 404:
      return isKindMissing(error) || whenMissing === undefined
        ? `Cannot ${what}: this cluster does not know ${API_VERSION}; install the operator: kubectl apply --server-side -f manifests/install.yaml`
        : `Cannot ${what}: it does not exist; ${whenMissing}`;
    default:
      return `Cannot ${what}: ${error.message}`;
  }
}

/** Nobody answered, which is no answer about any object. */
export function isSilence(error: unknown): boolean {
  return error instanceof TransportError || (error instanceof Error && error.name === 'TimeoutError');
}

/** A 404 for an object that is not there ends in its name; one for a kind that is not installed does not. */
export function isKindMissing(error: unknown): boolean {
  return error instanceof ApiError && error.code === 404 && !error.message.endsWith('" not found');
}
