import { API_VERSION } from '../apis/v1alpha1/names.ts';
import { ApiError, TransportError } from '../kube/errors.ts';
import { coerceError } from '../platform/errors.ts';

/** What a person has to do about a read that the cluster did not answer; `namespace` is undefined for all of them. */
export function explainFailure(thrown: unknown, namespace: string | undefined): Error {
  const cause = coerceError(thrown);
  const text = explanation(cause, namespace);
  return text === undefined ? cause : new Error(text, { cause });
}

function explanation(error: Error, namespace: string | undefined): string | undefined {
  if (error instanceof TransportError || error.name === 'TimeoutError') {
    return `Cannot reach the cluster: ${error.message}; check that it runs and that "kubectl config current-context" names it`;
  }
  if (!(error instanceof ApiError)) return undefined;
  switch (error.code) {
    case 401:
      return `Cannot log in to the cluster: ${error.message}; renew the credentials of this context`;
    case 403: {
      const where = namespace === undefined ? 'in all namespaces, or name one with -n' : `in namespace "${namespace}"`;
      return `Cannot read the Orgs: ${error.message}; ask for the right to list orgs and workspaces ${where}`;
    }
    case 404:
      return `Cannot read the Orgs: this cluster does not know ${API_VERSION}; install the operator: kubectl apply --server-side -f manifests/install.yaml`;
    default:
      return `Cannot read the Orgs: ${error.message}`;
  }
}
