import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEndpoint, writeKubeconfig } from './kubeconfig.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { runOrThrow } from './run.ts';
import { waitFor } from './wait.ts';

const SIGNER = 'kubernetes.io/kube-apiserver-client';
const TIMEOUT_MS = 30_000;

export interface PersonOptions {
  /** An administrator's, to sign the certificate and to bind the roles. */
  readonly kubectl: Kubectl;
  /** User name, as the apiserver will know it. */
  readonly name: string;
  /** Receives NAME.key, NAME.crt and NAME.kubeconfig. */
  readonly dir: string;
  /** What the person may do, and where. */
  readonly namespace: string;
  readonly clusterRoles: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * A person with a client certificate of the cluster's own authority, got with a CertificateSigningRequest as in any cluster, and
 * with these roles in one namespace. Not an impersonation: the apiserver sees who really asks.
 */
export async function openPerson(options: PersonOptions): Promise<Kubectl> {
  const { kubectl, name, dir, namespace, clusterRoles, signal } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const pair = { keyFile: join(dir, `${name}.key`), certFile: join(dir, `${name}.crt`) };
  await writeFile(pair.certFile, await signedCertificate(options, pair.keyFile), { mode: 0o600 });
  const kubeconfig = join(dir, `${name}.kubeconfig`);
  await writeKubeconfig({
    file: kubeconfig,
    endpoint: await readEndpoint(kubectl.kubeconfig),
    credentials: { kind: 'certificate', pair },
    namespace,
  });
  const bindings = clusterRoles.map((role) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: `${name}-${role}`, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
  }));
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: bindings });
  await kubectl.must(['apply', '--server-side', '-f', '-'], { input, signal });
  return createKubectl(kubectl.program, kubeconfig);
}

async function signedCertificate({ kubectl, name, signal }: PersonOptions, keyFile: string): Promise<string> {
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
  const request = await runOrThrow('openssl', ['req', '-new', '-subj', `/CN=${name}`, ...newKey], {
    action: `make a key for ${name}`,
    signal,
  });
  const csr = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { generateName: 'molecule-dev-' },
    spec: {
      request: Buffer.from(request.slice(request.indexOf('-----BEGIN'))).toString('base64'),
      signerName: SIGNER,
      usages: ['client auth'],
    },
  };
  const created = await kubectl.must(['create', '-f', '-', '-o', 'name'], { input: JSON.stringify(csr), signal });
  const id = created.trim();
  await kubectl.must(['certificate', 'approve', id.slice(id.indexOf('/') + 1)], { signal });
  const certificate = await waitFor(
    async () => (await kubectl.must(['get', id, '-o', 'jsonpath={.status.certificate}'], { signal })) || undefined,
    { what: `a certificate for ${name}`, timeoutMs: TIMEOUT_MS, signal },
  );
  await kubectl.must(['delete', id], { signal });
  return Buffer.from(certificate, 'base64').toString();
}
