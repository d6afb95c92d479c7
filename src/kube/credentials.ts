import { KubeConfig } from '@kubernetes/client-node/dist/config.js';

/** How to reach and convince an apiserver; from a kubeconfig, or from inside a Pod. */
export interface Credentials {
  /** https://host:port, without a trailing slash; a path belongs to it where the kubeconfig has one. */
  readonly server: string;
  /** The namespace of the current context; 'default' when it names none. */
  readonly namespace: string;
  /** For new connections: authority, client certificate, server name. */
  tlsOptions(): Promise<TlsOptions>;
  /** For every request. Token files are read again within a minute, exec plugins when their token expires. */
  headers(): Promise<Readonly<Record<string, string>>>;
}

export interface TlsOptions {
  readonly ca?: Buffer | string;
  readonly cert?: Buffer | string;
  readonly key?: Buffer | string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface CredentialSource {
  /** A file; without it KUBECONFIG, ~/.kube/config, then the ServiceAccount of the Pod. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/** Reads the configuration once. Throws when there is none or the context does not exist. */
export function loadCredentials(source: CredentialSource): Credentials {
  const config = new KubeConfig();
  if (source.kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(source.kubeconfig);
  if (source.context !== undefined) config.setCurrentContext(source.context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(`Cannot find a cluster: the kubeconfig has no context "${config.getCurrentContext()}"; name one with --context`);
  }
  const authenticate = async () => {
    const options: TlsOptions & { headers: Record<string, string> } = { headers: {} };
    await config.applyToHTTPSOptions(options);
    return options;
  };
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    tlsOptions: async () => {
      const { ca, cert, key, servername, rejectUnauthorized } = await authenticate();
      return {
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(servername === undefined ? {} : { servername }),
        ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
      };
    },
    headers: async () => (await authenticate()).headers,
  };
}
