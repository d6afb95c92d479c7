import { createSystemClock } from '../platform/clock.ts';
import { type CredentialSource, type Credentials, loadCredentials } from './credentials.ts';
import { HttpKubeClient } from './http-client.ts';
import { Transport } from './transport.ts';

export interface OpenClientOptions extends CredentialSource {
  /** Shown in the apiserver's audit log. */
  readonly userAgent: string;
  readonly onResponse?: (method: string, code: number, tookMs: number) => void;
  readonly onConnection?: () => void;
}

export interface OpenClient {
  readonly client: HttpKubeClient;
  readonly credentials: Credentials;
}

/** A client for the cluster that the source names. It connects at the first call. */
export function openKubeClient(options: OpenClientOptions): OpenClient {
  const credentials = loadCredentials(options);
  const { userAgent, onResponse, onConnection } = options;
  const clock = createSystemClock();
  const transport = new Transport({
    credentials,
    clock,
    userAgent,
    ...(onResponse === undefined ? {} : { onResponse }),
    ...(onConnection === undefined ? {} : { onConnection }),
  });
  return { client: new HttpKubeClient(transport, { clock, random: Math.random }), credentials };
}
