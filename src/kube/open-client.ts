import type { CredentialSource } from './credentials.ts';
import { type Credentials, loadCredentials } from './credentials.ts';
import { HttpKubeClient } from './http-client.ts';
import { Transport } from './transport.ts';

export interface OpenClientOptions extends CredentialSource {
  /** Shown in the apiserver's audit log. */
  readonly userAgent: string;
  readonly onResponse?: (method: string, code: number) => void;
}

export interface OpenClient {
  readonly client: HttpKubeClient;
  readonly credentials: Credentials;
}

/** A client for the cluster that the source names. It connects at the first call. */
export function openKubeClient(options: OpenClientOptions): OpenClient {
  const credentials = loadCredentials(options);
  const { userAgent, onResponse } = options;
  const transport = new Transport({ credentials, userAgent, ...(onResponse === undefined ? {} : { onResponse }) });
  return { client: new HttpKubeClient(transport), credentials };
}
