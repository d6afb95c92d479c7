import { readFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { KeyPair } from './certificates.ts';
import { writeAtomically } from './files.ts';

/** Where an apiserver is and how to know it: the cluster part of a kubeconfig. */
const endpointSchema = z.object({ server: z.string(), 'certificate-authority-data': z.string().optional() });

export type Endpoint = z.infer<typeof endpointSchema>;

const kubeconfigSchema = z.object({
  'current-context': z.string(),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string() }) })),
  clusters: z.array(z.object({ name: z.string(), cluster: endpointSchema })),
});

export interface KubeconfigOptions {
  readonly file: string;
  readonly endpoint: Endpoint;
  /** A certificate is embedded, so that the file alone is enough; a token's file is read anew by clients while they run. */
  readonly credentials:
    | { readonly kind: 'certificate'; readonly pair: KeyPair }
    | { readonly kind: 'tokenFile'; readonly file: string };
  readonly namespace?: string | undefined;
}

/** The endpoint of an apiserver whose authority is in a file. */
export async function endpointOf(server: string, caFile: string): Promise<Endpoint> {
  return { server, 'certificate-authority-data': await base64Of(caFile) };
}

/** The endpoint that a kubeconfig's current context points at. The file must embed its authority (`--flatten`). */
export async function readEndpoint(file: string): Promise<Endpoint> {
  const config = kubeconfigSchema.parse(parse(await readFile(file, 'utf8')));
  const context = config.contexts.find(({ name }) => name === config['current-context']);
  const cluster = config.clusters.find(({ name }) => name === context?.context.cluster);
  if (cluster === undefined) throw new Error(`Cannot use ${file}: its current context names no cluster`);
  return cluster.cluster;
}

/** Writes a kubeconfig with one context, readable by its owner alone. */
export async function writeKubeconfig(options: KubeconfigOptions): Promise<void> {
  const context = { cluster: 'molecule', user: 'molecule', ...(options.namespace && { namespace: options.namespace }) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'molecule', cluster: options.endpoint }],
    users: [{ name: 'molecule', user: await userOf(options.credentials) }],
    contexts: [{ name: 'molecule', context }],
    'current-context': 'molecule',
  };
  await writeAtomically(options.file, stringify(config, { lineWidth: 0 }), 0o600);
}

async function userOf(credentials: KubeconfigOptions['credentials']): Promise<Readonly<Record<string, string>>> {
  switch (credentials.kind) {
    case 'tokenFile':
      return { tokenFile: credentials.file };
    case 'certificate':
      return {
        'client-certificate-data': await base64Of(credentials.pair.certFile),
        'client-key-data': await base64Of(credentials.pair.keyFile),
      };
    default:
      return credentials satisfies never;
  }
}

async function base64Of(file: string): Promise<string> {
  return (await readFile(file)).toString('base64');
}
