import { OPERATOR_NAMESPACE } from '../apis/v1alpha1/names.ts';
import { SERVICE_ACCOUNTS } from '../apis/v1alpha1/resources.ts';
import type { Credentials } from '../kube/credentials.ts';
import { ApiError } from '../kube/errors.ts';
import { objectPath } from '../kube/paths.ts';
import { Transport, type TransportRequest, type TransportResponse } from '../kube/transport.ts';
import type { Clock } from '../platform/clock.ts';
import { PROBE_ACCOUNT } from './probes.ts';

/** Requests in the name of the probe's account. */
export interface ProbeSession {
  call(request: TransportRequest): Promise<TransportResponse>;
  close(): void;
}

export interface ProbeSessionOptions {
  /** The operator's own, which may have a token made for that one account. It needs no right to impersonate. */
  readonly credentials: Credentials;
  readonly clock: Clock;
}

const USER_AGENT = 'molecule-operator/guard';
/** The least that the apiserver grants. */
const TOKEN_SECONDS = 600;

/** With a token of its own, so that a rotated key or a lost account shows at the next examination. */
export async function openProbeSession(options: ProbeSessionOptions, signal: AbortSignal): Promise<ProbeSession> {
  const { credentials, clock } = options;
  const token = await mintToken(options, signal);
  return new Transport({
    clock,
    userAgent: USER_AGENT,
    credentials: {
      ...credentials,
      // A client certificate would come before the token and be the operator's, or an administrator's.
      tlsOptions: async () => {
        const { cert: _cert, key: _key, ...server } = await credentials.tlsOptions();
        return server;
      },
      headers: async () => ({ authorization: `Bearer ${token}` }),
      renew: () => undefined,
    },
  });
}

async function mintToken({ credentials, clock }: ProbeSessionOptions, signal: AbortSignal): Promise<string> {
  const transport = new Transport({ credentials, clock, userAgent: USER_AGENT });
  try {
    const key = { namespace: OPERATOR_NAMESPACE, name: PROBE_ACCOUNT };
    const text = JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: TOKEN_SECONDS },
    });
    const { code, text: answer } = await transport.call({
      method: 'POST',
      path: objectPath(SERVICE_ACCOUNTS, key, { subresource: 'token' }),
      body: { contentType: 'application/json', text },
      signal,
    });
    if (code !== 201)
      throw new ApiError(`Cannot get a token for ServiceAccount ${PROBE_ACCOUNT}: HTTP ${code}`, { code });
    const { status } = JSON.parse(answer) as { readonly status: { readonly token: string } };
    return status.token;
  } finally {
    transport.close();
  }
}
