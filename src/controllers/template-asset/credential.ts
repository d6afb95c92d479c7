import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import { SECRETS } from '../../apis/v1alpha1/resources.ts';
import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import { hostOf, parseAllowedHosts } from '../../assets/fetch/allowed-hosts.ts';
import { ForgeCredential } from '../../assets/fetch/forge-credential.ts';
import { forgeApi } from '../../assets/fetch/repository-url.ts';
import { AssetRequestError } from '../../assets/store/asset-request.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ApiError, isNotFound } from '../../kube/errors.ts';
import type { KubeObject, ObjectKey } from '../../kube/objects.ts';
import { sourceOf } from './asset-request.ts';

/** spec.auth asks for a token and there is none that could be sent: never a reason to go without (C9, TA-10). */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
  readonly reason: Reason;

  constructor(reason: Reason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What a header takes without being cut, joined or refused. */
const TOKEN = /^[\x21-\x7e]+$/;
const ALLOWED_HOSTS = 'allowedHosts';

/**
 * What to log in to the forge with, or undefined where spec.auth wants nothing. Read by name at the moment of use: Secrets
 * are never watched or listed. A Secret says itself where its token may go: otherwise whoever may write a TemplateAsset could
 * point it at a server of their own and be sent the token.
 * @throws CredentialError, AssetRequestError, errors of the apiserver
 */
export async function readCredential(
  asset: TemplateAsset,
  client: KubeClient,
  signal: AbortSignal,
): Promise<ForgeCredential | undefined> {
  const { metadata, spec } = asset;
  if (spec.auth !== 'token') return undefined;
  const { name, key = 'token' } = spec.secretRef ?? { name: '' };
  const namespace = metadata.namespace ?? '';
  const read = await readSecret({ namespace, name }, client, signal);
  const token = read(key);
  if (token === '') {
    const message = `Secret "${name}" has no value under the key "${key}"; put the forge's token there`;
    throw new CredentialError(REASONS.secretKeyMissing, message);
  }
  if (!TOKEN.test(token)) {
    const message = `Secret "${name}" has under the key "${key}" what cannot be a token; put the forge's token there and nothing else`;
    throw new CredentialError(REASONS.secretInvalid, message);
  }
  const url = URL.parse(forgeApi(sourceOf(asset)));
  if (url === null) throw new AssetRequestError('Cannot take assets: spec.source.baseURL is no address');
  const host = hostOf(url);
  const hosts = parseAllowedHosts(read(ALLOWED_HOSTS));
  if (hosts === undefined || hosts.size === 0) {
    const what = hosts === undefined ? 'has no list of hosts' : 'does not say for which hosts its token is,';
    const patch = `kubectl patch secret ${name} -n ${namespace} --type=merge -p '{"stringData":{"${ALLOWED_HOSTS}":"${host}"}}'`;
    const message = `Secret "${name}" ${what} under the key "${ALLOWED_HOSTS}", so nothing is sent; if it was made for ${host}, say so: ${patch}`;
    throw new CredentialError(REASONS.secretNotBound, message);
  }
  const credential = new ForgeCredential(token, hosts);
  if (!credential.isFor(url)) {
    const create = `kubectl create secret generic NAME -n ${namespace} --from-file=${key}=TOKEN_FILE --from-literal=${ALLOWED_HOSTS}=${host}`;
    const message = `Secret "${name}" is not for ${host}, so its token is not sent there; correct spec.source.baseURL, or name in spec.secretRef a Secret for this forge: ${create}`;
    throw new CredentialError(REASONS.hostNotAllowed, message);
  }
  return credential;
}

/** Gives the value of a key, or '' where there is none. */
async function readSecret(
  { namespace, name }: ObjectKey,
  client: KubeClient,
  signal: AbortSignal,
): Promise<(key: string) => string> {
  const { data = {} } = await client
    .get<KubeObject & { readonly data?: Readonly<Record<string, string>> }>(SECRETS, { namespace, name }, { signal })
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.code === 403) {
        const message = `Secret "${name}" cannot be read; let the operator's account get Secrets in this namespace`;
        throw new CredentialError(REASONS.secretNotRead, message);
      }
      if (!isNotFound(error)) throw error;
      const message = `Secret "${name}" does not exist in this namespace; create it with the forge's token and ${ALLOWED_HOSTS}`;
      throw new CredentialError(REASONS.secretNotFound, message);
    });
  // A key may be called like a member that every object has.
  return (key) =>
    Buffer.from((Object.hasOwn(data, key) ? data[key] : undefined) ?? '', 'base64')
      .toString('utf8')
      .trim();
}
