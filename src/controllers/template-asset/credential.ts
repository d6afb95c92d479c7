import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import { SECRETS } from '../../apis/v1alpha1/resources.ts';
import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ApiError, isNotFound } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/objects.ts';

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

/**
 * The token for the forge, or undefined where spec.auth wants none. Read by name at the moment of use: Secrets are never
 * watched or listed.
 * @throws CredentialError, errors of the apiserver
 */
export async function readToken(
  { metadata, spec }: TemplateAsset,
  client: KubeClient,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (spec.auth !== 'token') return undefined;
  const { name, key = 'token' } = spec.secretRef ?? { name: '' };
  const secret = await client
    .get<KubeObject & { readonly data?: Readonly<Record<string, string>> }>(
      SECRETS,
      { namespace: metadata.namespace ?? '', name },
      { signal },
    )
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.code === 403) {
        const message = `Secret "${name}" cannot be read; let the operator's account get Secrets in this namespace`;
        throw new CredentialError(REASONS.secretNotRead, message);
      }
      if (!isNotFound(error)) throw error;
      const message = `Secret "${name}" does not exist in this namespace; create it with the forge's token`;
      throw new CredentialError(REASONS.secretNotFound, message);
    });
  // A key may be called like a member that every object has.
  const value = secret.data !== undefined && Object.hasOwn(secret.data, key) ? secret.data[key] : undefined;
  const token = Buffer.from(value ?? '', 'base64')
    .toString('utf8')
    .trim();
  if (token === '') {
    const message = `Secret "${name}" has no value under the key "${key}"; put the forge's token there`;
    throw new CredentialError(REASONS.secretKeyMissing, message);
  }
  if (!TOKEN.test(token)) {
    const message = `Secret "${name}" has under the key "${key}" what cannot be a token; put the forge's token there and nothing else`;
    throw new CredentialError(REASONS.secretInvalid, message);
  }
  return token;
}
