import { join } from 'node:path';
import { writeAtomically } from './files.ts';
import { readEndpoint, writeKubeconfig } from './kubeconfig.ts';
import type { Kubectl } from './kubectl.ts';

export interface ServiceAccountAccessOptions {
  /** With the rights to create namespaces, ServiceAccounts and tokens; its cluster is the one the access is to. */
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly name: string;
  /** Receives NAMESPACE.NAME.kubeconfig and NAMESPACE.NAME.token. */
  readonly dir: string;
  /** @default one day */
  readonly tokenLifetimeMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ServiceAccountAccess {
  readonly kubeconfig: string;
  readonly tokenFile: string;
  /** Puts a fresh token into the file. Clients that read tokenFile (kubectl, client-node) notice without a restart. */
  refresh(signal?: AbortSignal): Promise<void>;
}

const DEFAULT_LIFETIME_MS = 24 * 60 * 60 * 1000;

/**
 * Access as a ServiceAccount, which is made if it is missing: a token of the TokenRequest API in a file of its own, and
 * a kubeconfig that names the file. A program on the host that stands for one in the cluster uses this, so that its
 * RBAC and the policies that name it are in force.
 */
export async function openServiceAccount(options: ServiceAccountAccessOptions): Promise<ServiceAccountAccess> {
  const { kubectl, namespace, name } = options;
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
  ];
  for (const object of objects) {
    const known = await kubectl.run(['get', object.kind, object.metadata.name, '-n', namespace, '-o', 'name'], options);
    if (known.code === 0) continue;
    const created = await kubectl.run(['create', '-f', '-'], { input: JSON.stringify(object), signal: options.signal });
    if (created.code !== 0 && !created.stderr.includes('AlreadyExists'))
      throw new Error(`Cannot create ${object.kind} ${object.metadata.name}: ${created.stderr.trim()}`);
  }
  const access: ServiceAccountAccess = {
    kubeconfig: join(options.dir, `${namespace}.${name}.kubeconfig`),
    tokenFile: join(options.dir, `${namespace}.${name}.token`),
    refresh: async (signal) => {
      const duration = `${Math.round((options.tokenLifetimeMs ?? DEFAULT_LIFETIME_MS) / 1000)}s`;
      const token = await kubectl.must(['create', 'token', name, '-n', namespace, '--duration', duration], { signal });
      await writeAtomically(access.tokenFile, token.trim(), 0o600);
    },
  };
  await access.refresh(options.signal);
  await writeKubeconfig({
    file: access.kubeconfig,
    endpoint: await readEndpoint(kubectl.kubeconfig),
    credentials: { kind: 'tokenFile', file: access.tokenFile },
    namespace,
  });
  return access;
}
