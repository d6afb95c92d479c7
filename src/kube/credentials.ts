import { delimiter } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { readTokenFiles } from './token-files.ts';

/** How to reach and convince an apiserver; from a kubeconfig, or from inside a Pod. */
export interface Credentials {
  /** https://host:port, without a trailing slash; a path belongs to it where the kubeconfig has one. */
  readonly server: string;
  /** The namespace of the current context; 'default' when it names none. */
  readonly namespace: string;
  /** For new connections: authority, client certificate, server name. */
  tlsOptions(): Promise<TlsOptions>;
  /** For every request, in lower case. A rotated token is picked up within 70 s, an expired one of a plugin at once. */
  headers(): Promise<Headers>;
  /**
   * The server refused these headers with 401: the next call reads files and asks plugins anew. Headers that were
   * replaced meanwhile are ignored, so that many refusals at once cause one new read.
   */
  renew(refused: Headers): void;
}

export type Headers = Readonly<Record<string, string>>;

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

/** What the library makes up when it finds nothing. */
const NO_CLUSTER = 'http://localhost:8080';

/** Asking the library reads the files of the kubeconfig from disk; not for each of hundreds of requests in a second. */
const HEADERS_FRESH_MS = 10_000;

/** Reads the configuration once. Throws when there is none or the context does not exist. */
export function loadCredentials(source: CredentialSource): Credentials {
  let config: KubeConfig | undefined = readConfig(source);
  const { server, namespace } = describeContext(config);
  let cached: { readonly headers: Promise<Headers>; readonly untilMs: number } | undefined;
  let latest: Headers | undefined;

  const authenticate = async (): Promise<TlsOptions & { readonly headers: Readonly<Record<string, string>> }> => {
    config ??= readConfig(source);
    const options = { headers: {} };
    await config.applyToHTTPSOptions(options);
    return options;
  };
  const readHeaders = async (): Promise<Headers> => {
    const { headers } = await authenticate();
    latest = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()]));
    return latest;
  };
  return {
    server,
    namespace,
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
    headers: async () => {
      if (cached === undefined || cached.untilMs <= performance.now()) {
        cached = { headers: readHeaders(), untilMs: performance.now() + HEADERS_FRESH_MS };
      }
      const current = cached;
      try {
        return await current.headers;
      } catch (error) {
        if (cached === current) cached = undefined;
        throw error;
      }
    },
    renew: (refused) => {
      if (refused !== latest) return;
      // The library caches tokens inside; a new configuration is the only way to make it forget.
      config = undefined;
      cached = undefined;
      latest = undefined;
    },
  };
}

function readConfig(source: CredentialSource): KubeConfig {
  const config = new KubeConfig();
  if (source.kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(source.kubeconfig);
  const files = source.kubeconfig === undefined ? process.env.KUBECONFIG?.split(delimiter) : [source.kubeconfig];
  for (const file of files ?? []) if (file !== '') useTokenFiles(config, readTokenFiles(file));
  if (source.context !== undefined) config.setCurrentContext(source.context);
  return config;
}

function useTokenFiles(config: KubeConfig, tokenFiles: ReadonlyMap<string, string>): void {
  config.users = config.users.map((user) => {
    const tokenFile = tokenFiles.get(user.name);
    return tokenFile === undefined ? user : { ...user, authProvider: { name: 'tokenFile', config: { tokenFile } } };
  });
}

function describeContext(config: KubeConfig): { readonly server: string; readonly namespace: string } {
  const context = config.getCurrentContext();
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(`Cannot find a cluster: the kubeconfig has no context "${context}"; name one with --context`);
  }
  if (cluster.server === NO_CLUSTER) {
    throw new Error('Cannot find a cluster: there is no kubeconfig; set KUBECONFIG or pass --kubeconfig');
  }
  if (!cluster.server.startsWith('https://')) {
    throw new Error(`Cannot use the cluster at ${cluster.server}: credentials are sent over https only`);
  }
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: config.getContextObject(context)?.namespace ?? 'default',
  };
}
